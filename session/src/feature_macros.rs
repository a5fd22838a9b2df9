//! Macros that generated code calls. The derive does not know the features of this crate, so what depends on them is in
//! macros here.

/// The extractor of a session: without the feature `axum`, nothing.
#[cfg(not(feature = "axum"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __impl_extractor {
    ($handle:ident, $schema:ident) => {};
}

/// The codec with a name from the attribute.
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

/// Checks the rules of garde.
#[cfg(feature = "garde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __garde {
    ($value:expr) => {
        $crate::__private::garde($value)
    };
}

/// Reports the missing feature.
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

/// An implementation that never applies, for the message of
/// [`SerializeSession`](crate::engine::handle::not_serializable::SerializeSession).
#[doc(hidden)]
#[macro_export]
macro_rules! __not_serializable {
    ($handle:ident) => {
        #[doc(hidden)]
        #[automatically_derived]
        impl $crate::__private::Serialize for $handle
        where
            for<'__a> $crate::__private::Whole<'__a, Self>: $crate::__private::SerializeSession,
        {
            fn serialize<__S: $crate::__private::Serializer>(
                &self,
                _serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                ::core::unreachable!()
            }
        }
    };
}
