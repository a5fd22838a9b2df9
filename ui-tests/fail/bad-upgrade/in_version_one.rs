use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(upgrade(in = 1, from = u32, with = convert))]
    visits: u64,
}

fn convert(old: u32) -> u64 {
    old.into()
}

fn main() {}
