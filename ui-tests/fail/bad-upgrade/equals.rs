use session::Session;

#[derive(Session)]
#[session(version = 2)]
pub struct Shop {
    #[session(upgrade = convert)]
    visits: u64,
}

fn convert(old: u32) -> u64 {
    old.into()
}

fn main() {}
