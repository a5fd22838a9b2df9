use session::Session;

#[derive(Clone, Session)]
pub struct Shop {
    visits: u64,
}

async fn home(session: Session<Shop>) {
    let copy: Session<Shop> = session.clone();
    drop(copy);
}

fn main() {}
