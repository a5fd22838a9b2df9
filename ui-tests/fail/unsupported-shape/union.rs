use session::Session;

#[derive(Session)]
pub union Shop {
    visits: u64,
}

fn main() {}
