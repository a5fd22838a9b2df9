use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
    #[allow(non_snake_case)]
    Visits: u64,
}

fn main() {}
