use session::{Key, Session};

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

fn count<S>(session: &mut Session<S>, key: Key<S, u64>) {
    session.set(key, 1);
}

fn main() {}
