use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(default)]
    visits: u64,
}

fn main() {}
