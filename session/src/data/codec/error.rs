//! What is kept of a codec's error. Its own text may quote the value: an error of serde names what it did not expect,
//! and an application's `Serialize` or `Deserialize` writes what it likes.

use std::fmt;

use serde_json::error::Category;

/// What is wrong with JSON, and where.
#[derive(Debug)]
pub(super) struct JsonError {
    what: &'static str,
    line: usize,
    column: usize,
}

impl JsonError {
    #[cold]
    pub(super) fn reading(error: &serde_json::Error) -> Self {
        let what = match error.classify() {
            Category::Syntax => "the JSON is malformed or nested too deeply",
            Category::Eof => "the JSON ends too early",
            Category::Data => "the JSON has another form than the type",
            Category::Io => "the JSON cannot be read",
        };
        Self { what, line: error.line(), column: error.column() }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, line, column } = self;
        write!(f, "{what}, at line {line}, column {column}")
    }
}

impl std::error::Error for JsonError {}

/// Why a value was refused, as a fixed text.
#[derive(Debug)]
pub(super) struct Refused(&'static str);

impl Refused {
    pub(super) const BY_SERIALIZE: Self = Self("the type's `Serialize` failed, or returned what the codec cannot hold");
    #[cfg(feature = "msgpack")]
    pub(super) const MESSAGE_PACK: Self = Self("the MessagePack is malformed, or has another form than the type");
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Refused {}
