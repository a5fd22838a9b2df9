//! [`Schema`]: a session type as its users see it, which is its stored form and the handle that the derive emits.

use std::fmt::Debug;
use std::ops::DerefMut;
use std::time::Duration;

use crate::data::schema::SchemaData;
use crate::engine::handle::tracked::Tracked;

/// A struct whose fields a session remembers: the bound for code that works with any session type.
///
/// `#[derive(Session)]` implements it, never an `impl` by hand. `S: Schema` is the only bound that generic code needs:
/// a [`Session<S>`](tyalias@crate::Session) has the methods of [`Tracked<S>`]. A function without another argument that
/// names `S` takes a `&mut Tracked<S>`, so that the compiler infers `S`; every session dereferences to it.
///
/// ```
/// use session::{Error, Key, Schema, Session};
///
/// /// Adds one to a counter of any session and stores it.
/// async fn count<S: Schema>(session: &mut Session<S>, counter: Key<S, u64>) -> Result<u64, Error> {
///     let next = *session.get(counter) + 1;
///     session.set(counter, next);
///     session.commit().await?;
///     Ok(next)
/// }
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// async fn home(mut session: Session<Shop>) -> Result<String, Error> {
///     Ok(format!("visit {}", count(&mut session, Shop::VISITS).await?))
/// }
/// ```
///
/// Read before you set: in generic code `session.set(counter, *session.get(counter) + 1)` borrows the session twice.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session type",
    label = "not a session type",
    note = "put `#[derive(session::Session)]` on `{Self}`; if `{Self}` is itself a session, name its struct"
)]
pub trait Schema: SchemaData {
    /// What a handler holds: the type that the derive emits beside the struct. Its alias is
    /// [`Session<S>`](tyalias@crate::Session).
    type Handle: DerefMut<Target = Tracked<Self>> + Debug + Send + Sync + 'static;
    /// The name of the section that the fields are stored under: the struct's `name = "…"`, by default its name in
    /// snake case.
    const NAME: &'static str = Self::SECTION.name;
    /// The version of the stored form: the struct's `version = N`, by default 1.
    const VERSION: u32 = Self::SECTION.version;
    /// How long an unused session lives: the struct's `idle = "…"`, by default 30 minutes.
    const IDLE: Duration = Duration::from_mins(30);
    /// How long a session lives at most: the struct's `absolute = "…"`, by default 12 hours.
    const ABSOLUTE: Duration = Duration::from_hours(12);
    #[doc(hidden)]
    fn handle(tracked: Tracked<Self>) -> Self::Handle;
}

/// A session type with a `#[session(user)]` field: the bound for generic code that logs users in and out.
///
/// The derive implements it. The methods for users ([`login`](Tracked::login), [`logout`](Tracked::logout),
/// [`Sessions::list_user`](crate::Sessions::list_user), …) and [`LoggedIn`](crate::LoggedIn) need it.
///
/// ```
/// use session::{Identified, Session, Tracked};
///
/// /// Ends the login, in any app.
/// fn sign_out<S: Identified>(session: &mut Tracked<S>) {
///     if S::user(session).is_some() {
///         session.logout();
///     }
/// }
///
/// #[derive(Session)]
/// struct Shop {
///     #[session(user)]
///     user: Option<u64>,
/// }
///
/// async fn logout(mut session: Session<Shop>) {
///     sign_out(&mut session);
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `user` field, so its sessions have no login",
    label = "has no `user` field",
    note = "mark the field that holds the user: `#[session(user)] user: Option<UserId>`",
    note = "if `{Self}` is itself a session, name its struct"
)]
pub trait Identified: Schema {
    /// What identifies a user: the `T` of the field's `Option<T>`.
    type User;
    /// The user that is logged in, or `None`.
    fn user(&self) -> Option<&Self::User>;
    #[doc(hidden)]
    fn user_mut(&mut self) -> &mut Option<Self::User>;
}
