use session::Session;

pub struct Plain {
    visits: u64,
}

fn home(_: Session<Plain>) {}

fn main() {}
