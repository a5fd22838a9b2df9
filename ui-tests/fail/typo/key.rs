use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = counter)]
    visits: u64,
    cart: Vec<String>,
    name: String,
}

fn home(session: Session<Shop>) -> u64 {
    *session.get(Shop::VISTS)
}

fn main() {}
