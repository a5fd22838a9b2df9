use session::Session;

#[derive(Session)]
pub struct Shop {
    login: u64,
}

async fn home(mut session: Session<Shop>) {
    session.commit().await.ok();
    session.login = 3;
}

fn main() {}
