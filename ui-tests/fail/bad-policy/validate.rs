use session::Session;

#[derive(Session)]
#[session(validate = validator)]
pub struct Shop {
    visits: u64,
}

fn main() {}
