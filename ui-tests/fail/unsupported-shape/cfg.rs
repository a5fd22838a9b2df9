use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
    #[cfg(all())]
    debug: u64,
}

fn main() {}
