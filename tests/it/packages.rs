//! The two packages contain what they need when they are unpacked alone, and the repository has no more than it should.

use std::path::{Path, PathBuf};

const PACKAGES: [&str; 2] = ["session", "session-derive"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The value of `key = "value"` at the beginning of a line.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('=')?.trim().split('"').nth(1))
}

#[test]
fn the_top_level_has_seven_names() {
    let entries = std::fs::read_dir(root()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let beside = ["Cargo.lock", "LICENSE-MIT", "target"];
    let mut names: Vec<_> = names.filter(|name| !name.starts_with('.') && !beside.contains(&&**name)).collect();
    names.sort();
    assert_eq!(names, ["Cargo.toml", "README.md", "examples", "session", "session-derive", "tests", "ui-tests"]);
}

#[test]
fn each_has_the_licence() {
    let licence = read(&root().join("LICENSE-MIT"));
    for package in PACKAGES {
        let copy = root().join(package).join("LICENSE-MIT");
        assert!(copy.symlink_metadata().unwrap().is_file(), "{}: a copy, not a link", copy.display());
        assert_eq!(read(&copy), licence, "{}", copy.display());
    }
}

#[test]
fn readme_links_lead_into_the_package() {
    for package in PACKAGES {
        let folder = root().join(package);
        let readme = read(&folder.join("README.md"));
        for link in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap();
            let inside = path.contains("://") || path.is_empty() || !path.contains("..") && folder.join(path).is_file();
            assert!(inside, "{package}/README.md links to {link}, which is not in the package");
        }
    }
}

/// The package's README is the one that a registry shows, so it has the same first program.
#[test]
fn the_two_readmes_have_one_quick_start() {
    let quick_start = |text: &str| {
        let section = text.split("\n## ").find(|section| section.starts_with("Quick start\n"));
        section.unwrap().replace("](session/docs/", "](docs/")
    };
    let top = read(&root().join("README.md"));
    assert_eq!(quick_start(&top), quick_start(&read(&root().join("session/README.md"))));
}

#[test]
fn included_files_are_in_the_package() {
    let mut included = 0;
    for package in PACKAGES {
        let folder = root().join(package);
        let mut files = Vec::new();
        crate::layering::collect(&folder.join("src"), &mut files);
        for file in files {
            let text = read(&file);
            for path in text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let path = file.parent().unwrap().join(path);
                let target = path.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert!(target.starts_with(&folder), "{} includes {}", file.display(), target.display());
                included += 1;
            }
        }
    }
    assert!(included > 5, "the source includes files");
}

/// The only compiler that this workspace is built with is the oldest one that it claims to support. A claim of an older
/// one would not be tested.
#[test]
fn the_least_rust_version_is_the_one_of_the_checks() {
    let least = read(&root().join("Cargo.toml"));
    let least = value(&least, "rust-version").unwrap();
    let checks = read(&root().join(".ci/run"));
    assert!(checks.contains(&format!("\nRUST={least}\n")), ".ci/run checks with Rust {least}");
    for member in ["session", "session-derive", "tests", "ui-tests", "examples"] {
        let manifest = read(&root().join(member).join("Cargo.toml"));
        assert!(manifest.contains("\nrust-version.workspace = true\n"), "{member}/Cargo.toml inherits `rust-version`");
    }
    // Clippy compares the standard library's items with `rust-version`, unless its own setting is another one.
    assert!(!read(&root().join(".clippy.toml")).contains("msrv"));
}
