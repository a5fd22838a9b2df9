use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(wibble)]
    visits: u64,
}

fn main() {}
