use session::{LoggedIn, Session};

#[derive(Session)]
pub struct Shop {
    #[session(user)]
    user: Option<u64>,
}

async fn account(LoggedIn(session): LoggedIn<Session<Shop>>) -> String {
    format!("user {:?}", session.user)
}

fn main() {}
