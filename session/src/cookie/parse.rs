//! Finds the session cookie in the headers of a request.
//!
//! The parser works on bytes and compares names exactly: it does not percent-decode, fold case, trim Unicode spaces or
//! remove quotes. Servers that did one of these could be made to accept a cookie of a sibling host under a `__Host-`
//! name. Bytes that are not ASCII in another cookie do not matter. Two cookies with the session cookie's name and
//! different values mean that another party can set cookies for this host, so neither is trusted.

/// The result of [`find`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// No cookie has the name.
    Nothing,
    /// All cookies with the name have this value.
    Value(&'a [u8]),
    /// Cookies with the name have different values.
    Disagreement,
}

/// Finds the cookie `name` in the values of all `Cookie` headers: HTTP/2 may split them (RFC 9113, section 8.2.3).
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

/// The parts of a header between its semicolons.
fn pairs(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr_iter(b';', header).chain(std::iter::once(header.len()));
    ends.scan(0, |start, end| Some(header.get(std::mem::replace(start, end + 1)..end).unwrap_or_default()))
}

/// The value of `pair` if its name is `name`. Spaces and tabs before the name are skipped (RFC 6265bis, section 5.6),
/// nothing else.
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
    fn different_values_disagree() {
        assert_eq!(found(&[b"__Host-sid=a; __Host-sid=b"]), None);
        assert_eq!(found(&[b"__Host-sid=a", b"x=\"; __Host-sid=b; y=\""]), None);
    }
}
