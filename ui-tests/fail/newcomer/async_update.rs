use session::{Error, Session};

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn home(mut session: Session<Shop>) -> Result<(), Error> {
    session.update(async |session| session.visits += 1).await?;
    session.update(|session| async { session.visits += 1 }).await?;
    Ok(())
}

fn main() {}
