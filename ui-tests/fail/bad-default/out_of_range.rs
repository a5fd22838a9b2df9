use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(default = 300)]
    visits: u8,
}

fn main() {}
