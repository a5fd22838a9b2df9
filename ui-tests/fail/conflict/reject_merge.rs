use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(conflict = "reject", merge = counter)]
    visits: u64,
}

fn main() {}
