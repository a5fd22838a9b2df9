use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(accessor = "views")]
    visits: u64,
}

fn main() {}
