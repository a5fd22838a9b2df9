mod shop {
    #[derive(session::Session)]
    pub struct Shop {
        pub visits: u64,
        token: String,
    }
}

use session::Session;
use shop::Shop;

fn home(mut session: Session<Shop>) {
    session.set_token("forged");
}

fn main() {}
