//! Field names that are also constants of the trait, and accessors that differ by a prefix only.

use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(user)]
    pub user: Option<u64>,
    pub name: String,
    pub version: u8,
    pub fields: u8,
    pub settings: u8,
    pub r#type: u8,
    #[session(accessor = changed_at)]
    pub update: u8,
}

pub fn home(mut session: Session<Shop>) {
    session.set(Shop::NAME, "a".into());
    session.set(Shop::VERSION, 3);
    session.set(Shop::FIELDS, 3);
    session.set(Shop::TYPE, session.r#type() + 1);
    session.set_type(3);
    session.set_changed_at(3);
    let _ = session.get(Shop::USER);
}

fn main() {}
