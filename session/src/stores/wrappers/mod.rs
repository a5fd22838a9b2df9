//! Stores that wrap other stores. Each keeps the contract if the wrapped stores do.

#[cfg(feature = "zstd")]
mod compressed;
#[cfg(feature = "sealed")]
mod encrypted;
mod migrating;
#[cfg(any(feature = "zstd", feature = "sealed"))]
mod rewriting;

#[cfg(feature = "zstd")]
pub use self::compressed::Compressed;
#[cfg(feature = "sealed")]
pub use self::encrypted::Encrypted;
pub use self::migrating::Migrating;
