use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn home(mut session: Session<Shop>) -> String {
    session.set("visits", 1);
    session.get("visits").to_string()
}

fn main() {}
