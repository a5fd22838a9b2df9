use session::Session;

#[derive(Session)]
pub struct Shop {
    name: Option<&'static str>,
    names: Vec<(u8, &'static [u8])>,
}

fn main() {}
