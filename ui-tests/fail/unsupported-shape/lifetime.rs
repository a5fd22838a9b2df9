use session::Session;

#[derive(Session)]
pub struct Shop<'a> {
    name: &'a str,
}

fn main() {}
