use session::Session;

#[derive(Session)]
pub struct Shop {
    get: u64,
}

async fn home(mut session: Session<Shop>) {
    session.commit().await.ok();
    session.get = 3;
}

fn main() {}
