//! What generated code names. Not for people, and not stable.

pub use std::option::Option::{None, Some};

pub use crate::__codec;
pub use crate::__garde;
pub use crate::data::codec::Codec;
pub use crate::data::schema::field::{Field, FieldDescriptor, FieldInfo, MergeRule, Survive};
pub use crate::data::schema::release::{ConvertFrom, Newer, Previous, SectionInfo, TryConvertFrom, check_previous};
pub use crate::data::schema::stored::{FieldErrorCause, LegacyFields, SectionReader};
pub use crate::data::schema::{FieldDefault, Handle, Identified, Schema, Storable};
pub use crate::data::shape::{
    Member, Probe, ProbeFallback, SessionValue, Shape, Tagging, Variant, same_text, text_with_sample,
};
pub use crate::data::validation::Violations;
#[cfg(feature = "garde")]
pub use crate::data::validation::garde;
pub use crate::engine::handle::tracked::Tracked;
pub use crate::engine::handle::update::update;

pub mod lock {
    pub use crate::data::lock::{Lock, LockEntry, kept, readable, renamed, same, source, test};
}

#[cfg(feature = "axum")]
pub mod axum {
    pub use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
    pub use http::request::Parts;

    pub use crate::web::axum::{Rejection, extract, extract_optional};
}

pub mod merge {
    pub use crate::data::merge::{Counter, Log, Ordered, Union, counter, log, max, min, union};
}
