use session::Session;

macro_rules! session_type {
    ($name:ident, $field:ident: $type:ty = $default:expr, $version:literal) => {
        #[derive(Session)]
        #[session(version = $version)]
        pub struct $name {
            #[session(default = $default)]
            pub $field: $type,
        }
    };
}

session_type!(Shop, visits: u64 = 3, 2);
session_type!(Mail, address: Option<String> = Some(String::from("a@b")), 3);

pub fn home(mut session: Session<Shop>, mut mail: Session<Mail>) {
    session.set_visits(session.visits() + 1);
    mail.take_address();
}

fn main() {}
