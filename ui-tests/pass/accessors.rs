//! Every accessor, also with arguments that read the session.

use std::collections::BTreeSet;

use session::{LoggedIn, Session};

#[derive(Session)]
#[session(version = 2, idle = "30m", absolute = "12h")]
pub struct Shop {
    #[session(user)]
    pub user: Option<u64>,
    #[session(merge = counter)]
    pub visits: u64,
    #[session(merge = union)]
    pub tags: BTreeSet<String>,
    pub name: String,
    #[session(flash)]
    pub notice: Option<String>,
    #[session(skip)]
    pub scratch: u8,
}

impl Shop {
    fn rename(&mut self, name: &str) {
        self.name = name.into();
    }
}

pub async fn home(mut session: Session<Shop>) -> Result<Option<String>, session::Error> {
    session.set_visits(session.visits() + 1);
    session.add_visits(2);
    session.visits += 1;
    session.set_name("guest");
    session.rename("guest");
    session.tags_mut().insert("new".into());
    session.set(Shop::VISITS, *session.get(Shop::VISITS) + 1);
    session.reset(Shop::NAME);
    session.set_scratch(3);
    session.update(|session| session.visits += 1).await?;
    let notice = session.take_notice();
    session.login(7);
    session.logout();
    session.rotate();
    session.commit().await?;
    let _ = (session.id(), session.is_new(), session.problems(), session.detach());
    session.destroy();
    Ok(notice)
}

pub async fn account(LoggedIn(session): LoggedIn<Shop>) -> bool {
    session.user().is_some()
}

fn main() {}
