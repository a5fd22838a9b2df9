use session::Session;

#[derive(Session)]
#[session(version = 2, purge("v"))]
pub struct Shop {
    #[session(key = "v")]
    visits: u64,
}

fn main() {}
