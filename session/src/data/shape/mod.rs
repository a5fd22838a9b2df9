//! [`SessionValue`]: what a type looks like when it is stored, down to its last member, as a constant.
//!
//! A stored value outlives the code that wrote it. Its shape is what the code that reads it has to agree about, and
//! being a constant, the compiler can compare it with the shape that an earlier version had.

mod const_str;
#[cfg(any(feature = "chrono", feature = "rust_decimal", feature = "time", feature = "url", feature = "uuid"))]
mod external;
mod impls;
mod names;
mod sample;
mod text;

pub(crate) use self::const_str::{compare_str, same_str};
pub(crate) use self::names::{NamedItem, NamedItems};
pub use self::text::{ShapeText, same_text};

/// A type whose stored form is known, member by member. Derive it on structs and enums that are in a session.
///
/// The standard library's types have it, and those of a few crates behind a feature of their name. For a type of
/// another crate see [`session_value!`](crate::session_value). A field whose type lacks it is stored all the same, but
/// a change inside of it is not noticed until it fails to load.
///
/// Containers have it for what they can hold:
///
/// ```
/// use session::SessionValue;
///
/// let shape = <Vec<(String, Option<u32>)>>::SHAPE;
/// assert_eq!(shape.text().as_str(), "[(string, u32?)]");
/// assert_eq!(shape.sample(), serde_json::json!([["s", 1]]));
/// ```
#[diagnostic::on_unimplemented(
    message = "the stored shape of `{Self}` is not known",
    label = "not a `SessionValue`",
    note = "add `#[derive(session::SessionValue)]` to `{Self}`; for a type of another crate turn on the feature of `session` \
            that is called like the crate, or put it in a type of your own and see `session::session_value!`",
    note = "a member whose shape nobody needs to know can be `#[session(opaque)]`"
)]
pub trait SessionValue {
    /// What is stored.
    const SHAPE: &'static Shape;
}

