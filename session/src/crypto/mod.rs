//! Secret keys, and encryption and signatures with them. Feature `sealed`.

pub(crate) mod keys;
pub(crate) mod seal;
