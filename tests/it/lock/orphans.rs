//! A struct whose lock is not there, although others have one: it is new, or renamed, or the file was deleted.

use super::{FIRST, Scratch};

const RENAMED: (&str, &str) = ("pub struct Shop", "pub struct Store");
const SECOND: &str = "\n#[derive(Session)]\npub struct Wishlist {\n    pub items: Vec<String>,\n}\n";

#[test]
fn a_renamed_struct_is_noticed() {
    let scratch = Scratch::locked();
    let lock = scratch.lock();
    scratch.edit(&[RENAMED]);
    assert!(scratch.check().is_empty(), "it may be a new one");
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
fn a_new_struct_is_asked_for_its_lock_and_a_deleted_one_is_missed() {
    let scratch = Scratch::locked();
    let both = format!("{FIRST}{SECOND}");
    scratch.write("src/lib.rs", &both);
    let (ok, output) = scratch.test("");
    assert!(!ok && output.contains("session `wishlist` has no lock") && output.contains("1 passed"), "{output}");
    scratch.write("src/lib.rs", &both.replace("pub struct Wishlist", "#[session(lock = off)]\npub struct Wishlist"));
    assert!(scratch.test("").0, "it shall have none");
    scratch.write("src/lib.rs", &both);
    assert!(scratch.test("write").0 && scratch.test("").0, "two with a lock each");
    std::fs::remove_file(scratch.path("sessions/shop.lock")).unwrap();
    let (ok, output) = scratch.test("");
    assert!(!ok && output.contains("session `shop` has no lock") && output.contains("restore it"), "{output}");
    std::fs::remove_file(scratch.path("sessions/wishlist.lock")).unwrap();
    // Nothing says that there ever was one.
    scratch.write("src/lib.rs", &format!("{both}\n"));
    assert!(scratch.test("").0);
}

/// Types of an integration test are not the package's.
#[test]
fn tests_of_the_package_are_left_in_peace() {
    let scratch = Scratch::locked();
    let test = format!("use session::Session;\n{SECOND}\n#[test]\nfn one() {{}}\n");
    scratch.write("tests/one.rs", &test);
    scratch.write("examples/two.rs", &format!("use session::Session;\n{SECOND}\nfn main() {{}}\n"));
    let output = scratch.cargo(&["test"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