/// What is stored of a type. The names of Rust types are no part of it: types that are stored alike have one shape.
///
/// Code that matches must expect further shapes; code that makes one is usually `#[derive(SessionValue)]`.
// No variant is called like a type that people have in their sessions: the compiler would write that type's path out in
// its messages.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Shape {
    /// Nothing: `()`, a struct without fields.
    Unit,
    /// `true` or `false`.
    Bool,
    /// A whole number, with the name of its type. `usize` is stored as `u64`.
    Integer(&'static str),
    /// A number with a fraction, with the name of its type.
    Float(&'static str),
    /// One character.
    Char,
    /// Any text.
    Str,
    /// Bytes, where the type asks serde for bytes and not for a list of numbers.
    Bytes,
    /// Text with rules of its own.
    Text {
        /// What it is called.
        name: &'static str,
        /// One that keeps the rules.
        sample: &'static str,
    },
    /// A value or none.
    Optional(&'static Shape),
    /// Any number of values.
    Seq(&'static Shape),
    /// Any number of values, all different.
    Set(&'static Shape),
    /// That many values.
    Array(&'static Shape, usize),
    /// Values by key.
    Map {
        /// What they are found by.
        key: &'static Shape,
        /// What is found.
        value: &'static Shape,
    },
    /// Values of different shapes, by place.
    Tuple(&'static [&'static Shape]),
    /// Values of different shapes, by name; in the order in which they are declared.
    Struct(&'static [Member]),
    /// One of several.
    Enum {
        /// How it is said which one.
        tagging: Tagging,
        /// In the order in which they are declared.
        variants: &'static [Variant],
    },
    /// A value that is never printed.
    Redacted(&'static Shape),
    /// A type whose stored form is not known, as it is written in the code.
    Opaque(&'static str),
    /// The same, of which one thing is known: it is read by the names in it, as serde's `untagged`, `flatten` and
    /// `skip_serializing_if` are. A codec that writes none cannot keep it. No part of the text.
    Described(&'static str),
    /// A shape that contains itself.
    Recursive {
        /// Distinguishes it from other such shapes around it; no part of the text.
        id: &'static str,
        /// Where it begins anew, [`Shape::Back`] names the id.
        shape: &'static Shape,
    },
    /// The [`Shape::Recursive`] around this place that has the id.
    Back(&'static str),
}

/// How serde says which variant an enum is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Tagging {
    /// `{"Card": {...}}`: serde's default.
    External,
    /// `{"tag": "Card", ...}`.
    Internal {
        /// The member with the variant's name.
        tag: &'static str,
    },
    /// `{"tag": "Card", "content": {...}}`.
    Adjacent {
        /// The member with the variant's name.
        tag: &'static str,
        /// The member with what is in it.
        content: &'static str,
    },
}

/// A member of [`Shape::Struct`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Member {
    /// The name it is stored under.
    pub name: &'static str,
    /// What is stored.
    pub shape: &'static Shape,
    /// Whether it can be missing. A [`Shape::Optional`] can be, whatever this says.
    pub optional: bool,
    /// Whether it is left out at times, as by serde's `skip_serializing_if`. No part of the text.
    pub skipped: bool,
    /// Older names that it is read under as well: serde's `alias`. No part of the text.
    pub aliases: &'static [&'static str],
}

impl Member {
    /// A member that is always there.
    pub const fn new(name: &'static str, shape: &'static Shape) -> Self {
        Self { name, shape, optional: false, skipped: false, aliases: &[] }
    }

    /// It can be missing.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// It is left out at times.
    #[must_use]
    pub const fn skipped(mut self) -> Self {
        self.skipped = true;
        self
    }

    /// It is read under these older names as well.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
}

/// A variant of [`Shape::Enum`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Variant {
    /// The name it is stored under.
    pub name: &'static str,
    /// What is stored in it.
    pub content: Option<&'static Shape>,
}

impl Variant {
    /// A variant without content.
    pub const fn unit(name: &'static str) -> Self {
        Self { name, content: None }
    }

    /// A variant with content.
    pub const fn new(name: &'static str, content: &'static Shape) -> Self {
        Self { name, content: Some(content) }
    }
}

/// Says that a type is stored as another one is: for types of your own with `Serialize` and `Deserialize` written by
/// hand.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use session::{SessionValue, session_value};
///
/// #[derive(Serialize, Deserialize)]
/// #[serde(try_from = "String", into = "String")]
/// # #[derive(Clone)]
/// pub struct Email(String);
/// # impl From<Email> for String { fn from(email: Email) -> Self { email.0 } }
/// impl TryFrom<String> for Email {
///     type Error = &'static str;
///
///     fn try_from(text: String) -> Result<Self, Self::Error> {
///         if text.contains('@') { Ok(Self(text)) } else { Err("no @") }
///     }
/// }
///
/// session_value!(Email as String, sample = "a@b.example");
///
/// assert_eq!(Email::SHAPE.text().as_str(), "string");
/// assert!(serde_json::from_value::<Email>(Email::SHAPE.sample()).is_ok());
/// ```
///
/// Without `sample` the sample is the other type's. That what is said is true is not checked: the `Serialize` of the
/// first type must write what the second's would.
///
/// A type of a crate that is not yours cannot be given a trait that is not yours either; wrap it in one that is.
#[macro_export]
macro_rules! session_value {
    ($type:ty as $like:ty) => {
        impl $crate::SessionValue for $type {
            const SHAPE: &'static $crate::Shape = <$like as $crate::SessionValue>::SHAPE;
        }
    };
    ($type:ty as $like:ty, sample = $sample:literal) => {
        impl $crate::SessionValue for $type {
            const SHAPE: &'static $crate::Shape =
                &$crate::__private::text_with_sample(<$like as $crate::SessionValue>::SHAPE, $sample);
        }
    };
}

/// `shape`, which is text, with another sample.
///
/// # Panics
///
/// Unless it is text. In a constant this is a compile error.
#[expect(clippy::panic, reason = "runs in the compiler")]
#[track_caller]
pub const fn text_with_sample(shape: &Shape, sample: &'static str) -> Shape {
    match shape {
        Shape::Str => Shape::Text { name: "string", sample },
        Shape::Text { name, .. } => Shape::Text { name, sample },
        _ => panic!("`sample` is for types that are stored as text, and this one is not; leave it out"),
    }
}

/// Finds out whether `T` is a [`SessionValue`], where a bound would demand it: the inherent constant, which is only
/// there if it is one, goes before the trait's. `T` must be a concrete type.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(std::marker::PhantomData<T>);

impl<T: SessionValue + ?Sized> Probe<T> {
    /// Its shape.
    pub const DEEP: Option<&'static Shape> = Some(T::SHAPE);
}

/// The other half of [`Probe`].
pub trait ProbeFallback {
    /// Nothing is known.
    const DEEP: Option<&'static Shape> = None;
}
impl<T: ?Sized> ProbeFallback for Probe<T> {}

/// The shape of a type that is a [`SessionValue`] or not: `__shape_of!(Vec<Item>, "Vec<Item>")`. The text is for those
/// that are not.
#[doc(hidden)]
#[macro_export]
macro_rules! __shape_of {
    ($type:ty, $text:expr) => {{
        #[allow(unused_imports, reason = "where the inherent constant is found")]
        use $crate::__private::ProbeFallback as _;
        const SHAPE: &$crate::Shape = match <$crate::__private::Probe<$type>>::DEEP {
            ::core::option::Option::Some(shape) => shape,
            ::core::option::Option::None => &$crate::Shape::Opaque($text),
        };
        SHAPE
    }};
}
