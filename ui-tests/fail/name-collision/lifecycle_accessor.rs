use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(accessor = destroy)]
    visits: u64,
}

fn main() {}
