use axum::Router;
use axum::routing::get;
use session::{Error, LoggedIn, Session};

#[derive(Session)]
pub struct Shop {
    #[session(user)]
    user: Option<u64>,
}

async fn home(session: Result<LoggedIn<Shop>, Error>) -> String {
    session.map_or_else(|error| error.to_string(), |LoggedIn(session)| format!("{:?}", session.user))
}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}
