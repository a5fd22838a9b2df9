use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(flash)]
    notice: String,
}

fn home(mut session: Session<Shop>) -> Option<String> {
    session.take_notice()
}

fn main() {}
