use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(upgrade(in = 2, from("visits": u32), with = convert))]
    visits: u64,
}

fn convert(old: u32) -> u64 {
    old.into()
}

fn main() {}
