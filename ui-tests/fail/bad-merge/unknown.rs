use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = wibble)]
    visits: u64,
}

fn main() {}
