use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = max)]
    best: f64,
}

fn main() {}
