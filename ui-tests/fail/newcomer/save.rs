use session::{Error, Session};

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn home(mut session: Session<Shop>) -> Result<(), Error> {
    session.visits += 1;
    session.save().await
}

fn main() {}
