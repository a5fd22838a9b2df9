use session::Session;

#[derive(Session)]
pub struct Shop {
    cart: Vec<u8>,
    seen: Vec<u8>,
}

fn checkout(mut session: Session<Shop>) {
    session.seen.append(&mut session.cart);
}

fn main() {}
