use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(upgrade(in = 2, from = u32))]
    visits: u64,
}

fn main() {}
