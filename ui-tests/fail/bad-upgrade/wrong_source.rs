use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(upgrade(in = 2, from = u32, with = convert))]
    visits: u64,
}

fn convert(old: u16) -> u64 {
    old.into()
}

fn main() {}
