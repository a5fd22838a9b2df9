//! The checked model, the only input of `expand`. It holds no attributes, and names are without `r#`.

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
    /// The name of its section.
    pub(crate) name: String,
    /// The version of the stored shape.
    pub(crate) version: u32,
    /// The span of the version, or else of the struct's name.
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
    /// There is no lock.
    Off,
    /// At the default path, if the file exists.
    Implicit,
    /// At this path below the package's folder.
    Path(LitStr),
}

/// The attributes of a struct about its other versions.
pub(crate) struct Evolution {
    /// The keys of removed fields.
    pub(crate) reserved: Vec<LitStr>,
    /// The keys of removed fields that are also deleted.
    pub(crate) purge: Vec<LitStr>,
    pub(crate) previous: Option<Previous>,
    /// Whether the struct only serves as the `previous` of another one.
    pub(crate) legacy: bool,
    /// Whether every field's shape must be known.
    pub(crate) strict: bool,
    pub(crate) newer: Newer,
    pub(crate) min_reader: Option<u32>,
    /// The word `garde`, if the struct has rules.
    pub(crate) validate: Option<Ident>,
    /// The name of the codec, if it is not the default.
    pub(crate) codec: Option<Ident>,
}

/// The whole struct of the version before.
pub(crate) struct Previous {
    pub(crate) path: Path,
    /// Whether the conversion is `TryFrom`.
    pub(crate) fallible: bool,
}

/// The policy for sections that newer code has written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Newer {
    Accept,
    Readonly,
    Reject,
}

impl Model {
    /// The `user` field.
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
    /// Its doc comment, as attributes.
    pub(crate) docs: TokenStream,
    pub(crate) default: Default,
    /// Whether the getter returns a copy.
    pub(crate) copy: bool,
    /// Whether the setter takes `impl Into<T>`.
    pub(crate) into: bool,
    /// `None` only beside an error: the name is taken.
    pub(crate) accessors: Option<Accessors>,
    /// `None` for `skip`.
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
    /// Every name.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Ident> {
        [&self.get, &self.set, &self.borrow].into_iter().chain(&self.take).chain(&self.add)
    }
}

/// The properties of stored fields.
pub(crate) struct Stored {
    /// Its index among the stored fields.
    pub(crate) index: usize,
    /// The key that it is stored under: `total`, or `total@2` if its type changed in version 2.
    pub(crate) key: String,
    /// The key without the version.
    pub(crate) base: String,
    /// The name of its typed key. `None` only beside an error.
    pub(crate) constant: Option<Ident>,
    pub(crate) role: Role,
    pub(crate) flash: bool,
    pub(crate) survive: Survive,
    pub(crate) merge: Merge,
    /// Whether an unreadable value fails the load.
    pub(crate) rejects: bool,
    /// The version in which it was added, if given.
    pub(crate) since: Option<u32>,
    pub(crate) history: History,
    /// Whether its shape is not recorded.
    pub(crate) opaque: bool,
    /// A sample value for the lock.
    pub(crate) sample: Option<Expr>,
}

/// The forms of a field in older versions.
#[derive(Default)]
pub(crate) struct History {
    /// Older keys, with a value of the oldest type.
    pub(crate) was: Vec<LitStr>,
    /// Ordered by version.
    pub(crate) steps: Vec<Step>,
}

/// A conversion from the value of one version to that of the next.
pub(crate) struct Step {
    pub(crate) version: u32,
    pub(crate) source: Source,
    /// The output type.
    pub(crate) to: Type,
    pub(crate) with: Path,
    pub(crate) fallible: bool,
}

/// Where a step takes its values from.
pub(crate) enum Source {
    /// The field itself, under the first of these keys that is stored.
    Own(Vec<String>, Box<Type>),
    /// Other keys with the types that they had.
    Keys(Vec<(LitStr, Type)>),
}

impl History {
    /// Every key that the steps read.
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

/// The role of a field for privileges.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It has none.
    Plain,
    /// It holds the user.
    User,
    /// It is a right.
    Right,
}

/// Which resets a field survives.
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

/// The value of a field when nothing is stored.
pub(crate) enum Default {
    /// `Default::default()`.
    Trait,
    /// A number, a Boolean or a character: emitted without a conversion, for type inference.
    Literal(Expr),
    /// Any expression, emitted with a conversion into the field's type.
    Expr(Expr),
}
