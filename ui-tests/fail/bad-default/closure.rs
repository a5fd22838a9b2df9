use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(default = || 3, merge = counter)]
    visits: u64,
}

fn main() {}
