use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(upgrade(in = 2, from("hits": u32, "hits": u32), with = sum))]
    visits: u64,
}

fn sum(one: u32, other: u32) -> u64 {
    (one + other).into()
}

fn main() {}
