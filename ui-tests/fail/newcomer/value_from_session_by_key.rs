use session::{Key, Schema, Session};

/// Reads while it is borrowed for the change.
fn count<S: Schema>(session: &mut Session<S>, key: Key<S, u64>) {
    session.set(key, *session.get(key) + 1);
}

fn main() {}
