//! The checked model: all that `expand` knows. No attribute is left in it, and raw identifiers are dealt with.

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, Path, Type, Visibility};

/// A struct that may be a session.
pub(crate) struct Model {
    /// `pub`.
    pub(crate) vis: Visibility,
    /// `Shop`.
    pub(crate) ident: Ident,
    /// `ShopSession`.
    pub(crate) handle: Ident,
    /// `::session`.
    pub(crate) krate: Path,
    /// The name its section is stored under.
    pub(crate) name: String,
    /// The version of the stored shape.
    pub(crate) version: u32,
    /// In seconds, if given.
    pub(crate) idle: Option<u64>,
    /// In seconds, if given.
    pub(crate) absolute: Option<u64>,
    /// In the struct's order.
    pub(crate) fields: Vec<Field>,
}

impl Model {
    /// The field that says who is logged in, and its index.
    pub(crate) fn user(&self) -> Option<(&Field, &Stored)> {
        self.stored().find(|(_, stored)| stored.role == Role::User)
    }

    /// The fields that are stored.
    pub(crate) fn stored(&self) -> impl Iterator<Item = (&Field, &Stored)> {
        self.fields.iter().filter_map(|field| Some((field, field.stored.as_ref()?)))
    }
}

/// A field, stored or not.
pub(crate) struct Field {
    /// As written.
    pub(crate) ident: Ident,
    /// Without `r#`.
    pub(crate) name: String,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    /// The `T` of an `Option<T>`.
    pub(crate) inner: Option<Type>,
    /// Its doc comment, as attributes to repeat.
    pub(crate) docs: TokenStream,
    pub(crate) default: Default,
    /// Whether the getter returns a copy.
    pub(crate) copy: bool,
    /// Whether the setter takes `impl Into<T>`.
    pub(crate) into: bool,
    /// None only beside an error: another method has the name.
    pub(crate) accessors: Option<Accessors>,
    /// None for `skip`.
    pub(crate) stored: Option<Stored>,
}

/// The names of a field's methods.
pub(crate) struct Accessors {
    pub(crate) get: Ident,
    pub(crate) set: Ident,
    pub(crate) borrow: Ident,
    pub(crate) take: Option<Ident>,
    pub(crate) add: Option<Ident>,
}

impl Accessors {
    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Ident> {
        [&self.get, &self.set, &self.borrow].into_iter().chain(&self.take).chain(&self.add)
    }
}

/// What holds for stored fields only.
pub(crate) struct Stored {
    /// Its place among the stored fields.
    pub(crate) index: usize,
    pub(crate) key: String,
    /// The name of its typed key. None only beside an error.
    pub(crate) constant: Option<Ident>,
    pub(crate) role: Role,
    pub(crate) flash: bool,
    pub(crate) survive: Survive,
    pub(crate) merge: Merge,
}

/// What a field has to do with privileges.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing.
    Plain,
    /// It says who is logged in.
    User,
    /// It is a right.
    Right,
}

/// What login and logout leave of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survive {
    Neither,
    Login,
    Both,
}

/// What happens when two requests change a field.
pub(crate) enum Merge {
    LastWriter,
    Reject,
    Counter,
    Union,
    Max,
    Min,
    Log(usize),
    With(Path),
}

/// What a field is when nothing is stored.
pub(crate) enum Default {
    /// `Default::default()`.
    Trait,
    /// A number, `true`, a character: what inference needs to see as it is.
    Literal(Expr),
    /// Anything that converts.
    Expr(Expr),
}
