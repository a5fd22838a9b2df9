use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(defualt = 3)]
    visits: u64,
}

fn main() {}
