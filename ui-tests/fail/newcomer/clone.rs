use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn home(session: Session<Shop>) {
    let copy = session.clone();
    drop(copy);
}

fn main() {}
