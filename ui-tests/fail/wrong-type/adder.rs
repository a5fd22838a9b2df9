use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = counter)]
    visits: u64,
    cart: Vec<String>,
    name: String,
}

fn home(mut session: Session<Shop>) {
    session.add_visits(-1);
}

fn main() {}
