use session::Session;

#[derive(Session)]
#[session("version", name = "shop")]
pub struct Shop {
    visits: u64,
}

fn main() {}
