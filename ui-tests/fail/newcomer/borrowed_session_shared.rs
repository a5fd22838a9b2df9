use axum::Router;
use axum::routing::get;
use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn home(session: &Session<Shop>) -> String {
    session.visits.to_string()
}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}
