use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(user)]
    user: u64,
}

fn login(mut session: Session<Shop>) {
    session.login(1);
}

fn main() {}
