use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(upgrade(in = 2, from = Hits, with = convert))]
    visits: u64,
}

struct Hits(u32);

fn convert(old: Hits) -> u64 {
    old.0.into()
}

fn main() {}
