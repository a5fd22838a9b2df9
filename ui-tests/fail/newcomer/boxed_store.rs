use session::{MemoryStore, Store};

fn store() -> Box<dyn Store> {
    Box::new(MemoryStore::new())
}

fn main() {}
