//! Finds one cookie in a request, over bytes.
//!
//! Names are compared exactly: nothing is percent-decoded, no case is folded, no Unicode space is trimmed, and a quoted value is
//! not unquoted. Each of these has let a sibling host plant a cookie under a `__Host-` name in one server or another. One
//! odd byte in somebody else's cookie does not hide ours. Two cookies of our name that disagree mean that somebody else
//! can write to this host, and then neither is trusted.

/// What the request's cookies say under one name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// No cookie of that name.
    Nothing,
    /// One value, once or repeated.
    Value(&'a [u8]),
    /// Values that differ.
    Disagreement,
}

/// Looks through the values of all `Cookie` headers (HTTP/2 may split them).
pub(crate) fn find<'a>(headers: impl IntoIterator<Item = &'a [u8]>, name: &[u8]) -> Found<'a> {
    let mut found = Found::Nothing;
    for header in headers {
        for pair in pairs(header) {
            let Some(value) = value_of(pair, name) else {
                continue;
            };
            match found {
                Found::Nothing => found = Found::Value(value),
                Found::Value(first) if first == value => {},
                Found::Value(_) | Found::Disagreement => return Found::Disagreement,
            }
        }
    }
    found
}

/// What stands between semicolons.
fn pairs(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr_iter(b';', header).chain(std::iter::once(header.len()));
    ends.scan(0, |start, end| Some(header.get(std::mem::replace(start, end + 1)..end).unwrap_or_default()))
}

/// The value of `pair`, if its name is `name`. Only the spaces and tabs that RFC 6265 puts before a pair are skipped.
fn value_of<'a>(pair: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let start = pair.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
    pair.get(start..)?.strip_prefix(name)?.strip_prefix(b"=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[&[u8]]) -> Option<Vec<u8>> {
        match find(headers.iter().copied(), b"__Host-sid") {
            Found::Nothing => Some(Vec::new()),
            Found::Value(value) => Some(value.to_vec()),
            Found::Disagreement => None,
        }
    }

    #[test]
    fn exact_names_only() {
        assert_eq!(found(&[b"a=1; __Host-sid=good; b=2"]), Some(b"good".to_vec()));
        assert_eq!(found(&[b"a=\xe9;\t__Host-sid=good"]), Some(b"good".to_vec()));
        assert_eq!(found(&[b"__Host-sid=good", b"__Host-sid=good"]), Some(b"good".to_vec()));
        for near in [
            "%5F%5FHost-sid=x",
            "__host-sid=x",
            "=__Host-sid=x",
            "__Host-sid =x",
            "__Host-sid",
            "__Host-sidx=x",
            ";;;",
            "",
        ] {
            assert_eq!(found(&[near.as_bytes()]), Some(Vec::new()), "{near}");
        }
        assert_eq!(found(&[b"\xa0__Host-sid=x; \xe2\x80\x80__Host-sid=x; \x85__Host-sid=x"]), Some(Vec::new()));
    }

    #[test]
    fn disagreement_is_nobody() {
        assert_eq!(found(&[b"__Host-sid=a; __Host-sid=b"]), None);
        assert_eq!(found(&[b"__Host-sid=a", b"x=\"; __Host-sid=b; y=\""]), None);
    }
}
