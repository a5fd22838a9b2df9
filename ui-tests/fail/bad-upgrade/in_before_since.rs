use session::Session;

#[derive(Session)]
#[session(version = 3)]
pub struct Shop {
    #[session(since = 3, upgrade(in = 2, from = u32, with = convert))]
    visits: u64,
}

fn convert(old: u32) -> u64 {
    old.into()
}

fn main() {}
