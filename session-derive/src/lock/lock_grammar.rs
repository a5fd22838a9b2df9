//! The grammar of a schema lock: a text file that says what each release of a session type has stored.
//!
//! ```text
//! # A comment.
//! session shop
//!
//! version 1 9ae16a3b2f90404f
//!   codec json
//!   cart: [{qty: u32, sku: string}]
//!   visits: u32
//!   merge visits counter
//!   reserved coupon
//!   sample visits 1
//! ```
//!
//! A release starts with its version and the checksum of its facts: FNV-1a with 64 bits over the facts without their
//! indentation, each with a line feed behind it. A change to a release is therefore detected. A fact is indented by two
//! spaces. Spaces at the end of a line do not count.
//!
//! In the text of a shape a name is bare if it consists of ASCII letters, digits, `_` and `-` only. Any other name is
//! in double quotes, with `\"`, `\\` and, for ASCII control characters, `\x0a`.
//!
//! Two packages contain this file, byte for byte: `session` writes locks and loads the samples in them,
//! `session-derive` compares structs with them. A macro crate can export macros only, so they cannot share it. A test
//! compares the copies.

use std::fmt;

/// One fact about a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact<'a> {
    /// The name of the codec that encodes the values.
    Codec(&'a str),
    /// A stored field: its key and the text of its shape.
    Field { key: &'a str, shape: &'a str },
    /// A field whose concurrent changes are not resolved by "last writer wins".
    Merge { key: &'a str, strategy: &'a str },
    /// A key that no field may use again.
    Reserved(&'a str),
    /// A value of a field, as the codec encodes it. JSON stands as it is, other codecs in hexadecimal digits.
    Sample { key: &'a str, value: &'a str },
}

impl<'a> Fact<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (word, rest) = line.split_once(' ')?;
        if let Some(key) = word.strip_suffix(':') {
            return Some(Self::Field { key, shape: rest });
        }
        match word {
            "codec" => Some(Self::Codec(rest)),
            "reserved" => Some(Self::Reserved(rest)),
            "merge" => rest.split_once(' ').map(|(key, strategy)| Self::Merge { key, strategy }),
            "sample" => {
                // Some values are encoded as no bytes at all.
                let (key, value) = rest.split_once(' ').unwrap_or((rest, ""));
                Some(Self::Sample { key, value })
            },
            _ => None,
        }
    }
}

impl fmt::Display for Fact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Codec(name) => write!(f, "codec {name}"),
            Self::Field { key, shape } => write!(f, "{key}: {shape}"),
            Self::Merge { key, strategy } => write!(f, "merge {key} {strategy}"),
            Self::Reserved(key) => write!(f, "reserved {key}"),
            Self::Sample { key, value: "" } => write!(f, "sample {key}"),
            Self::Sample { key, value } => write!(f, "sample {key} {value}"),
        }
    }
}

/// What one release has stored.
#[derive(Debug)]
pub(crate) struct Release<'a> {
    pub(crate) version: u32,
    pub(crate) facts: Vec<Fact<'a>>,
    /// The lines of the file from this version to the next one, comments and empty lines included.
    lines: Vec<&'a str>,
}

impl<'a> Release<'a> {
    /// The release as it stands in the file, with a line feed at the end.
    pub(crate) fn text(&self) -> String {
        let text = self.lines.join("\n");
        format!("{}\n", text.trim_end_matches('\n'))
    }

    /// The codec that encodes the values.
    pub(crate) fn codec(&self) -> &'a str {
        let name = |fact: &Fact<'a>| if let Fact::Codec(name) = *fact { Some(name) } else { None };
        self.facts.iter().find_map(name).unwrap_or("json")
    }

    /// The keys of the stored fields, each with the text of its shape.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.facts.iter().filter_map(|fact| match *fact {
            Fact::Field { key, shape } => Some((key, shape)),
            _ => None,
        })
    }

    /// The text of the shape that is stored under `key`.
    pub(crate) fn shape(&self, key: &str) -> Option<&'a str> {
        self.fields().find(|(known, _)| *known == key).map(|(_, shape)| shape)
    }

    /// How concurrent changes of the field `key` are merged.
    pub(crate) fn merge_strategy(&self, key: &str) -> &'a str {
        let strategy = self.facts.iter().find_map(|fact| match *fact {
            Fact::Merge { key: known, strategy } if known == key => Some(strategy),
            _ => None,
        });
        strategy.unwrap_or(LAST_WRITER)
    }

    /// The keys that no field may use again.
    pub(crate) fn reserved(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.facts.iter().filter_map(|fact| match *fact {
            Fact::Reserved(key) => Some(key),
            _ => None,
        })
    }

    /// The keys that have a sample, each with its encoded value.
    pub(crate) fn samples(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.facts.iter().filter_map(|fact| match *fact {
            Fact::Sample { key, value } => Some((key, value)),
            _ => None,
        })
    }
}

