use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn home(session: Session<Shop>) {
    session.visits += 1;
}

fn main() {}
