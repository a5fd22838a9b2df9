//! The form of the text: lengths, names and words. A rule that a reviewer would have to remember is a test here.

use std::path::{Path, PathBuf};

use crate::layering::collect;

const FOLDERS: &[&str] = &["session", "session-derive", "tests", "ui-tests", "examples"];

/// Every Rust file of the repository, with its path below the root.
fn rust_files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    FOLDERS.iter().for_each(|folder| collect(&root.join(folder), &mut files));
    assert!(files.len() > 30);
    files.iter().map(|file| read(&root, file)).collect()
}

fn read(root: &Path, file: &Path) -> (String, String) {
    let name = file.strip_prefix(root).unwrap().to_string_lossy().into_owned();
    (name, std::fs::read_to_string(file).unwrap())
}

/// Every guide, README and other Markdown file.
fn documents() -> Vec<(String, String)> {
    fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && name != ".git" {
                    collect(&path, out);
                }
            } else if name.ends_with(".md") {
                out.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.iter().map(|file| read(&root, file)).collect()
}

#[test]
fn no_file_is_long_and_none_is_unfinished() {
    let mark = ["TO", "DO"].concat();
    for (name, text) in rust_files() {
        assert!(text.lines().count() <= 500, "{name}: over 500 lines");
        assert!(!text.contains(&mark), "{name}: unfinished");
    }
}

/// The formatter leaves comments and strings alone.
#[test]
fn no_line_is_wider_than_120_characters() {
    let mut wide = Vec::new();
    for (name, text) in rust_files() {
        let lines = text.lines().enumerate().filter(|(_, line)| line.chars().count() > 120);
        wide.extend(lines.map(|(number, _)| format!("{name}:{}", number + 1)));
    }
    assert!(wide.is_empty(), "{} lines: {wide:#?}", wide.len());
}

/// Words of an old diction, which made the text hard to read: software does not want, owe or know, and a sentence about
/// a person who does not exist hides its subject.
const UNPLAIN: &[&str] = &["whoever", "nobody", "somebody", "anybody", "whosoever", "in earnest", "is no good", "owes"];

#[test]
fn comments_and_documents_are_in_plain_english() {
    let mut found = Vec::new();
    let own = file!().rsplit('/').next().unwrap();
    let comments = rust_files().into_iter().filter(|(name, _)| !name.ends_with(own)).map(|(name, text)| {
        let comments: Vec<String> = text
            .lines()
            .map(|line| line.split_once("//").map_or_else(String::new, |(_, comment)| comment.to_owned()))
            .collect();
        (name, comments)
    });
    let documents =
        documents().into_iter().map(|(name, text)| (name, text.lines().map(str::to_owned).collect::<Vec<_>>()));
    for (name, lines) in comments.chain(documents) {
        for (number, line) in lines.iter().enumerate() {
            let line = line.to_lowercase();
            let words = UNPLAIN.iter().filter(|word| {
                line.match_indices(**word).any(|(at, word)| {
                    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
                    !is_letter(line[..at].chars().next_back()) && !is_letter(line[at + word.len()..].chars().next())
                })
            });
            found.extend(words.map(|word| format!("{name}:{}: {word}", number + 1)));
        }
    }
    assert!(found.is_empty(), "{} words: {found:#?}", found.len());
}

/// Names that were replaced by the field's terms.
const REPLACED: &[&str] = &[
    "Answers",
    "Author",
    "Clash",
    "Column",
    "Contest",
    "Dice",
    "Dolphin",
    "Elephant",
    "Erased",
    "Garbled",
    "Herald",
    "InCookie",
    "Kept",
    "Lasting",
    "Layered",
    "LayeredOptions",
    "Lines",
    "Misfit",
    "Mixer",
    "Moving",
    "News",
    "Older",
    "Passenger",
    "Patience",
    "Placed",
    "SectionType",
    "Sections",
    "Settle",
    "Shallow",
    "Stranger",
    "Successor",
    "Turns",
    "Twin",
    "Uncancelled",
    "Unsealed",
    "aboard",
    "can_ride",
    "contest",
    "doomed",
    "dress",
    "excuse",
    "given_up",
    "goes_on",
    "hand_in",
    "hand_on",
    "layered",
    "made_private",
    "outlive",
    "overtaken",
    "passenger",
    "revoke_others",
    "speak",
    "succeed",
    "told",
    "uncancelled",
    "unfit",
];

#[test]
fn replaced_names_are_gone() {
    let mut found = Vec::new();
    let own = file!().rsplit('/').next().unwrap();
    for (name, text) in rust_files().into_iter().filter(|(name, _)| !name.ends_with(own)) {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let identifiers = code.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
            let old = identifiers.filter(|identifier| REPLACED.contains(identifier));
            found.extend(old.map(|identifier| format!("{name}:{}: {identifier}", number + 1)));
        }
    }
    assert!(found.is_empty(), "{} names: {found:#?}", found.len());
}
