use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(upgrade)]
    visits: u64,
}

fn main() {}
