//! [`Violations`]: the validation rules that a session breaks. The rules are attributes of garde on the struct.

use std::error::Error as StdError;
use std::fmt;

/// A validation rule that a session breaks.
///
/// `Display` writes the path and the rule, never the value. Both are logged when a commit or a load fails: the message
/// of a rule of your own must not quote the value, and the path to an entry of a map contains its key. See
/// [`Violations`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    path: String,
    rule: String,
}

impl Violation {
    /// The path to the invalid value: a field, or a value inside of it, such as `cart[0].quantity`. Empty for a rule on
    /// the whole struct.
    ///
    /// ```
    /// # use session::Violations;
    /// fn lines(violations: &Violations) -> Vec<String> {
    ///     violations.iter().map(|violation| format!("{}: {}", violation.path(), violation.rule())).collect()
    /// }
    /// ```
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The name of the invalid field. `None` for a rule on the whole struct.
    ///
    /// ```
    /// # use session::Violations;
    /// fn is_about(violations: &Violations, field: &str) -> bool {
    ///     violations.iter().any(|violation| violation.field() == Some(field))
    /// }
    /// ```
    pub fn field(&self) -> Option<&str> {
        let end = self.path.find(['.', '[']).unwrap_or(self.path.len());
        self.path.get(..end).filter(|field| !field.is_empty())
    }

    /// The message of the rule, such as `greater than 100`.
    ///
    /// ```
    /// # use session::Violations;
    /// fn first(violations: &Violations) -> Option<&str> {
    ///     violations.iter().next().map(|violation| violation.rule())
    /// }
    /// ```
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.rule),
            path => write!(f, "{path}: {}", self.rule),
        }
    }
}

/// The validation rules that a session breaks; at least one. It names fields and rules, never values.
///
/// The method `validate` of a session returns it, if its struct has `#[session(validate = garde)]` (feature `garde`).
/// With the feature `axum` it is a response: 422, with one line for each rule.
///
#[cfg_attr(feature = "garde", doc = "```")]
#[cfg_attr(not(feature = "garde"), doc = "```ignore")]
/// use garde::Validate;
/// use session::{Session, Violations};
///
/// #[derive(Session, Validate)]
/// #[session(validate = garde)]
/// struct Shop {
///     #[garde(range(min = 1, max = 100))]
///     #[session(default = 20)]
///     page_size: u16,
/// }
///
/// async fn set_page_size(mut session: Session<Shop>, size: String) -> Result<(), Violations> {
///     session.page_size = size.parse().unwrap_or_default();
///     session.validate() // the client gets 422 and `page_size: greater than 100`
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Iterates over the broken rules.
    ///
    /// ```
    /// # use session::Violations;
    /// fn fields(violations: &Violations) -> Vec<&str> {
    ///     violations.iter().filter_map(|violation| violation.field()).collect()
    /// }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }

    /// Returns `Ok` if `broken` is empty.
    #[cfg(feature = "garde")]
    pub(crate) fn check(broken: impl IntoIterator<Item = (String, String)>) -> Result<(), Self> {
        let violations: Vec<_> = broken.into_iter().map(|(path, rule)| Violation { path, rule }).collect();
        if violations.is_empty() { Ok(()) } else { Err(Self(violations)) }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            write!(f, "{}{violation}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl StdError for Violations {}

/// Checks `value` against its rules for garde.
///
/// # Errors
///
/// Every rule that `value` breaks.
#[cfg(feature = "garde")]
pub fn garde<T>(value: &T) -> Result<(), Violations>
where
    T: garde::Validate,
    T::Context: Default,
{
    match value.validate() {
        Ok(()) => Ok(()),
        Err(report) => Violations::check(report.iter().map(|(path, error)| (path.to_string(), error.to_string()))),
    }
}
