//! The checked model: what is stored, without an attribute left.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Generics, Path};

/// A type whose shape is known.
pub(super) struct Model {
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    /// `::session`.
    pub(super) krate: Path,
    pub(super) form: Form,
    /// Whether a member of it contains the type itself.
    pub(super) recursive: bool,
    /// The type parameters that must have a shape.
    pub(super) bounded: Vec<Ident>,
}

/// What a type or the inside of a variant is stored as.
pub(super) enum Form {
    Unit,
    /// As what is inside.
    Content(Content),
    Tuple(Vec<Content>),
    Struct(Vec<Member>),
    Enum(Tagging, Vec<Variant>),
}

/// The type of a member.
pub(super) enum Content {
    /// Its type, with [`recursion`](super::recursion)'s marker in place of the type itself, and where to complain.
    Deep(TokenStream, Span),
    /// The text of a type of which nothing is known.
    Opaque(String),
    /// Nothing but that it is read by the names in it.
    Described(String),
}

pub(super) struct Member {
    pub(super) name: String,
    pub(super) content: Content,
    pub(super) optional: bool,
    /// Whether it is left out at times.
    pub(super) skipped: bool,
    /// What it is read under as well.
    pub(super) aliases: Vec<String>,
}

pub(super) struct Variant {
    pub(super) name: String,
    pub(super) form: Option<Form>,
}

/// How it is said which variant an enum is.
pub(super) enum Tagging {
    External,
    Internal { tag: String },
    Adjacent { tag: String, content: String },
}
