use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = with(jioned))]
    notes: String,
}

fn joined(_: String, mine: String, theirs: String) -> String {
    mine + &theirs
}

fn main() {}
