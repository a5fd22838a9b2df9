//! What generated code names. Not for people, and not stable.

pub use std::option::Option::{None, Some};

pub use crate::codec::Codec;
pub use crate::invalid::Violations;
#[cfg(feature = "garde")]
pub use crate::invalid::garde;
pub use crate::schema::field::{Column, Field, FieldInfo, MergeRule, Survive};
pub use crate::schema::release::{Newer, Previous, SectionInfo, Successor, TrySuccessor, check_previous};
pub use crate::schema::stored::{Cause, Older, Stored};
pub use crate::schema::{FieldDefault, Handle, Identified, Schema, Storable};
pub use crate::shape::{
    Member, Probe, ProbeFallback, SessionValue, Shape, Tagging, Variant, same_text, text_with_sample,
};
pub use crate::tracked::Tracked;
pub use crate::update::update;
pub use crate::{__codec, __garde};

pub mod lock {
    pub use crate::lock::{Entry, Lock, kept, readable, renamed, same, source, test};
}

#[cfg(feature = "axum")]
pub mod axum {
    pub use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
    pub use http::request::Parts;

    pub use crate::axum::{Rejection, extract, extract_optional};
}

pub mod merge {
    pub use crate::merge::{Counter, Log, Ordered, Union, counter, log, max, min, union};
}
