use session::Session;

#[derive(Session)]
pub struct Shop {
    update: u64,
}

async fn home(mut session: Session<Shop>) {
    session.commit().await.ok();
    session.update = 3;
}

fn main() {}
