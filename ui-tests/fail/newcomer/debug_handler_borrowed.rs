use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

#[axum::debug_handler]
async fn home(session: &mut Session<Shop>) {
    session.visits += 1;
}

fn main() {}
