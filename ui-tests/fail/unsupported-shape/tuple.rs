use session::Session;

#[derive(Session)]
pub struct Shop(u32, String);

fn home(_: Session<Shop>) {}

fn main() {}
