//! [`Secret`]: a value that is never printed, and is wiped when it is dropped.
//!
//! A secret serializes as itself only while this crate encodes a session for its store: [`exposing_secrets`] says so
//! for the thread. A flag of the thread, and not a check of the serializer: between the codec and the secret there may
//! be serializers of the user's types and of serde itself (`with = …`, `flatten`, a tagged enum), which neither pass on
//! a mark nor can be told by their type. Encoding is synchronous, so nothing else of the program runs under the flag.

use std::cell::Cell;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

/// A value that `Debug` does not show, and that is overwritten with zeros when it is dropped.
///
/// It is a type and not a field attribute, because the `#[derive(Debug)]` of the struct around it cannot see an
/// attribute. The session encodes it like a plain `T`, so anyone who can read the store can read it. To encrypt it
/// there, use `store::Encrypted` or `SealedCookie` (feature `sealed`).
///
/// Anywhere else it serializes as nothing (`null` in JSON), so a response that contains the whole struct does not send
/// it. Nothing, and not a text: a mask that was stored elsewhere is not read back as the secret.
///
/// ```
/// use session::{Secret, Session};
///
/// #[derive(Session)]
/// struct Shop {
///     oauth_state: Option<Secret<String>>,
/// }
///
/// let token = Secret::new(String::from("hunter2"));
/// assert_eq!(format!("{token:?}"), "Secret(…)");
/// assert_eq!(token.expose(), "hunter2");
/// assert_eq!(serde_json::to_string(&token)?, "null");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps `value`.
    ///
    /// ```
    /// # use session::Secret;
    /// let pin = Secret::new(String::from("0000"));
    /// assert_eq!(format!("{pin:?}"), "Secret(…)");
    /// ```
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Borrows the value. A search for `expose` finds every place that could leak it.
    ///
    /// ```
    /// # use session::Secret;
    /// assert_eq!(Secret::new(vec![1_u8]).expose(), &[1]);
    /// ```
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Borrows the value mutably.
    ///
    /// ```
    /// # use session::Secret;
    /// let mut name = Secret::new(String::from("ann"));
    /// name.expose_mut().push('a');
    /// assert_eq!(name.expose(), "anna");
    /// ```
    pub const fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<T: Zeroize + Serialize> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if EXPOSED.get() { self.0.serialize(serializer) } else { serializer.serialize_unit() }
    }
}

impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The message of the decoder may quote the value, so it is replaced.
        T::deserialize(deserializer).map(Self).map_err(|_| serde::de::Error::custom("the secret cannot be decoded"))
    }
}

thread_local! {
    /// Whether this thread encodes a session for its store.
    static EXPOSED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `encode`, in which secrets serialize as their values. Its result must stay in this crate and its stores.
pub(crate) fn exposing_secrets<R>(encode: impl FnOnce() -> R) -> R {
    /// Ends the exposure, also if `encode` panics.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            EXPOSED.set(self.0);
        }
    }
    let _restore = Restore(EXPOSED.replace(true));
    encode()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_the_exposure() {
        let secret = Secret::new(String::from("hunter2"));
        let json = || serde_json::to_string(&secret).unwrap();
        assert_eq!(exposing_secrets(|| exposing_secrets(json) + &json()), r#""hunter2""hunter2""#);
        let panicked = std::panic::catch_unwind(|| exposing_secrets(|| panic!("a `Serialize` that panics")));
        assert!(panicked.is_err());
        assert_eq!(json(), "null");
    }
}
