//! The tables of `session/docs/security.md` have each entry once, and the tests that they name exist.

use std::fs;
use std::path::{Path, PathBuf};

/// The letter of each list, and how many entries it has.
const LISTS: [(char, usize); 3] = [('T', 37), ('F', 35), ('B', 62)];

struct Row<'a> {
    list: char,
    number: usize,
    tests: &'a str,
}

impl<'a> Row<'a> {
    /// The row of a table, if it begins with an id.
    fn parse(line: &'a str) -> Option<Self> {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [id, _, tests] = cells[..] else { return None };
        let list = id.chars().next()?;
        let number = id.strip_prefix(list)?.parse().ok()?;
        Some(Self { list, number, tests })
    }

    fn is_covered(&self) -> bool {
        !self.tests.starts_with("Not covered: ")
    }

    /// The tests that it names.
    fn names(&self) -> impl Iterator<Item = &'a str> {
        let is_test = |code: &&str| !code.contains(' ') && (code.contains("::") || code.starts_with("fail/"));
        self.tests.split('`').skip(1).step_by(2).filter(is_test)
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("session/docs/security.md")).unwrap()
}

/// Whether there is a test of this name, in the form that the page describes.
fn exists(name: &str) -> bool {
    if name.starts_with("fail/") {
        return root().join("ui-tests").join(name).with_extension("rs").is_file();
    }
    let (folder, path) = match name.strip_prefix("session::") {
        Some(path) => ("session/src", path),
        None => ("tests/it", name),
    };
    let mut modules: Vec<&str> = path.split("::").collect();
    let Some(test) = modules.pop() else { return false };
    // The first modules are folders and a file, the others are in it.
    (1..=modules.len()).any(|files| {
        let (files, within) = modules.split_at(files);
        let file = root().join(folder).join(files.join("/"));
        let candidates = [file.with_extension("rs"), file.join("mod.rs")];
        candidates.iter().any(|file| fs::read_to_string(file).is_ok_and(|text| has_test(&text, within, test)))
    })
}

fn has_test(source: &str, modules: &[&str], test: &str) -> bool {
    let mut source = source;
    for module in modules {
        let Some((_, rest)) = source.split_once(&format!("mod {module} {{")) else { return false };
        source = rest;
    }
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let function = line.trim_start_matches("pub(crate) ").trim_start_matches("async ");
        let Some(parameters) = function.strip_prefix("fn ").and_then(|rest| rest.strip_prefix(test)) else {
            return false;
        };
        // `on_every_store!` makes tests of a function that has a `world`.
        parameters.starts_with("(world) ") || parameters.starts_with("() ") && is_marked(&lines[..at])
    })
}

/// Whether the attributes at the end of `lines` make a test of what follows.
fn is_marked(lines: &[&str]) -> bool {
    let mut attributes = lines.iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("///"));
    attributes.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
}

#[test]
fn each_entry_of_the_lists_stands_in_the_tables_once() {
    let page = page();
    let ids: Vec<(char, usize)> = page.lines().filter_map(Row::parse).map(|row| (row.list, row.number)).collect();
    let expected: Vec<_> = LISTS.iter().flat_map(|(list, count)| (1..=*count).map(|number| (*list, number))).collect();
    assert_eq!(ids, expected);
}

#[test]
fn the_named_tests_exist() {
    let page = page();
    let rows: Vec<Row<'_>> = page.lines().filter_map(Row::parse).collect();
    let missing: Vec<&str> = rows.iter().flat_map(Row::names).filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "there are no such tests, so correct the page: {missing:#?}");
    let empty = rows.iter().filter(|row| row.is_covered() && row.names().next().is_none());
    let empty: Vec<String> = empty.map(|row| format!("{}{}", row.list, row.number)).collect();
    assert!(empty.is_empty(), "name a test, or begin with `Not covered: ` and the reason: {empty:?}");
}

/// The table at the beginning of the page.
#[test]
fn the_counts_are_those_of_the_tables() {
    let page = page();
    for ((list, count), name) in LISTS.into_iter().zip(["attacks", "faults", "bad inputs"]) {
        let rows = page.lines().filter_map(Row::parse).filter(|row| row.list == list);
        let without: Vec<String> =
            rows.filter(|row| !row.is_covered()).map(|row| format!("{list}{}", row.number)).collect();
        let line = format!("| {name} | {count} | {} | {} |", count - without.len(), without.join(", "));
        assert!(page.lines().any(|other| other == line), "the page needs the line {line}");
    }
}

#[test]
fn a_name_without_a_test_is_noticed() {
    for (name, expected) in [
        ("cookies::a_planted_token_is_not_adopted", true),
        ("cookies::a_planted_token_is_never_adopted", false),
        // A function, but not a test.
        ("cookies::mix", false),
        ("faults::visited", false),
        ("elsewhere::a_planted_token_is_not_adopted", false),
        ("evolution::fields::added::new_code_old_data", true),
        ("evolution::fields::missing::new_code_old_data", false),
        ("session::data::token::tests::vector", true),
        ("session::stores::memory::tests::revoked_sessions_leave_nothing_in_the_heap", true),
        ("session::data::token::vectors", false),
        ("fail/bad-key/empty", true),
        ("fail/bad-key/full", false),
    ] {
        assert_eq!(exists(name), expected, "{name}");
    }
}
