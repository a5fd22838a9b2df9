use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = counter)]
    x: u64,
    add_x: u64,
}

fn main() {}
