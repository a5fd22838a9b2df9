//! The struct's own methods work on a session. If a method of every session has the same name, the struct's one is
//! called by path.

use session::Session;

#[derive(Session)]
pub struct Shop {
    cart: Vec<String>,
}

impl Shop {
    fn add(&mut self, item: &str) {
        self.cart.push(item.into());
    }

    fn insert(&mut self, index: usize, item: &str) {
        self.cart.insert(index, item.into());
    }

    fn len(&self) -> usize {
        self.cart.len()
    }

    fn get(&self, index: usize) -> Option<&String> {
        self.cart.get(index)
    }
}

pub fn home(mut session: Session<Shop>) -> Option<String> {
    session.add("tea");
    let end = session.len();
    session.insert(end, "coffee");
    Shop::get(&session, 0).cloned()
}

fn main() {}
