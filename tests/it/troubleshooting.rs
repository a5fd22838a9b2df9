//! The page `guide::troubleshooting` quotes messages that exist.

use std::fs;
use std::path::{Path, PathBuf};

/// The files that hold our messages: the sources, and what the compiler prints for each mistake.
fn corpus(root: &Path) -> String {
    let folders = ["session/src", "session-derive/src", "ui-tests/fail", "tests/it/lock"];
    let mut files = Vec::new();
    for folder in folders {
        collect(&root.join(folder), &mut files);
    }
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap().replace("\\\"", "\""));
    // A string literal that goes on after `\` is one line.
    let texts = texts.map(|text| text.split("\\\n").map(str::trim_start).collect::<String>());
    words(&texts.collect::<Vec<_>>().join("\n"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "stderr") {
            files.push(path);
        }
    }
}

/// The text with one space wherever it has any.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The code in the first cell of a table row.
fn message(row: &str) -> Option<&str> {
    let cell = row.strip_prefix("| ")?;
    let ticks = &cell[..cell.len() - cell.trim_start_matches('`').len()];
    let code = cell.strip_prefix(ticks)?;
    (!ticks.is_empty()).then(|| code.find(ticks).map(|end| code[..end].trim()))?
}

/// The first cells of the tables that begin with `header`.
fn messages<'a>(page: &'a str, header: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut is_in = false;
    for line in page.lines() {
        match line {
            line if line.starts_with(header) => is_in = true,
            line if !line.starts_with('|') => is_in = false,
            line if is_in => found.extend(message(line)),
            _ => {},
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("session/docs/guide/troubleshooting.md")).unwrap()
}

#[test]
fn every_message_of_the_page_exists() {
    let (corpus, page) = (corpus(&root()), page());
    let messages = messages(&page, "| message |");
    assert!(messages.len() > 60, "{} messages: the tables have another form", messages.len());
    let parts = messages.iter().flat_map(|message| message.split('…')).map(|part| part.trim_matches([' ', '`']));
    let missing: Vec<&str> = parts.filter(|part| !corpus.contains(part)).collect();
    assert!(missing.is_empty(), "no source has these, so correct the page: {missing:#?}");
}

/// A terminal shows types without lifetimes, and without paths or with `...` if they are long. The files of `ui-tests`
/// have them in full.
fn short(message: &str) -> String {
    let message = message.replace("for<'a> ", "").replace("'a ", "").replace("...", "…");
    let mut short = String::new();
    for part in message.split_inclusive("::") {
        short.push_str(part);
        let Some(path) = short.strip_suffix("::") else { continue };
        let start = path.trim_end_matches(|letter: char| letter.is_alphanumeric() || letter == '_').len();
        if path[start..].starts_with(char::is_lowercase) {
            short.truncate(start);
        }
    }
    short
}

/// Whether `line` has the parts of `message` between each `…`, in their order.
fn has_parts(line: &str, message: &str) -> bool {
    let mut rest = Some(line);
    for part in message.split('…') {
        rest = rest.and_then(|rest| rest.split_once(part.trim())).map(|(_, rest)| rest);
    }
    rest.is_some()
}

#[test]
fn every_quoted_message_of_the_compiler_is_real() {
    let mut files = Vec::new();
    collect(&root().join("ui-tests/fail"), &mut files);
    files.retain(|file| file.extension().is_some_and(|extension| extension == "stderr"));
    let output: Vec<String> = files.iter().map(|file| short(&fs::read_to_string(file).unwrap())).collect();
    let page = page();
    let messages = messages(&page, "| the compiler says |");
    assert!(messages.len() > 30, "{} messages: the table has another form", messages.len());
    let is_real = |message: &str| output.iter().flat_map(|text| text.lines()).any(|line| has_parts(line, message));
    let missing: Vec<&&str> = messages.iter().filter(|message| !is_real(&short(message))).collect();
    assert!(missing.is_empty(), "no case of `ui-tests/fail` has these, so correct the page: {missing:#?}");
}
