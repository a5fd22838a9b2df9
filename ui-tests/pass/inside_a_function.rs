use session::Session;

fn main() {
    #[derive(Session)]
    struct Shop {
        visits: u64,
    }

    fn home(mut session: Session<Shop>) {
        session.visits += 1;
        session.set_visits(session.visits() + 1);
    }

    let _ = home;
}
