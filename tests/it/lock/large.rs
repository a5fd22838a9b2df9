//! What is large compiles, in a time that grows with it.

use std::fmt::Write as _;

use super::Scratch;

/// An enum of as many variants, whose names are hard to tell apart and in no order.
fn code(version: u32, variants: usize) -> String {
    let names = (0..variants).fold(String::new(), |mut names, number| {
        let _ = writeln!(names, "    OneOfManyVariants{:03},", number * 177 % variants);
        names
    });
    format!(
        "use serde::{{Deserialize, Serialize}};\nuse session::{{Session, SessionValue}};\n\n\
         #[derive(Serialize, Deserialize, SessionValue, Default)]\npub enum Many {{\n    #[default]\n{names}}}\n\n\
         #[derive(Session)]\n#[session(version = {version})]\npub struct Shop {{\n    pub many: Vec<Many>,\n}}\n"
    )
}

/// With the lock, and against it: each is a constant that the compiler computes, and gives up where it takes too long.
#[test]
fn three_hundred_variants() {
    let scratch = Scratch::locked_with(&code(1, 299));
    assert!(scratch.check().is_empty());
    scratch.write("src/lib.rs", &code(2, 301));
    assert!(scratch.check().is_empty(), "two more");
    scratch.write("src/lib.rs", &code(2, 298));
    assert!(scratch.check().iter().any(|complaint| complaint.message.contains("one of them loses")), "one less");
}
