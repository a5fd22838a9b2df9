use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn start_over(mut session: Session<Shop>) {
    *session = Shop { visits: 0 };
}

async fn read(session: Session<Shop>) -> u64 {
    let Shop { visits } = *session;
    visits
}

fn main() {}
