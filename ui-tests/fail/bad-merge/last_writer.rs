use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = lww)]
    visits: u64,
}

fn main() {}