/// The strategy of a field that has no [`Fact::Merge`].
pub(crate) const LAST_WRITER: &str = "last writer";

/// Why a text is not a lock.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// The number of the line, from 1.
    pub(crate) line: usize,
    /// What is wrong, and what to do.
    pub(crate) message: String,
}

/// Reads the lock of the session `name`, and returns its releases, oldest first.
pub(crate) fn parse<'a>(text: &'a str, name: &str) -> Result<Vec<Release<'a>>, Damage> {
    let mut releases: Vec<Release<'a>> = Vec::new();
    let mut stated = Stated::default();
    let mut is_named = false;
    for (index, full) in text.lines().enumerate() {
        let damage = |message: String| Err(Damage { line: index + 1, message });
        let line = full.trim_end();
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|marker| line.starts_with(marker)) {
            let message = "unresolved merge conflict: keep both releases, and give the later one the next version";
            return damage(message.into());
        }
        if let Some(header) = line.strip_prefix("version ") {
            stated.check(releases.last())?;
            let Some((version, checksum)) = parse_header(header) else {
                return damage("expected a version and a checksum; restore this line".into());
            };
            if let Some(last) = releases.last()
                && version != last.version + 1
            {
                let last = last.version;
                return damage(format!("version {version} comes after version {last}; restore what was between them"));
            }
            stated = Stated { line: index + 1, checksum };
            releases.push(Release { version, facts: Vec::new(), lines: Vec::new() });
        }
        if let Some(release) = releases.last_mut() {
            release.lines.push(full);
        }
        if line.is_empty() || line.starts_with('#') || line.starts_with("version ") {
            continue;
        }
        if let Some(fact) = line.strip_prefix("  ") {
            let Some(release) = releases.last_mut() else {
                return damage("expected `session ...`, then `version ...`".into());
            };
            let Some(fact) = Fact::parse(fact) else {
                return damage(format!("this version of `session` does not know the fact `{fact}`"));
            };
            release.facts.push(fact);
        } else if let Some(given) = line.strip_prefix("session ") {
            if given != name {
                return damage(format!("this is the lock of session `{given}`, not of `{name}`"));
            }
            is_named = true;
        } else {
            return damage("this line is not part of a schema lock; restore what was here".into());
        }
    }
    stated.check(releases.last())?;
    if is_named {
        Ok(releases)
    } else {
        Err(Damage { line: 1, message: format!("expected `session {name}`: the file is empty or cut off; restore it") })
    }
}

fn parse_header(header: &str) -> Option<(u32, u64)> {
    let (version, checksum) = header.split_once(' ')?;
    let version = version.parse().ok().filter(|version| *version > 0)?;
    Some((version, u64::from_str_radix(checksum, 16).ok()?))
}

/// What the file states about the last release that was read.
#[derive(Default)]
struct Stated {
    line: usize,
    checksum: u64,
}

impl Stated {
    fn check(&self, release: Option<&Release<'_>>) -> Result<(), Damage> {
        match release {
            Some(release) if checksum(&release.facts) != self.checksum => Err(Damage {
                line: self.line,
                message: format!(
                    "version {} was changed by hand or cut off; restore it, or run `SESSION_LOCK=rewrite cargo test` \
                     if it was never released",
                    release.version
                ),
            }),
            _ => Ok(()),
        }
    }
}

/// The checksum of a release: FNV-1a with 64 bits.
fn checksum(facts: &[Fact<'_>]) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let add = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(PRIME);
    facts.iter().fold(OFFSET_BASIS, |sum, fact| fact.to_string().bytes().chain([b'\n']).fold(sum, add))
}

/// A release as it is to stand in the file.
pub(crate) fn write_release(version: u32, facts: &[Fact<'_>]) -> String {
    let header = format!("version {version} {:016x}\n", checksum(facts));
    facts.iter().fold(header, |text, fact| text + "  " + &fact.to_string() + "\n")
}

/// The file of the session `name`: its releases as [`write_release`] or [`Release::text`] returns them, oldest first.
pub(crate) fn write_file(name: &str, releases: &[String]) -> String {
    format!(
        "# What each release of session `{name}` has stored. `SESSION_LOCK=write cargo test` adds a release.\n\
         # Commit it, and change nothing by hand: sessions of all these releases are still out there.\n\
         session {name}\n\n{}",
        releases.join("\n")
    )
}

/// Whether `name` needs no quotes in the text of a shape.
pub(crate) const fn is_bare_name(mut name: &[u8]) -> bool {
    if name.is_empty() {
        return false;
    }
    while let [byte, rest @ ..] = name {
        if !is_bare(*byte) {
            return false;
        }
        name = rest;
    }
    true
}

const fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// What stands for `byte` in a quoted name: the bytes, and how many of them count.
pub(crate) const fn escape(byte: u8) -> ([u8; 4], usize) {
    match byte {
        b'"' | b'\\' => ([b'\\', byte, 0, 0], 2),
        0..0x20 | 0x7f => ([b'\\', b'x', hex_digit(byte >> 4), hex_digit(byte & 15)], 4),
        _ => ([byte, 0, 0, 0], 1),
    }
}

const fn hex_digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + value - 10 }
}

