//! [`SessionValue`] and [`Shape`]: the stored form of a type, as a constant.
//!
//! A stored value outlives the code that wrote it, so later code must agree with earlier code about its form. Because
//! the form is a constant, the compiler can compare it with the one that an earlier version had.

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

/// A type whose stored form is known, down to its last member. Derive it for the structs and enums that are in a
/// session.
///
/// The types of the standard library implement it, and those of some crates behind a feature with the crate's name:
/// `chrono`, `rust_decimal`, `time`, `url` and `uuid`. For other types see [`session_value!`](crate::session_value). A
/// field whose type does not implement it can be stored too, but then a change inside of that type is not detected
/// before a stored value fails to load.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use session::SessionValue;
///
/// #[derive(Serialize, Deserialize, SessionValue)]
/// struct Item {
///     sku: String,
///     #[serde(default)]
///     gift: bool,
/// }
///
/// let shape = <Vec<(Item, Option<u32>)>>::SHAPE;
/// assert_eq!(shape.text().as_str(), "[({gift?: bool, sku: string}, u32?)]");
/// assert_eq!(shape.sample(), serde_json::json!([[{"sku": "s", "gift": true}, 1]]));
/// ```
#[diagnostic::on_unimplemented(
    message = "the stored shape of `{Self}` is not known",
    label = "not a `SessionValue`",
    note = "add `#[derive(session::SessionValue)]` to `{Self}`; for a type of another crate, turn on the feature of \
            `session` that has the crate's name, or wrap it in a type of your own and see `session::session_value!`",
    note = "a member whose shape need not be checked can be `#[session(opaque)]`"
)]
pub trait SessionValue {
    /// The stored form of the type.
    ///
    /// ```
    /// # use session::SessionValue;
    /// assert_eq!(<Option<u32>>::SHAPE.text().as_str(), "u32?");
    /// ```
    const SHAPE: &'static Shape;
}

