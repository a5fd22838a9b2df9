mod shop {
    #[derive(session::Session)]
    pub struct Shop {
        pub visits: u64,
        token: String,
    }
}

use session::Session;
use shop::Shop;

fn home(session: Session<Shop>) {
    let _ = session.__tracked;
}

fn main() {}
