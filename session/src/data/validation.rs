//! [`Violations`]: the rules of validation that a session breaks. The rules themselves are garde's, on the struct.

use std::error::Error as StdError;
use std::fmt;

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    path: String,
    rule: String,
}

impl Violation {
    /// The field, or what is wrong within it, like `cart[0].quantity`. Empty for a rule on the whole struct.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The name of the field in the session's struct. `None` for a rule on the whole struct.
    pub fn field(&self) -> Option<&str> {
        let end = self.path.find(['.', '[']).unwrap_or(self.path.len());
        self.path.get(..end).filter(|field| !field.is_empty())
    }

    /// What the rule says.
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

/// Every rule that a session breaks: at least one. It names fields and rules, never values.
///
/// In an axum handler it is also a response: 422, with one line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }

    /// `Ok` if there are none.
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

/// Runs garde's rules on `value`.
///
/// # Errors
///
/// All that are broken.
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
