//! The checked model: all that `expand` knows. No attribute is left in it, and raw identifiers are dealt with.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, LitStr, Path, Type, Visibility};

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
    /// Where that is said, or else the struct's name.
    pub(crate) version_span: Span,
    pub(crate) lock: Lock,
    /// In seconds, if given.
    pub(crate) idle: Option<u64>,
    /// In seconds, if given.
    pub(crate) absolute: Option<u64>,
    pub(crate) evolution: Evolution,
    /// In the struct's order.
    pub(crate) fields: Vec<Field>,
}

/// Where the schema lock is.
pub(crate) enum Lock {
    /// Nowhere: there is none.
    Off,
    /// Where it is looked for, if it is there.
    Implicit,
    /// Below the package's folder.
    Path(LitStr),
}

/// What a struct says about its other versions.
pub(crate) struct Evolution {
    /// The keys of removed fields.
    pub(crate) reserved: Vec<LitStr>,
    /// Those of them that are deleted.
    pub(crate) purge: Vec<LitStr>,
    pub(crate) previous: Option<Previous>,
    /// Whether it is only kept as another struct's `previous`.
    pub(crate) legacy: bool,
    /// Whether every field's shape must be known.
    pub(crate) strict: bool,
    pub(crate) newer: Newer,
    pub(crate) min_reader: Option<u32>,
    /// The word `garde`, if there are rules.
    pub(crate) validate: Option<Ident>,
    /// The name of the codec, if it is not the default.
    pub(crate) codec: Option<Ident>,
}

/// The whole struct of the version before.
pub(crate) struct Previous {
    pub(crate) path: Path,
    /// Whether it is converted by `TryFrom`.
    pub(crate) fallible: bool,
}

/// What becomes of sections that newer code has written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Newer {
    Accept,
    Readonly,
    Reject,
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
    /// What it is stored under: `total`, or `total@2` if its type changed in version 2.
    pub(crate) key: String,
    /// The part of it that people write.
    pub(crate) base: String,
    /// The name of its typed key. None only beside an error.
    pub(crate) constant: Option<Ident>,
    pub(crate) role: Role,
    pub(crate) flash: bool,
    pub(crate) survive: Survive,
    pub(crate) merge: Merge,
    /// Whether a value that is no good fails the load.
    pub(crate) rejects: bool,
    /// The version that it first appeared in, if given.
    pub(crate) since: Option<u32>,
    pub(crate) history: History,
    /// Whether its shape is nobody's business.
    pub(crate) opaque: bool,
    /// A value for the lock.
    pub(crate) sample: Option<Expr>,
}

/// What a field was in older versions.
#[derive(Default)]
pub(crate) struct History {
    /// Keys that held a value of the oldest type.
    pub(crate) was: Vec<LitStr>,
    /// In the order of their versions.
    pub(crate) steps: Vec<Step>,
}

/// From one version's value to the next one's.
pub(crate) struct Step {
    pub(crate) version: u32,
    pub(crate) source: Source,
    /// The type that it makes.
    pub(crate) to: Type,
    pub(crate) with: Path,
    pub(crate) fallible: bool,
}

/// Where a step takes its values from.
pub(crate) enum Source {
    /// The field itself, under the first of these keys that is there.
    Own(Vec<String>, Box<Type>),
    /// Other keys, and the types they had.
    Keys(Vec<(LitStr, Type)>),
}

impl History {
    /// Every key that is read.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.was.iter().map(LitStr::value).collect();
        for step in self.steps.iter().rev() {
            match &step.source {
                Source::Own(own, _) => keys.extend(own.iter().cloned()),
                Source::Keys(pairs) => keys.extend(pairs.iter().map(|(key, _)| key.value())),
            }
        }
        let mut seen = Vec::new();
        keys.retain(|key| {
            !seen.contains(key) && {
                seen.push(key.clone());
                true
            }
        });
        keys
    }
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
