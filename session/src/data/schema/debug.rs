//! [`DebugProbe`]: the `Debug` of a field whose type may lack it.

use std::fmt::{self, Debug};

/// Finds out whether `T` implements `Debug` where a bound would require it: the inherent method exists only if it does,
/// and takes precedence over the one of [`DebugFallback`]. `T` must be a concrete type.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "generated code makes it")]
pub struct DebugProbe<'a, T>(pub &'a T);

impl<'a, T: Debug> DebugProbe<'a, T> {
    /// The value.
    pub fn get(&self) -> &'a dyn Debug {
        self.0
    }
}

/// The other half of [`DebugProbe`], for a type without `Debug`.
pub trait DebugFallback {
    /// Two dots in place of the value.
    fn get(&self) -> &dyn Debug {
        &Unknown
    }
}
impl<T> DebugFallback for DebugProbe<'_, T> {}

struct Unknown;

impl Debug for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
