//! What the derive writes where a feature is needed: it knows no features, so these macros do.

/// What the derive writes where there is no axum.
#[cfg(not(feature = "axum"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __impl_extractor {
    ($handle:ident, $schema:ident) => {};
}

/// A codec by its name in the attribute.
#[doc(hidden)]
#[macro_export]
macro_rules! __codec {
    (json) => {
        $crate::__private::Codec::Json
    };
    (msgpack) => {
        $crate::__codec_msgpack!()
    };
    (postcard) => {
        $crate::__codec_postcard!()
    };
}

macro_rules! codec {
    ($macro:ident, $feature:literal, $variant:ident) => {
        #[cfg(feature = $feature)]
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $macro {
            () => {
                $crate::__private::Codec::$variant
            };
        }
        #[cfg(not(feature = $feature))]
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $macro {
            () => {
                ::core::compile_error!(::core::concat!(
                    "this codec needs the feature `",
                    $feature,
                    "` of `session`; add it to the features in `Cargo.toml`"
                ))
            };
        }
    };
}
codec!(__codec_msgpack, "msgpack", MessagePack);
codec!(__codec_postcard, "postcard", Postcard);

/// Runs the rules of garde.
#[cfg(feature = "garde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __garde {
    ($value:expr) => {
        $crate::__private::garde($value)
    };
}

/// Says what is missing.
#[cfg(not(feature = "garde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __garde {
    ($value:expr) => {
        ::core::compile_error!(
            "`validate = garde` needs the feature `garde` of `session`; add it to the features in `Cargo.toml`"
        )
    };
}
