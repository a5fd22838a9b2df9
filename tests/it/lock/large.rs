//! Large types compile, in a time that grows in proportion to their size.

use std::fmt::Write as _;

use super::Scratch;

/// A crate with an enum of `variants` variants, whose names differ at the end only and are in no order.
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

/// The shape and the comparison with the lock are constants: the compiler gives up on a constant that takes too long.
#[test]
fn three_hundred_variants() {
    let scratch = Scratch::locked_with(&code(1, 299));
    assert!(scratch.check().is_empty());
    scratch.write("src/lib.rs", &code(2, 301));
    assert!(scratch.check().is_empty(), "two variants more");
    scratch.write("src/lib.rs", &code(2, 298));
    assert!(scratch.check().iter().any(|complaint| complaint.message.contains("would lose data")), "one variant less");
}