/// Reads the bare name at the start of `text`, and returns it with the rest.
pub(crate) fn read_bare_name(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| !is_bare(byte)).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(name, _)| !name.is_empty())
}

/// Reads the bare or quoted name at the start of `text`, and returns it with the rest.
pub(crate) fn read_name(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        return read_bare_name(text).map(|(name, rest)| (name.to_owned(), rest));
    };
    let mut name = String::new();
    loop {
        let mut letters = rest.chars();
        let letter = letters.next()?;
        rest = letters.as_str();
        match letter {
            '"' => return Some((name, rest)),
            '\\' => {
                let escaped = letters.next()?;
                rest = letters.as_str();
                if escaped == 'x' {
                    let (digits, behind) = rest.split_at_checked(2)?;
                    let byte = u8::from_str_radix(digits, 16).ok().filter(u8::is_ascii)?;
                    name.push(byte.into());
                    rest = behind;
                } else {
                    name.push(escaped);
                }
            },
            _ => name.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: &[Fact<'_>] = &[
        Fact::Codec("postcard"),
        Fact::Field { key: "unit", shape: "()" },
        Fact::Field { key: "visits", shape: "u32" },
        Fact::Merge { key: "visits", strategy: "counter" },
        Fact::Reserved("coupon"),
        Fact::Sample { key: "unit", value: "" },
        Fact::Sample { key: "visits", value: "01" },
    ];

    fn lock() -> String {
        write_file("shop", &[write_release(1, FACTS), write_release(2, &FACTS[..2])])
    }

    #[test]
    fn a_written_lock_is_read_back() {
        let text = lock();
        let releases = parse(&text, "shop").unwrap();
        assert_eq!(releases.iter().map(|release| release.version).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(releases[0].facts, FACTS);
        let (first, second) = (&releases[0], &releases[1]);
        assert_eq!((first.codec(), first.shape("visits"), second.shape("visits")), ("postcard", Some("u32"), None));
        assert_eq!((first.merge_strategy("visits"), first.merge_strategy("unit")), ("counter", "last writer"));
        assert_eq!(first.reserved().collect::<Vec<_>>(), ["coupon"]);
        assert_eq!(first.samples().collect::<Vec<_>>(), [("unit", ""), ("visits", "01")]);
        assert_eq!(write_file("shop", &[first.text(), second.text()]), text);
    }

    /// The checksum of a release is part of files that exist.
    #[test]
    fn vector() {
        let facts = [Fact::Codec("json"), Fact::Field { key: "visits", shape: "u32" }];
        assert_eq!(write_release(1, &facts), "version 1 59b77b89c92dfacf\n  codec json\n  visits: u32\n");
    }

    #[test]
    fn line_ends_trailing_spaces_and_comments_do_not_count() {
        let text = lock();
        let noted = text.replace("  visits", "# a note\n  visits");
        for same in [&text.replace('\n', "\r\n"), &text.replace('\n', "  \n"), &noted] {
            let releases = parse(same, "shop").unwrap();
            assert_eq!((&*releases[0].facts, &*releases[1].facts), (FACTS, &FACTS[..2]), "{same}");
        }
        let releases = parse(&noted, "shop").unwrap();
        assert_eq!(write_file("shop", &[releases[0].text(), releases[1].text()]), noted, "comments are kept");
    }

    #[test]
    fn every_changed_fact_is_damage() {
        let text = lock();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.starts_with("  ")) {
            let changed = text.replacen(line, &line.to_uppercase(), 1);
            let removed = text.replacen(&format!("{line}\n"), "", 1);
            assert!(parse(&changed, "shop").is_err() && parse(&removed, "shop").is_err(), "line {number}");
        }
        assert_eq!(parse(&text, "store").unwrap_err().line, 3);
        assert!(parse("", "shop").is_err());
    }

    #[test]
    fn a_quoted_name_is_read_back() {
        for name in ["", "with-dash_1", "a: b", "\"quoted\\", "line\nbreak", "größe", "x\u{7f}"] {
            let mut quoted = Vec::new();
            for byte in name.bytes() {
                let (escaped, len) = escape(byte);
                quoted.extend_from_slice(&escaped[..len]);
            }
            let quoted = format!("\"{}\": u32", String::from_utf8(quoted).unwrap());
            assert_eq!(read_name(&quoted), Some((name.to_owned(), ": u32")));
            let is_bare = read_bare_name(name) == Some((name, ""));
            assert_eq!(is_bare_name(name.as_bytes()), is_bare, "{name:?}");
        }
        for wrong in ["", ": u32", "\"open", "\"\\", "\"\\x0\"", "\"\\xff\""] {
            assert_eq!(read_name(wrong), None, "{wrong}");
        }
    }
}
