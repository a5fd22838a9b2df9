use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = counter)]
    visits: u64,
    cart: Vec<String>,
    name: String,
}

#[derive(Session)]
pub struct Admin {
    visits: u64,
}

fn home(session: Session<Shop>) -> u64 {
    *session.get(Admin::VISITS)
}

fn main() {}
