use session::{MemoryStore, Session, Sessions};

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

fn main() {
    let store: Box<MemoryStore> = Box::new(MemoryStore::new());
    let _ = Sessions::<Shop>::builder().store(store).build();
}
