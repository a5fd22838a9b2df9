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

#[test]
fn every_message_of_the_page_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let corpus = corpus(&root);
    let page = fs::read_to_string(root.join("session/docs/guide/troubleshooting.md")).unwrap();
    let mut checked = 0;
    let mut missing = Vec::new();
    let mut is_ours = false;
    for line in page.lines() {
        match line {
            // Other tables quote the compiler or axum.
            line if line.starts_with("| message |") => is_ours = true,
            line if !line.starts_with('|') => is_ours = false,
            line if is_ours => {
                let Some(message) = message(line) else { continue };
                checked += 1;
                let parts = message.split('…').map(|part| part.trim_matches([' ', '`']));
                missing.extend(parts.filter(|part| !corpus.contains(part)).map(str::to_owned));
            },
            _ => {},
        }
    }
    assert!(checked > 60, "{checked} messages: the tables have another form");
    assert!(missing.is_empty(), "no source has these, so correct the page: {missing:#?}");
}
