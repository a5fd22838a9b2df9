//! Statements with numbered parameters, and their results.

use std::sync::Arc;

/// A statement before it is prepared for a table and a dialect. In the text, `{t}` stands for the table, `{row}` for
/// the columns of a [`Row`], `{clock}` for a row that holds only the server's time, and `$1` and so on for parameters.
pub(super) struct Template {
    /// The privilege that the user needs for it.
    pub(super) name: &'static str,
    pub(super) writes: bool,
    pub(super) result: ResultKind,
    pub(super) text: &'static str,
}

/// What a statement returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultKind {
    Rows,
    /// How many rows it has changed.
    Count,
}

/// A statement that can be sent.
pub(super) struct Statement {
    pub(super) name: &'static str,
    pub(super) writes: bool,
    pub(super) result: ResultKind,
    pub(super) text: Arc<str>,
    /// For databases without numbered parameters: the parameter of each `?`, counted from zero.
    pub(super) order: Option<Vec<usize>>,
}

impl Statement {
    /// The statement with a `?` for each numbered parameter: for databases that do not number them.
    pub(super) fn unnumbered(mut self) -> Self {
        let mut parts = self.text.split('$');
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut order = Vec::new();
        for part in parts {
            let digits = part.len() - part.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
            let (number, rest) = part.split_at(digits);
            order.push(number.parse::<usize>().unwrap_or_default().saturating_sub(1));
            text.push('?');
            text.push_str(rest);
        }
        self.text = text.into();
        self.order = Some(order);
        self
    }
}

/// The value of a parameter.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Int(i64),
    Bytes(&'a [u8]),
    Null,
}

impl Value<'_> {
    pub(super) fn int(number: u64) -> Value<'static> {
        Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// What a statement has returned: `rows` or `count`, by its [`ResultKind`].
#[derive(Default)]
pub(super) struct QueryResult {
    pub(super) rows: Vec<Row>,
    pub(super) count: u64,
}

/// A row of the table, and the server's time.
pub(super) struct Row {
    /// Absent if only the server's time was selected.
    pub(super) handle: Option<Vec<u8>>,
    pub(super) epoch: i64,
    pub(super) revision: i64,
    pub(super) expires: i64,
    /// Absent in the result of a commit that was applied.
    pub(super) data: Option<Vec<u8>>,
    /// The server's time in milliseconds, or 0 in a database without a clock.
    pub(super) clock: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unnumbered_parameters_keep_their_order() {
        let numbered = Statement {
            name: "",
            writes: false,
            result: ResultKind::Rows,
            text: "a = $2, b = $10 WHERE c > $2".into(),
            order: None,
        };
        let statement = numbered.unnumbered();
        assert_eq!(&*statement.text, "a = ?, b = ? WHERE c > ?");
        assert_eq!(statement.order, Some(vec![1, 9, 1]));
    }
}
