use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = log(50))]
    seen: std::collections::BTreeSet<u8>,
}

fn main() {}
