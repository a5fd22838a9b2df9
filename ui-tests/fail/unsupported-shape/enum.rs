use session::Session;

#[derive(Session)]
pub enum Shop {
    Open { visits: u64 },
    Closed,
}

fn home(_: Session<Shop>) {}

fn main() {}
