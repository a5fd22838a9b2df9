use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(rename = "v")]
    visits: u64,
}

fn main() {}
