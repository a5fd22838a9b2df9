use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(upgrade(in = 2, from = u32, try_with = convert))]
    visits: u64,
}

struct TooMany;

fn convert(_: u32) -> Result<u64, TooMany> {
    Err(TooMany)
}

fn main() {}
