use session::Session;

#[derive(serde::Serialize, serde::Deserialize)]
pub enum Role {
    Guest,
    Admin,
}

#[derive(Session)]
pub struct Shop {
    role: Role,
}

fn main() {}
