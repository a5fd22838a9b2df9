//! The public API of `session`, with all features, as a text to review: `api/session.txt`.
//!
//! `UPDATE_EXPECT=1 cargo test -p session-ui-tests --test api` writes the file anew. A line that is gone or has changed
//! breaks users; its change belongs into `session/CHANGELOG.md`.
//!
//! The text is made of what rustdoc knows: names as users reach them, signatures after macro expansion, trait
//! implementations. Blanket and auto trait implementations are left out, and so are the functions of an implementation,
//! which are those of the trait. rustdoc's JSON output is not stable, so one compiler owns it, and that compiler has to
//! be told that unstable options are wanted. It runs as docs.rs does, with `--cfg docsrs`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use expect_test::expect_file;

/// The release whose JSON format `public-api` reads.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn public_api() {
    let version = Command::new("rustc").arg("--version").output().expect("a compiler");
    let version = String::from_utf8_lossy(&version.stdout);
    if !version.starts_with(COMPILER) {
        eprintln!("ignored: the format is that of {COMPILER}x, this is {version}");
        return;
    }
    let api = public_api::Builder::from_rustdoc_json(rustdoc_json())
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .expect("the JSON format of this compiler");
    expect_file!["api/session.txt"].assert_eq(&reviewed(&api.to_string()));
}

fn reviewed(api: &str) -> String {
    let mut text = String::new();
    let mut of_a_trait = false;
    for line in api.lines() {
        let is_impl = line.starts_with("impl");
        let is_function = ["pub fn ", "pub async fn ", "pub const fn "].iter().any(|start| line.starts_with(start));
        if is_impl || !is_function {
            of_a_trait = is_impl && line.contains(" for ");
        }
        let is_left_out = of_a_trait && is_function || line.contains("StructuralPartialEq");
        if !is_left_out {
            text += line;
            text.push('\n');
        }
    }
    text
}

fn rustdoc_json() -> std::path::PathBuf {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // Only rustdoc is told: build scripts that see the variable build their crates differently.
    let rustdoc = scratch.join("rustdoc-unstable");
    fs::write(&rustdoc, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n").expect("a script");
    fs::set_permissions(&rustdoc, fs::Permissions::from_mode(0o755)).expect("a script that can be run");
    let target = scratch.parent().expect("the target directory");
    let output = Command::new(env!("CARGO"))
        .args(["rustdoc", "--package", "session", "--lib", "--all-features", "--locked", "--target-dir"])
        .arg(target)
        .args(["--", "--cfg", "docsrs", "-Zunstable-options", "--output-format=json"])
        .env("RUSTDOC", rustdoc)
        .output()
        .expect("cargo");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    target.join("doc/session.json")
}
