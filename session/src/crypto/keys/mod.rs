//! [`SecretKey`] and [`KeyRing`]: the secret keys of a server, and the keys that are derived from them for each
//! purpose.
//!
//! ```text
//! text    tsk1_ ‖ base64url(secret) ‖ _ ‖ base64url(CRC-32 of the secret)      55 characters for 32 bytes
//! prk     HKDF-Extract(salt = "typed-session/v1", ikm = secret)
//! subkey  HKDF-Expand(prk, label, 32): a separate key for each purpose
//! id      the first four bytes of HKDF-Expand(prk, "kid")
//! ```
//!
//! HKDF is that of RFC 5869 with SHA-256. Secret scanners recognise a leaked key by its prefix. The checksum turns an
//! incomplete paste into an error at start-up; without it, a wrong key would end all sessions. A changed label would
//! change the key that is derived with it, so test vectors pin the labels.

mod error;
mod ring;
mod secret_key;

pub use self::error::KeyError;
pub use self::ring::KeyRing;
pub(crate) use self::secret_key::Purpose;
pub use self::secret_key::{KeyId, SecretKey};

#[cfg(test)]
pub(crate) use self::secret_key::tests;
