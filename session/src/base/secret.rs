//! [`Secret`]: a value that is never printed, and is wiped when it is dropped.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

/// A value that `Debug` does not show, and that is overwritten with zeros when it is dropped.
///
/// It is a type and not a field attribute, because the `#[derive(Debug)]` of the struct around it cannot see an
/// attribute. The session encodes it like a plain `T`, so anyone who can read the store can read it. To encrypt it
/// there, use `store::Encrypted` or `SealedCookie` (feature `sealed`).
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
        self.0.serialize(serializer)
    }
}

impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The message of the decoder may quote the value, so it is replaced.
        T::deserialize(deserializer).map(Self).map_err(|_| serde::de::Error::custom("the secret cannot be decoded"))
    }
}
