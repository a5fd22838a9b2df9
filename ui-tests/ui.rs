//! Compiler errors as a user sees them: `fail/<kind>/<case>.rs`, and the compiler's output beside it.
//!
//! `TRYBUILD=overwrite cargo test -p session-ui-tests` rewrites the outputs. Check that each one points at the user's
//! own code and says what to write instead.

use std::fs;
use std::process::Command;

/// The output differs between compiler versions, so the files belong to one of them.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn ui() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("a compiler");
    let version = String::from_utf8_lossy(&version.stdout);
    if !version.starts_with(COMPILER) {
        eprintln!("ignored: the outputs are those of {COMPILER}x, this is {version}");
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*/*.rs");
    // Runs the cases, and panics if one of them is not as it should be.
    drop(cases);
    let complaints = fs::read_dir("fail").expect("the cases").map(|folder| folder.expect("a folder").path());
    let files = complaints.flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let mistakes = files.filter(|file| file.as_ref().is_ok_and(|file| file.path().extension() == Some("rs".as_ref())));
    println!("figure: mistakes = {}", mistakes.count());
}
