//! What generated code names. Not for people, and not stable.

pub use std::option::Option::{None, Some};

pub use serde::ser::{Serialize, Serializer};

/// The type of `option_env!`: generated code reads a variable to be compiled again when it changes.
pub type Variable = Option<&'static str>;
/// The type of [`SchemaData::FIELDS`].
pub type Fields<S> = &'static [FieldDescriptor<S>];

pub use crate::__codec;
pub use crate::__garde;
pub use crate::data::codec::Codec;
pub use crate::data::merge::{Counter, Log, Ordered, Union};
pub use crate::data::schema::debug::{DebugFallback, DebugProbe};
pub use crate::data::schema::field::{Field, FieldDescriptor};
pub use crate::data::schema::info::{FieldInfo, MergeRule, Newer, SectionInfo, Survive};
pub use crate::data::schema::legacy::{FieldErrorCause, LegacyFields};
pub use crate::data::schema::previous::{ConvertFrom, Previous, TryConvertFrom, check_previous};
pub use crate::data::schema::reader::SectionReader;
pub use crate::data::schema::{FieldDefault, Key, SchemaData, Storable};
pub use crate::data::shape::{
    Member, Probe, ProbeFallback, SessionValue, Shape, Tagging, Variant, same_text, text_with_sample,
};
pub use crate::data::validation::Violations;
#[cfg(feature = "garde")]
pub use crate::data::validation::garde;
pub use crate::engine::handle::not_serializable::{SerializeSession, Whole};
pub use crate::engine::handle::schema::{Identified, Schema};
pub use crate::engine::handle::tracked::Tracked;

pub mod lock {
    pub use crate::data::lock::{
        assert_compatible, assert_readable, assert_rename_compatible, assert_unchanged, assert_upgrade_source,
    };
    pub use crate::data::schema::lock_entry::{Lock, LockEntry};
    pub use crate::schema_lock::test;
}

#[cfg(feature = "axum")]
pub mod axum {
    pub use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
    pub use http::request::Parts;

    pub use crate::web::axum::{Rejection, extract, extract_optional};
}
