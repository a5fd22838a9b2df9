use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn home(mut session: Session<Shop>) {
    session.insert("visits", 1);
    session.remove("visits");
}

fn main() {}
