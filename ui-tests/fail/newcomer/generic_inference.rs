use session::{Identified, Session};

#[derive(Session)]
pub struct Shop {
    #[session(user)]
    user: Option<u64>,
}

fn sign_in<S: Identified>(session: &mut Session<S>, user: S::User) {
    session.login(user);
}

async fn login(mut session: Session<Shop>) {
    sign_in(&mut session, 7);
}

fn main() {}
