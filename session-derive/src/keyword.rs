//! The keywords of each level as tables, and the hints for unknown words.

/// Where an attribute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// `#[session(...)] struct Shop`.
    Struct,
    /// `#[session(...)] visits: u64`.
    Field,
    /// On a struct or an enum that is a value in a session.
    Value,
    /// On a member of such a type.
    Member,
}

/// A keyword with an example.
pub(crate) struct Keyword {
    pub(crate) name: &'static str,
    pub(crate) example: &'static str,
}

const fn keyword(name: &'static str, example: &'static str) -> Keyword {
    Keyword { name, example }
}

/// The keywords of a struct.
pub(crate) const STRUCT: &[Keyword] = &[
    keyword("version", "version = 2"),
    keyword("name", "name = \"shop\""),
    keyword("idle", "idle = \"30m\""),
    keyword("absolute", "absolute = \"12h\""),
    keyword("reserved", "reserved(\"old_name\")"),
    keyword("purge", "purge(\"old_name\")"),
    keyword("previous", "previous = ShopV1"),
    keyword("try_previous", "try_previous = ShopV1"),
    keyword("legacy", "legacy"),
    keyword("newer", "newer = \"readonly\""),
    keyword("min_reader", "min_reader = 2"),
    keyword("validate", "validate = garde"),
    keyword("codec", "codec = msgpack"),
    keyword("lock", "lock = off"),
    keyword("strict", "strict"),
    keyword("crate", "crate = \"::session\""),
];

/// The keywords of a field.
pub(crate) const FIELD: &[Keyword] = &[
    keyword("default", "default = expr"),
    keyword("key", "key = \"stored_name\""),
    keyword("user", "user"),
    keyword("rotate", "rotate"),
    keyword("survive", "survive"),
    keyword("flash", "flash"),
    keyword("skip", "skip"),
    keyword("into", "into"),
    keyword("conflict", "conflict = \"reject\""),
    keyword("accessor", "accessor = other_name"),
    keyword("merge", "merge = counter"),
    keyword("since", "since = 2"),
    keyword("was", "was = \"old_name\""),
    keyword("upgrade", "upgrade(in = 2, from = u32, with = convert)"),
    keyword("on_corrupt", "on_corrupt = \"reject\""),
    keyword("opaque", "opaque"),
    keyword("sample", "sample = expr"),
];

/// The keywords in `upgrade(...)`.
pub(crate) const UPGRADE: &[Keyword] = &[
    keyword("in", "in = 2"),
    keyword("from", "from = u32"),
    keyword("with", "with = convert"),
    keyword("try_with", "try_with = convert"),
];

/// The names after `codec =`.
pub(crate) const CODEC: &[Keyword] =
    &[keyword("json", "json"), keyword("msgpack", "msgpack"), keyword("postcard", "postcard")];

/// The keywords of a type that derives `SessionValue`.
pub(crate) const VALUE: &[Keyword] = &[keyword("opaque", "opaque"), keyword("crate", "crate = \"::session\"")];

/// The keywords of a member of such a type.
pub(crate) const MEMBER: &[Keyword] = &[keyword("opaque", "opaque")];

/// Words for which serde has its own: values use serde's attributes.
const SERDE: &[(&str, &str)] = &[
    ("default", "default"),
    ("key", "rename = \"...\""),
    ("rename", "rename = \"...\""),
    ("was", "alias = \"...\""),
    ("alias", "alias = \"...\""),
    ("skip", "skip"),
];

/// The strategies after `merge =`.
pub(crate) const MERGE: &[Keyword] = &[
    keyword("counter", "counter"),
    keyword("union", "union"),
    keyword("log", "log(50)"),
    keyword("max", "max"),
    keyword("min", "min"),
    keyword("with", "with(path)"),
];

/// Attributes of validation crates.
const VALIDATION: &[&str] = &[
    "range",
    "length",
    "email",
    "url",
    "pattern",
    "regex",
    "ascii",
    "alphanumeric",
    "contains",
    "prefix",
    "suffix",
    "required",
    "dive",
    "garde",
    "inner",
    "matches",
];

