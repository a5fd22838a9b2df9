use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = counter)]
    visits: u64,
    cart: Vec<String>,
    name: String,
}

#[derive(Session)]
pub struct Account {
    #[session(user)]
    user: Option<u64>,
}

fn login(mut session: Session<Account>) {
    session.login("root");
}

fn main() {}
