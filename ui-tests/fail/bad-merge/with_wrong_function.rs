use session::Session;

#[derive(Session)]
pub struct Shop {
    #[session(merge = with(joined))]
    notes: String,
}

fn joined(mine: String, theirs: String) -> String {
    mine + &theirs
}

fn main() {}
