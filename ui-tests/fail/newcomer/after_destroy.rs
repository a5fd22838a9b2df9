use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn leave(session: Session<Shop>) -> u64 {
    session.destroy();
    session.visits
}

fn main() {}