/// The stored form of a type. The names of Rust types are not part of it: types that are stored alike have equal
/// shapes.
///
/// `#[derive(SessionValue)]` makes shapes. Code that matches on a shape must expect more variants in later versions.
///
/// ```
/// use session::{SessionValue, Shape};
///
/// fn is_list(shape: &Shape) -> bool {
///     matches!(shape, Shape::Seq(_) | Shape::Set(_) | Shape::Array(..))
/// }
/// assert!(is_list(<Vec<u8>>::SHAPE));
/// assert!(!is_list(String::SHAPE));
/// ```
// No variant has the name of a type that is common in sessions. Otherwise the compiler would write the path of that
// type in messages.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Shape {
    /// No content: `()`, or a struct without fields.
    Unit,
    /// `true` or `false`.
    Bool,
    /// An integer, with the name of its type. `usize` is stored as `u64`.
    Integer(&'static str),
    /// A floating-point number, with the name of its type.
    Float(&'static str),
    /// A character.
    Char,
    /// Text without further rules.
    Str,
    /// Bytes, if the type asks serde for bytes and not for a list of numbers.
    Bytes,
    /// Text with rules of its own, such as a UUID.
    Text {
        /// The name of the format.
        name: &'static str,
        /// A text that keeps the rules.
        sample: &'static str,
    },
    /// A value or none.
    Optional(&'static Shape),
    /// A list of any length.
    Seq(&'static Shape),
    /// A list of any length, without duplicates.
    Set(&'static Shape),
    /// A list of a fixed length.
    Array(&'static Shape, usize),
    /// Values by key.
    Map {
        /// The shape of the keys.
        key: &'static Shape,
        /// The shape of the values.
        value: &'static Shape,
    },
    /// Values of different shapes, by position.
    Tuple(&'static [&'static Shape]),
    /// Values of different shapes, by name, in the order of the declaration.
    Struct(&'static [Member]),
    /// One of several variants.
    Enum {
        /// How the variant is written.
        tagging: Tagging,
        /// The variants in the order of the declaration.
        variants: &'static [Variant],
    },
    /// A value that is never printed: [`Secret`](crate::Secret).
    Redacted(&'static Shape),
    /// A type whose stored form is not known, as it is written in the code.
    Opaque(&'static str),
    /// Like [`Opaque`](Self::Opaque), but a type that is read by the names of its members, as serde's `untagged`,
    /// `flatten` and `skip_serializing_if` do. A codec that writes no names cannot store it. The text is that of
    /// `Opaque`.
    Described(&'static str),
    /// A shape that contains itself.
    Recursive {
        /// Distinguishes it from the recursive shapes around it. Not part of the text.
        id: &'static str,
        /// The shape. Inside of it, [`Shape::Back`] with this id stands for it.
        shape: &'static Shape,
    },
    /// The enclosing [`Shape::Recursive`] with this id.
    Back(&'static str),
}

/// How serde writes the variant of an enum.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use session::{SessionValue, Shape, Tagging};
///
/// #[derive(Serialize, Deserialize, SessionValue)]
/// #[serde(tag = "kind")]
/// enum Payment {
///     Cash,
///     Card { number: String },
/// }
///
/// assert!(matches!(Payment::SHAPE, Shape::Enum { tagging: Tagging::Internal { tag: "kind" }, .. }));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Tagging {
    /// `{"Card": {...}}`: the default of serde.
    External,
    /// `{"tag": "Card", ...}`.
    Internal {
        /// The name of the member that holds the variant's name.
        tag: &'static str,
    },
    /// `{"tag": "Card", "content": {...}}`.
    Adjacent {
        /// The name of the member that holds the variant's name.
        tag: &'static str,
        /// The name of the member that holds the variant's content.
        content: &'static str,
    },
}

/// A member of [`Shape::Struct`].
///
/// ```
/// use session::{Member, SessionValue, Shape};
///
/// const POINT: Shape = Shape::Struct(&[Member::new("x", u32::SHAPE), Member::new("y", u32::SHAPE).optional()]);
/// assert_eq!(POINT.text().as_str(), "{x: u32, y?: u32}");
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Member {
    /// The name under which the member is stored.
    pub name: &'static str,
    /// The shape of its value.
    pub shape: &'static Shape,
    /// Whether the member may be missing, as with serde's `default`. A [`Shape::Optional`] may be missing in any case.
    pub optional: bool,
    /// Whether the member is not always written, as with serde's `skip_serializing_if`. Not part of the text.
    pub skipped: bool,
    /// Older names under which the member is read too, as with serde's `alias`. Not part of the text.
    pub aliases: &'static [&'static str],
}

impl Member {
    /// A member that is always written and must be present.
    ///
    /// ```
    /// # use session::{Member, SessionValue};
    /// let member = Member::new("sku", String::SHAPE);
    /// assert!(!member.optional && !member.skipped && member.aliases.is_empty());
    /// ```
    pub const fn new(name: &'static str, shape: &'static Shape) -> Self {
        Self { name, shape, optional: false, skipped: false, aliases: &[] }
    }

    /// Lets the member be missing.
    ///
    /// ```
    /// # use session::{Member, SessionValue};
    /// assert!(Member::new("gift", bool::SHAPE).optional().optional);
    /// ```
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Says that the member is not always written.
    ///
    /// ```
    /// # use session::{Member, SessionValue};
    /// assert!(Member::new("gift", bool::SHAPE).optional().skipped().skipped);
    /// ```
    #[must_use]
    pub const fn skipped(mut self) -> Self {
        self.skipped = true;
        self
    }

    /// Sets the older names under which the member is read too.
    ///
    /// ```
    /// # use session::{Member, SessionValue};
    /// let member = Member::new("quantity", u32::SHAPE).aliases(&["qty"]);
    /// assert_eq!(member.aliases, ["qty"]);
    /// ```
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
}

/// A variant of [`Shape::Enum`].
///
/// ```
/// use session::{SessionValue, Shape, Tagging, Variant};
///
/// const PAYMENT: Shape = Shape::Enum {
///     tagging: Tagging::External,
///     variants: &[Variant::unit("Cash"), Variant::new("Invoice", u32::SHAPE)],
/// };
/// assert_eq!(PAYMENT.text().as_str(), "enum {Cash, Invoice: u32}");
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Variant {
    /// The name under which the variant is stored.
    pub name: &'static str,
    /// The shape of its content, if it has any.
    pub content: Option<&'static Shape>,
}

impl Variant {
    /// A variant without content.
    ///
    /// ```
    /// # use session::Variant;
    /// assert!(Variant::unit("Cash").content.is_none());
    /// ```
    pub const fn unit(name: &'static str) -> Self {
        Self { name, content: None }
    }

    /// A variant with content.
    ///
    /// ```
    /// # use session::{SessionValue, Variant};
    /// assert!(Variant::new("Invoice", u32::SHAPE).content.is_some());
    /// ```
    pub const fn new(name: &'static str, content: &'static Shape) -> Self {
        Self { name, content: Some(content) }
    }
}

/// Implements [`SessionValue`] for a type that is stored like another one: for types with `Serialize` and `Deserialize`
/// of your own.
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
/// Without `sample`, the sample is that of the other type. A `sample` is for types that are stored as text; it does not
/// compile for others. The macro cannot check that the two types are in fact stored alike.
///
/// For a type of another crate, wrap the type in one of your own first: Rust allows no implementation of another
/// crate's trait for another crate's type.
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

/// The shape `shape`, which is text, with another sample.
///
/// # Panics
///
/// If `shape` is not text. In a constant this is a compile error.
#[expect(clippy::panic, reason = "runs in the compiler")]
#[track_caller]
pub const fn text_with_sample(shape: &Shape, sample: &'static str) -> Shape {
    match shape {
        Shape::Str => Shape::Text { name: "string", sample },
        Shape::Text { name, .. } => Shape::Text { name, sample },
        _ => panic!("`sample` is for types that are stored as text, but this type is not; remove it"),
    }
}

/// Determines whether `T` is a [`SessionValue`], without a bound that demands it. Its inherent constant exists only if
/// `T` is one, and takes precedence over the constant of [`ProbeFallback`]. `T` must be a concrete type.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(std::marker::PhantomData<T>);

impl<T: SessionValue + ?Sized> Probe<T> {
    /// The shape of `T`.
    pub const DEEP: Option<&'static Shape> = Some(T::SHAPE);
}

/// The constant of a [`Probe`] whose type is not a [`SessionValue`].
pub trait ProbeFallback {
    /// The shape is not known.
    const DEEP: Option<&'static Shape> = None;
}
impl<T: ?Sized> ProbeFallback for Probe<T> {}

/// The shape of a type: `__shape_of!(Vec<Item>, "Vec<Item>")`. If the type is not a [`SessionValue`], the text
/// describes it.
#[doc(hidden)]
#[macro_export]
macro_rules! __shape_of {
    ($type:ty, $text:expr) => {{
        #[allow(unused_imports, reason = "unused if the inherent constant exists")]
        use $crate::__private::ProbeFallback as _;
        const SHAPE: &$crate::Shape = match <$crate::__private::Probe<$type>>::DEEP {
            ::core::option::Option::Some(shape) => shape,
            ::core::option::Option::None => &$crate::Shape::Opaque($text),
        };
        SHAPE
    }};
}
