use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn home(mut session: Session<Shop>) {
    tokio::spawn(async {
        session.visits += 1;
    });
}

fn main() {}
