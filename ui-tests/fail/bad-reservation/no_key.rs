use session::Session;

#[derive(Session)]
#[session(version = 2, reserved("cou pon"))]
pub struct Shop {
    visits: u64,
}

fn main() {}
