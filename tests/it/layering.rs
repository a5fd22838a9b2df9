//! The layout of `session/src`: folders are floors, and the modules of a crate form no circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The folders of `session/src`, each with its floor. A folder names only folders of lower floors.
const FLOORS: &[(&str, u32)] = &[
    ("base", 0),
    ("data", 1),
    ("crypto", 1),
    ("cookie", 2),
    ("port", 2),
    ("engine", 3),
    ("guide", 4),
    ("schema_lock", 4),
    ("stores", 4),
    ("testing", 4),
    ("web", 4),
];

/// Folders whose parts are leaves: none of them names another.
const LEAVES: &[&str] = &["stores", "web"];

/// The exceptions to both rules, each with its reason. The test fails on one that nothing needs.
const ALLOWED: &[(&str, &str)] = &[
    // A backend is told the cookie's name and how much room its value has.
    ("port", "cookie"),
    // The axum extractors find the session where the tower layer put it.
    ("web/axum", "web/tower"),
    // The HTTP head is the same for every front.
    ("web/axum", "web/response"),
    ("web/tower", "web/response"),
];

/// A crate's modules by path (`data/schema/field`), each with the modules that it names.
fn modules(root: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut files = Vec::new();
    collect(root, &mut files);
    let path_of = |file: &PathBuf| {
        let path = file.strip_prefix(root).unwrap().with_extension("");
        path.to_string_lossy().trim_end_matches("/mod").to_owned()
    };
    let paths: BTreeSet<String> = files.iter().map(path_of).collect();
    let code = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        let code = text.split("mod tests {").next().unwrap();
        let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        code.join("\n")
    };
    let named = |file: &PathBuf| {
        let own = path_of(file);
        names(&code(file), &own)
            .into_iter()
            .filter_map(|named| existing(named, &paths))
            .filter(|it| *it != own)
            .collect()
    };
    files.iter().map(|file| (path_of(file), named(file))).collect()
}

/// The absolute paths of all that `code`, the module `own`, names.
fn names(code: &str, own: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (start, parents) in [("crate::", None), ("super::", Some(1)), ("self::", Some(0))] {
        for (at, _) in code.match_indices(start) {
            let braced = code[..at].ends_with("use ") && code[at..].starts_with("crate::{");
            assert!(!braced, "{own}: name one module at a time");
            let rest = &code[at + start.len()..];
            // `super::{a, b}` names two items.
            let items: Vec<&str> = match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                Some((items, _)) => items.split(',').map(str::trim).collect(),
                None => vec![rest],
            };
            for item in items {
                let is_path = |letter: &char| letter.is_alphanumeric() || *letter == '_' || *letter == ':';
                let path: String = item.chars().take_while(is_path).collect();
                let path = path.trim_matches(':').replace("::", "/");
                assert!(path.split('/').all(|part| part != "super"), "{own}: name the module with `crate::`");
                out.push(match parents {
                    None => path,
                    Some(parents) => {
                        let around: Vec<&str> = own.split('/').collect();
                        let kept = around.len().saturating_sub(parents);
                        around[..kept].iter().copied().chain([&*path]).collect::<Vec<_>>().join("/")
                    },
                });
            }
        }
    }
    out
}

/// The module that `path` is, or is in.
fn existing(mut path: String, paths: &BTreeSet<String>) -> Option<String> {
    while !paths.contains(&path) {
        path.truncate(path.rfind('/')?);
    }
    Some(path)
}

fn source(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of).join("src")
}

/// The folder of a module; in a folder of leaves, the leaf.
fn place(module: &str) -> String {
    let mut parts = module.splitn(3, '/');
    let folder = parts.next().unwrap();
    match parts.next() {
        Some(leaf) if LEAVES.contains(&folder) => format!("{folder}/{leaf}"),
        _ => folder.to_owned(),
    }
}

#[test]
fn modules_name_lower_floors_only() {
    let floor = |folder: &str| FLOORS.iter().find(|(name, _)| *name == folder.split('/').next().unwrap());
    let mut needed = BTreeSet::new();
    let mut violations = Vec::new();
    for (module, named) in modules(&source("session")) {
        if matches!(&*module, "lib" | "private" | "feature_macros") {
            continue;
        }
        let from = place(&module);
        let Some((folder, level)) = floor(&from) else {
            violations.push(format!("{module}: no floor; add its folder to the table"));
            continue;
        };
        for other in named {
            let to = place(&other);
            let Some((other_folder, other_level)) = floor(&to) else { continue };
            let fine = match folder == other_folder {
                true => from == to || !from.contains('/'),
                false => other_level < level,
            };
            match ALLOWED.iter().find(|(one, another)| (*one, *another) == (&*from, &*to)) {
                _ if fine => {},
                Some(exception) => {
                    needed.insert(exception);
                },
                None => violations.push(format!("{module} must not name {other}")),
            }
        }
    }
    assert!(violations.is_empty(), "{violations:#?}");
    let stale: Vec<_> = ALLOWED.iter().filter(|exception| !needed.contains(exception)).collect();
    assert!(stale.is_empty(), "exceptions that nothing needs: {stale:?}");
}

/// A module and its own parts count as one place: `mod.rs` declares its parts, and they extend it.
#[test]
fn modules_form_no_circle() {
    for of in ["session", "session-derive"] {
        let mut graph = modules(&source(of));
        for (module, named) in &mut graph {
            let within = |one: &str, other: &str| one.starts_with(&format!("{other}/"));
            named.retain(|other| !within(module, other) && !within(other, module) && other != "lib");
        }
        // Modules that name nothing, or only such ones, are in no circle: what is left when all of them are gone is
        // one.
        loop {
            let free: BTreeSet<String> =
                graph.iter().filter(|(_, named)| named.is_empty()).map(|(module, _)| module.clone()).collect();
            if free.is_empty() {
                break;
            }
            graph.retain(|module, _| !free.contains(module));
            graph.values_mut().for_each(|named| named.retain(|other| !free.contains(other)));
        }
        assert!(graph.is_empty(), "{of}: a circle, and what leads to it: {graph:#?}");
    }
}

#[test]
fn the_root_of_the_crate_holds_three_files() {
    let mut files: Vec<_> = std::fs::read_dir(source("session"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(files, ["feature_macros.rs", "lib.rs", "private.rs"]);
}

pub(crate) fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}
