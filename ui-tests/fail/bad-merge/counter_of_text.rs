use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = counter)]
    visits: String,
}

fn main() {}
