//! [`Secret`]: a value that is never printed and is wiped when it is dropped.
//!
//! ```
//! use session::Secret;
//!
//! let token = Secret::new(String::from("hunter2"));
//! assert_eq!(format!("{token:?}"), "Secret(…)");
//! assert_eq!(token.expose(), "hunter2");
//! ```

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

/// A value that `Debug` does not show and that is overwritten with zeros when dropped.
///
/// It is a type and not a field attribute, because an attribute could not reach the `#[derive(Debug)]` of the struct
/// around it. In the store it is written as its plain value, and whoever can
/// read the store can read it: unless the store is `store::Encrypted` or a `SealedCookie` (feature `sealed`).
#[derive(Clone, Default)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. Searching for `expose` finds every place that can leak it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, to be changed in place.
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
        // The decoder's own message may quote the value.
        T::deserialize(deserializer).map(Self).map_err(|_| serde::de::Error::custom("the secret cannot be decoded"))
    }
}
