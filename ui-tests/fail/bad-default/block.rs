use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(default = { let n = 3; n }, merge = counter)]
    visits: u64,
}

fn main() {}
