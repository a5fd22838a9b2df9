use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(upgrade(in = 2, from = u32, with = convert), upgrade(in = 2, from = u16, with = u32::from))]
    visits: u64,
}

fn convert(old: u32) -> u64 {
    old.into()
}

fn main() {}
