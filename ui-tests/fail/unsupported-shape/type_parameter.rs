use session::Session;

#[derive(Session)]
pub struct Shop<T> {
    item: T,
}

fn main() {}
