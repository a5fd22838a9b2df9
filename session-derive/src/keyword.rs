//! The vocabulary of `#[session(…)]`, and what to say about words that are not in it.

pub(crate) const STRUCT: &[&str] = &["version", "name", "idle", "absolute", "crate"];
pub(crate) const FIELD: &[&str] =
    &["default", "key", "user", "rotate", "survive", "flash", "skip", "into", "conflict", "accessor", "merge"];
pub(crate) const MERGE: &[&str] = &["counter", "union", "log", "max", "min", "with"];

/// Methods of every session. A field must not have an accessor of such a name: it would hide the method.
pub(crate) const METHODS: &[&str] = &[
    "login", "logout", "rotate", "destroy", "commit", "update", "detach", "id", "is_new", "get", "set", "reset",
    "problems",
];

/// What to say about an attribute that `level` does not have.
pub(crate) fn unknown(level: &str, word: &str) -> String {
    let (known, other, there) = match level {
        "struct" => (STRUCT, FIELD, "a field"),
        _ => (FIELD, STRUCT, "the struct"),
    };
    if other.contains(&word) {
        return format!(
            "`{word}` goes on {there}, not on {}",
            if level == "struct" { "the struct" } else { "a field" }
        );
    }
    let unknown = format!("unknown {level}-level attribute `{word}`");
    let hint = match word {
        "rename" => "use `key = \"...\"` for the stored key",
        "range" | "length" | "len" | "email" | "url" | "pattern" | "regex" | "validate" | "min" | "max" => {
            "validation rules live in garde: put `#[derive(garde::Validate)]` and `#[garde(...)]` on the struct"
        },
        "encrypt" | "encrypted" | "sensitive" | "secret" | "redact" => {
            "wrap the type instead: `Secret<T>` is never printed"
        },
        "counter" | "union" | "log" => return format!("{unknown}; write `merge = {word}`"),
        "timeout" | "ttl" | "lifetime" => "use `idle = \"30m\"` and `absolute = \"12h\"` on the struct",
        _ => "",
    };
    if !hint.is_empty() {
        return format!("{unknown}; {hint}");
    }
    match nearest(word, known) {
        Some(near) => format!("{unknown}; did you mean `{near}`?"),
        None => format!("{unknown}\nexpected one of: {}", list(known)),
    }
}

/// The known word that `word` was probably meant to be.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let best = known.iter().map(|candidate| (distance(word, candidate), *candidate)).min()?;
    (best.0 <= (word.len() / 3).max(1)).then_some(best.1)
}

pub(crate) fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Edits from one word to the other; two swapped neighbours are one.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, j) + usize::from(a != b)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if i > 0 && j > 0 && one.get(i - 1) == Some(b) && other.get(j - 1) == Some(a) {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}
