use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(flash = true)]
    notice: Option<String>,
}

fn main() {}
