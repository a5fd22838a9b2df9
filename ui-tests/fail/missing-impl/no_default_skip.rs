use session::Session;

pub enum Role {
    Guest,
    Admin,
}

#[derive(Session)]
pub struct Shop {
    visits: u64,
    #[session(skip)]
    role: Role,
}

fn main() {}
