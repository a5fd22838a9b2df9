use session::Session;

#[derive(Session)]
#[session(idle = "2h", absolute = "1h")]
pub struct Shop {
    visits: u64,
}

fn main() {}
