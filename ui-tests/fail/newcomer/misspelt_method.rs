use session::Session;

#[derive(Session)]
pub struct Shop {
    cart: Vec<String>,
}

async fn home(session: Session<Shop>) -> usize {
    session.len()
}

fn main() {}
