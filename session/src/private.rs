//! What generated code names. Not for people, and not stable.

pub use crate::schema::{
    Column, Field, FieldDefault, FieldInfo, Handle, Identified, MergeRule, Schema, Storable, Stored, Survive,
};
pub use crate::shape::{
    Member, Probe, ProbeFallback, SessionValue, Shape, Tagging, Variant, same_text, text_with_sample,
};
pub use crate::tracked::{Tracked, update};

#[cfg(feature = "axum")]
pub mod axum {
    pub use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
    pub use http::request::Parts;

    pub use crate::axum::{Rejection, extract, extract_optional};
}

pub mod merge {
    pub use crate::merge::{Counter, Log, Ordered, Union, counter, log, max, min, union};
}
