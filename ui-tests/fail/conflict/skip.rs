use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
    #[session(skip, key = "s", survive)]
    scratch: u8,
}

fn main() {}
