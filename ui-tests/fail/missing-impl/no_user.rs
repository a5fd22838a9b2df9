use session::{LoggedIn, Session};

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

fn home(_: LoggedIn<Shop>) {}

fn main() {}
