//! A session is not serializable. The implementations here have a bound that never holds: the compiler reports the
//! bound, and its message says what to write instead.

use std::marker::PhantomData;

use serde::ser::{Error as _, Serialize, Serializer};

use crate::data::schema::SchemaData;
use crate::engine::handle::tracked::Tracked;

/// A session in such a bound. The lifetime keeps the compiler from checking the bound where it is declared.
#[derive(Debug)]
pub struct Whole<'a, T>(PhantomData<&'a T>);

/// No type implements it.
#[diagnostic::on_unimplemented(
    message = "a session cannot be serialized as a whole: it may hold secrets",
    label = "this response or value contains a session",
    note = "send the fields that the client may see: `Json(&session.cart)`, or a struct of your own with copies of them"
)]
pub trait SerializeSession {}

impl<S: SchemaData> Serialize for Tracked<S>
where
    for<'a> Whole<'a, S>: SerializeSession,
{
    fn serialize<R: Serializer>(&self, _serializer: R) -> Result<R::Ok, R::Error> {
        Err(R::Error::custom("a session cannot be serialized as a whole"))
    }
}
