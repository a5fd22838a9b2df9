use session::{LoggedIn, Session};

#[derive(Session)]
#[session(verison = 2, idle = "15 minutes")]
pub struct Shop {
    #[session(user, survive)]
    user: Option<u64>,
    #[session(merge = couter, wibble = 3)]
    visits: u64,
    #[session(flash)]
    notice: String,
    #[session(default = || 3)]
    page: u32,
    update: u8,
}

async fn home(LoggedIn(mut session): LoggedIn<Shop>) -> Option<String> {
    session.login(7);
    session.set_visits(session.visits() + 1);
    session.add_visits(1);
    session.page += 1;
    session.set(Shop::PAGE, 3);
    session.update(|session| session.page_mut().clone()).await.ok();
    session.take_notice()
}

fn main() {}
