//! The checked model: what is stored. It holds no attributes.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Generics, Path};

/// A type with a known shape.
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
    /// As its content.
    Content(Content),
    Tuple(Vec<Content>),
    Struct(Vec<Member>),
    Enum(Tagging, Vec<Variant>),
}

/// The type of a member.
pub(super) enum Content {
    /// Its type, with [`recursion`](super::recursion)'s marker in place of the type itself, and the span for errors.
    Deep(TokenStream, Span),
    /// The text of a type whose form is unknown.
    Opaque(String),
    /// The text of a type whose form is unknown, but which serde reads by the names in it.
    Described(String),
}

pub(super) struct Member {
    pub(super) name: String,
    pub(super) content: Content,
    pub(super) optional: bool,
    /// Whether it can be left out, by `skip_serializing_if`.
    pub(super) skipped: bool,
    /// Older names that it is read under.
    pub(super) aliases: Vec<String>,
}

pub(super) struct Variant {
    pub(super) name: String,
    pub(super) form: Option<Form>,
}

/// How the stored value names its variant.
pub(super) enum Tagging {
    External,
    Internal { tag: String },
    Adjacent { tag: String, content: String },
}
