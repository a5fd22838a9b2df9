use session::{Error, Session};

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

#[axum::debug_handler]
async fn home(session: Result<Session<Shop>, Error>) -> String {
    session.map_or_else(|error| error.to_string(), |session| session.visits.to_string())
}

fn main() {}
