use session::Session;

#[derive(Session)]
#[session(validate = garde)]
pub struct Shop {
    visits: u64,
}

fn main() {}
