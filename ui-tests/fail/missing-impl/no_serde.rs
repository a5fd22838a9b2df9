use session::Session;

#[derive(Default)]
pub struct Conn;

#[derive(Session)]
pub struct Shop {
    conn: Conn,
    other: Vec<Conn>,
}

fn main() {}
