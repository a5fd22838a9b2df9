use session::Session;

#[derive(Session)]
#[session(version = 2, reserved("visits"))]
pub struct Shop {
    visits: u64,
}

fn main() {}