impl Level {
    /// The keywords of this level.
    pub(crate) fn keywords(self) -> &'static [Keyword] {
        match self {
            Self::Struct => STRUCT,
            Self::Field => FIELD,
            Self::Value => VALUE,
            Self::Member => MEMBER,
        }
    }

    fn elsewhere(self) -> Self {
        match self {
            Self::Struct => Self::Field,
            Self::Field => Self::Struct,
            Self::Value => Self::Member,
            Self::Member => Self::Value,
        }
    }

    fn place(self) -> &'static str {
        match self {
            Self::Struct => "the struct",
            Self::Field => "a field",
            Self::Value => "the type",
            Self::Member => "a member",
        }
    }

    /// The example for `name`.
    pub(crate) fn example(self, name: &str) -> &'static str {
        let keyword = self.keywords().iter().find(|keyword| keyword.name == name);
        keyword.map_or("", |keyword| keyword.example)
    }

    /// The message for a word that is not a keyword of this level.
    pub(crate) fn unknown(self, name: &str) -> String {
        let other = self.elsewhere();
        if other.keywords().iter().any(|keyword| keyword.name == name) {
            return format!("`{name}` goes on {}, not on {}", other.place(), self.place());
        }
        let what = match self {
            Self::Struct => "struct-level",
            Self::Field => "field-level",
            Self::Value => "type-level",
            Self::Member => "member-level",
        };
        let unknown = format!("unknown {what} attribute `{name}`");
        match self.habit(name).or_else(|| suggestion(self.keywords(), name)) {
            Some(hint) => format!("{unknown}; {hint}"),
            None => format!("{unknown}; expected one of {}", list(self.keywords())),
        }
    }

    fn habit(self, name: &str) -> Option<String> {
        match (self, name) {
            (Self::Value | Self::Member, _) => value_habit(name),
            (Self::Field, "rename" | "alias") => Some(
                "write `key = \"...\"` for the name that the field is stored under, or `was = \"old_name\"` for a \
                 renamed field"
                    .into(),
            ),
            (Self::Struct, "rename") => {
                Some("write `name = \"...\"` for the name that the session is stored under".into())
            },
            (Self::Field, "encrypt" | "encrypted" | "sensitive" | "secret" | "redact") => {
                Some("wrap the type instead: `Secret<T>` is never printed".into())
            },
            (Self::Field, "counter" | "union" | "log") => Some(format!("write `merge = {name}`")),
            (_, "timeout" | "ttl" | "lifetime" | "expires" | "max_age") => Some(
                "write `idle = \"30m\"` and `absolute = \"12h\"` on the struct for how long a session \
                    lives"
                    .into(),
            ),
            (Self::Field, rule) if VALIDATION.contains(&rule) => Some(
                "validation rules are garde's: write `#[derive(garde::Validate)]` and `#[session(validate = garde)]` \
                 on the struct and `#[garde(...)]` on its fields"
                    .into(),
            ),
            (Self::Field, "removed" | "deprecated") => {
                Some("remove the field, and write `reserved(\"its_name\")` on the struct".into())
            },
            (Self::Field, "migrate" | "migration" | "convert") => {
                Some("write `upgrade(in = 2, from = OldType, with = convert)`".into())
            },
            _ => None,
        }
    }
}

/// The message for a `name` that is not among `keywords`; `what` says what they are.
pub(crate) fn unknown(what: &str, keywords: &'static [Keyword], name: &str) -> String {
    let unknown = format!("unknown {what} `{name}`");
    match suggestion(keywords, name) {
        Some(hint) => format!("{unknown}; {hint}"),
        None => format!("{unknown}; expected one of {}", list(keywords)),
    }
}

fn value_habit(name: &str) -> Option<String> {
    if let Some((_, serde)) = SERDE.iter().find(|(word, _)| *word == name) {
        return Some(format!("the members of a value use serde's attributes: write `#[serde({serde})]`"));
    }
    let of_session = STRUCT.iter().chain(FIELD).any(|keyword| keyword.name == name);
    of_session.then(|| format!("`{name}` belongs to a struct with `#[derive(Session)]` and its fields"))
}

/// The message for an unknown merge strategy.
pub(crate) fn unknown_merge(name: &str) -> String {
    let unknown = format!("unknown merge strategy `{name}`");
    match name {
        "lww" | "last" | "last_writer" | "replace" => {
            format!("{unknown}; a field without `merge` keeps the value of the later commit")
        },
        _ => self::unknown("merge strategy", MERGE, name),
    }
}

fn suggestion(keywords: &'static [Keyword], name: &str) -> Option<String> {
    nearest(keywords, name).map(|near| format!("did you mean `{near}`?"))
}

fn list(keywords: &[Keyword]) -> String {
    let names: Vec<String> = keywords.iter().map(|keyword| format!("`{}`", keyword.name)).collect();
    names.join(", ")
}

/// The keyword that `name` is most likely a misspelling of.
pub(crate) fn nearest(keywords: &'static [Keyword], name: &str) -> Option<&'static str> {
    nearest_of(keywords.iter().map(|keyword| keyword.name), name)
}

/// The one of `words` that `name` is most likely a misspelling of.
pub(crate) fn nearest_of<'a>(words: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    let near = words.map(|word| (distance(word, name), word));
    near.filter(|(distance, word)| *distance <= (word.len() / 4).max(1)).min().map(|(_, word)| word)
}

/// The number of letters that were left out, added, replaced, or swapped with the next one.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let exchanged = at(&last, j) + usize::from(a != b);
            let mut best = exchanged.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let (Some(i), Some(j)) = (i.checked_sub(1), j.checked_sub(1)) else {
                row.push(best);
                continue;
            };
            if one.get(i) == Some(b) && other.get(j) == Some(a) {
                best = best.min(at(&before_last, j) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}
