use session::Session;

#[derive(Session)]
pub struct Shop<const N: usize> {
    items: [u8; N],
}

fn main() {}
