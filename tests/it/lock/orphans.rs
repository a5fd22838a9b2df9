//! A struct that has no lock although others have one: it is new, it was renamed, or the file was deleted.

use super::{FIRST, Scratch};

const RENAMED: (&str, &str) = ("pub struct Shop", "pub struct Store");
const SECOND: &str = "\n#[derive(Session)]\npub struct Wishlist {\n    pub items: Vec<String>,\n}\n";

#[test]
fn a_renamed_struct_is_detected() {
    let scratch = Scratch::locked();
    let lock = scratch.lock();
    scratch.edit(&[RENAMED]);
    assert!(scratch.check().is_empty(), "it may be new");
    let (ok, output) = scratch.test("");
    assert!(!ok && output.contains("session `store` has no lock: there is no sessions/store.lock"), "{output}");
    for way in ["#[session(name = \"shop\")]", "SESSION_LOCK=write cargo test", "#[session(lock = off)]"] {
        assert!(output.contains(way), "{way} in {output}");
    }
    scratch.edit(&[RENAMED, ("version = 1", "version = 1, name = \"shop\"")]);
    assert!(scratch.check().is_empty() && scratch.test("").0);
    assert_eq!(scratch.lock(), lock);
}

#[test]
fn a_new_struct_needs_a_lock_and_a_deleted_lock_is_detected() {
    let scratch = Scratch::locked();
    let both = format!("{FIRST}{SECOND}");
    scratch.write("src/lib.rs", &both);
    let (ok, output) = scratch.test("");
    assert!(!ok && output.contains("session `wishlist` has no lock") && output.contains("1 passed"), "{output}");
    scratch.write("src/lib.rs", &both.replace("pub struct Wishlist", "#[session(lock = off)]\npub struct Wishlist"));
    assert!(scratch.test("").0, "it has opted out");
    scratch.write("src/lib.rs", &both);
    assert!(scratch.test("write").0 && scratch.test("").0, "each has a lock");
    std::fs::remove_file(scratch.path("sessions/shop.lock")).unwrap();
    let (ok, output) = scratch.test("");
    assert!(!ok && output.contains("session `shop` has no lock") && output.contains("restore it"), "{output}");
    std::fs::remove_file(scratch.path("sessions/wishlist.lock")).unwrap();
    // Without any lock, the package does not use locks.
    scratch.write("src/lib.rs", &format!("{both}\n"));
    assert!(scratch.test("").0);
}

/// The types of an integration test are not those of the package.
#[test]
fn integration_tests_and_examples_need_no_lock() {
    let scratch = Scratch::locked();
    let test = format!("use session::Session;\n{SECOND}\n#[test]\nfn one() {{}}\n");
    scratch.write("tests/one.rs", &test);
    scratch.write("examples/two.rs", &format!("use session::Session;\n{SECOND}\nfn main() {{}}\n"));
    let output = scratch.cargo(&["test"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
