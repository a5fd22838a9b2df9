use session::Session;

#[derive(Session)]
#[session(version = 3)]
pub struct Shop {
    #[session(upgrade(in = 2, from = u16, with = widen), upgrade(in = 3, from = u32, with = convert))]
    visits: u64,
}

fn widen(old: u16) -> u64 {
    old.into()
}

fn convert(old: u32) -> u64 {
    old.into()
}

fn main() {}
