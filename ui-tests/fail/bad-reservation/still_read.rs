use session::Session;

#[derive(Session)]
#[session(version = 2, reserved("hits"))]
pub struct Shop {
    #[session(was = "hits")]
    visits: u64,
}

fn main() {}
