use session::Session;

#[derive(Session)]
pub struct Shop {
    cart: Vec<String>,
    seen: Vec<String>,
}

async fn look(mut session: Session<Shop>) {
    for item in &session.cart {
        session.seen.push(item.clone());
    }
}

fn main() {}
