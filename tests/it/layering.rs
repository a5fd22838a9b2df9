//! The house has five floors: a module names only lower ones, or its own folder.

use std::path::Path;

/// Module (a longer path wins), and its floor.
const FLOORS: &[(&str, u32)] = &[
    ("clock", 0),
    ("error", 0),
    ("redact", 0),
    ("payload", 1),
    ("fingerprint", 1),
    ("record", 1),
    ("merge", 1),
    ("token", 1),
    ("schema", 1),
    ("codec", 1),
    ("invalid", 1),
    ("lock", 1),
    ("switches", 1),
    ("shape", 1),
    ("store", 2),
    ("cookie", 2),
    ("keys", 2),
    ("seal", 2),
    ("delta", 3),
    ("line", 3),
    ("config", 3),
    ("contest", 3),
    ("manager", 3),
    ("request", 3),
    ("tracked", 3),
    ("sessions", 3),
    ("sweeper", 3),
    ("uncancelled", 3),
    ("update", 3),
    ("users", 3),
    ("store/file", 4),
    ("store/layered", 4),
    ("store/memory", 4),
    ("store/opendal", 4),
    ("store/redis", 4),
    ("store/sql", 4),
    ("store/sealed", 4),
    ("store/wrap", 4),
    ("tower", 4),
    ("axum", 4),
    ("testing", 4),
    ("values", 4),
];

/// Within a floor, who may name whom beside its own folder.
const ALLOWED: &[(&str, &str)] = &[
    ("axum", "tower"),
    ("record", "payload"),
    ("record", "token"),
    ("schema", "payload"),
    ("schema", "fingerprint"),
    ("schema", "codec"),
    ("schema", "invalid"),
    ("schema", "lock"),
    ("schema", "shape"),
    ("lock", "schema"),
    ("lock", "shape"),
    ("lock", "payload"),
    ("lock", "codec"),
    ("payload", "codec"),
    ("codec", "fingerprint"),
    ("seal", "keys"),
    ("store", "cookie"),
    ("line", "delta"),
    ("config", "delta"),
    ("manager", "config"),
    ("manager", "contest"),
    ("manager", "delta"),
    ("manager", "line"),
    ("request", "manager"),
    ("request", "delta"),
    ("request", "line"),
    ("request", "config"),
    ("tracked", "request"),
    ("request", "uncancelled"),
    ("tracked", "uncancelled"),
    ("tracked", "update"),
    ("tracked", "delta"),
    ("update", "contest"),
    ("update", "delta"),
    ("update", "line"),
    ("update", "manager"),
    ("update", "request"),
    ("update", "tracked"),
    ("update", "uncancelled"),
    ("sessions", "config"),
    ("sessions", "manager"),
    ("sessions", "delta"),
    ("sweeper", "manager"),
    ("sweeper", "sessions"),
    ("users", "sessions"),
    // The alias `Session<S>` needs the type that is behind it.
    ("schema", "tracked"),
];

fn floor(module: &str) -> Option<(&'static str, u32)> {
    let fits = |name: &str| module == name || module.starts_with(&format!("{name}/"));
    FLOORS.iter().copied().filter(|(name, _)| fits(name)).max_by_key(|(name, _)| name.len())
}

#[test]
fn modules_name_lower_floors_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../session/src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let mut violations = Vec::new();
    for file in files {
        let module = file.strip_prefix(&root).unwrap().with_extension("");
        let module = module.to_string_lossy().replace("/mod", "");
        if matches!(&*module, "lib" | "private") {
            continue;
        }
        let Some((own, level)) = floor(&module) else {
            violations.push(format!("{module}: no floor; add it to the table"));
            continue;
        };
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (number, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            if line.contains("use crate::{") || line.contains("super::super") {
                violations.push(format!("{module}:{}: name one module at a time", number + 1));
            }
            for path in line.match_indices("crate::").map(|(at, _)| &line[at + 7..]) {
                let named: String = path
                    .chars()
                    .take_while(|letter| letter.is_alphanumeric() || *letter == '_' || *letter == ':')
                    .collect();
                let named = named.replace("::", "/");
                let Some((other, other_level)) = floor(&named) else {
                    continue;
                };
                let folder = own.split('/').next() == other.split('/').next();
                let fine = folder
                    || other_level < level
                    || (other_level == level && ALLOWED.contains(&(own, other)))
                    || ALLOWED.contains(&(own, other));
                if !fine {
                    violations.push(format!(
                        "{module}:{}: {own} (floor {level}) must not name {other} (floor {other_level})",
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn no_file_is_long_and_none_is_unfinished() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in ["session", "session-derive", "tests", "ui-tests", "examples"] {
        collect(&root.join(folder), &mut files);
    }
    assert!(files.len() > 30);
    let marks = ["TO", "DO"].concat();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.lines().count() <= 500, "{}: over 500 lines", file.display());
        assert!(!text.contains(&marks), "{}: unfinished", file.display());
    }
}

fn collect(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}
