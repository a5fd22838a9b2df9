//! A change that the lock forbids does not compile; the message underlines the token to change and says what to write.

use super::Scratch;

/// Edits of the first release's code, the text that the compiler underlines, and a part of its message.
type Mistake = (&'static [(&'static str, &'static str)], &'static str, &'static str);

const V2: (&str, &str) = ("version = 1", "version = 2");

const MISTAKES: &[Mistake] = &[
    (&[("visits: u32", "visits: u64")], "u64", "`visits` is `u64` here, but `u32` in the locked version 1"),
    (
        &[("name: String", "name: String, pub theme: String")],
        "theme",
        "field `theme` is new, but version 1 is locked without it",
    ),
    (&[("    pub name: String,\n", "")], "1", "field `name: string` is gone, but version 1 is locked with it"),
    (&[("qty: u32", "qty: u64")], "Vec", "field `cart` no longer matches version 1 in the schema lock"),
    (&[("#[session(merge = counter)]", "")], "visits", "merged by `last writer` here, but by `counter`"),
    (&[("version = 1", "version = 1, codec = postcard")], "1", "the codec is `postcard` here, but `json`"),
    (&[("version = 1", "version = 3")], "3", "ends at version 1; the next version is 2, not 3"),
    (&[V2, ("visits: u32", "visits: u64")], "u64", "say how old values convert: `upgrade(in = 2"),
    (&[V2, ("qty: u32", "qty: u64")], "Vec", "would lose data when the other one reads them"),
    (&[V2, ("qty: u32", "qty: u32, pub gift: bool")], "Vec", "a new member needs `#[serde(default)]`"),
    (&[V2, ("    pub qty: u32,\n", "")], "Vec", "would lose data when the other one reads them"),
    (&[V2, ("    pub name: String,\n", "")], "2", "is neither stored, upgraded nor reserved in version 2"),
    (
        &[V2, ("pub nick:", "#[session(was = \"nikc\")] pub alias:")],
        "\"nikc\"",
        "no version before 2 has stored a key `nikc`; did you mean `nick`?",
    ),
    (
        &[V2, ("pub visits: u32", "#[session(upgrade(in = 2, from = u16, with = u64::from))] pub visits: u64")],
        "u16",
        "this reads key `visits` as `u16`, but version 1 stored `u32`",
    ),
    (
        &[
            V2,
            ("pub name: String", "#[session(was = \"nick\")] pub name: String"),
            ("    pub nick: Option<String>,\n", ""),
        ],
        "\"nick\"",
        "this reads key `nick` as `string`, but version 1 stored `string?`",
    ),
    (
        &[
            V2,
            (
                "pub name: String",
                "#[session(upgrade(in = 2, from(\"nmae\": String), with = convert))] pub title: String",
            ),
        ],
        "\"nmae\"",
        "did you mean `name`?",
    ),
    (&[V2, ("pub name", "#[session(since = 2)] pub name")], "name", "version 1 stored it already; write `since = 1`"),
    (
        &[("version = 1", "version = 1, lock = \"locks/none.lock\"")],
        "\"locks/none.lock\"",
        "there is no `locks/none.lock`",
    ),
    (
        &[
            ("version = 1", "version = 1, strict"),
            ("#[derive(Serialize, Deserialize, SessionValue)]", "#[derive(Serialize, Deserialize)]"),
        ],
        "Vec<Item>",
        "the stored shape of `Item` is not known",
    ),
];

#[test]
fn mistakes_do_not_compile() {
    let scratch = Scratch::locked();
    assert!(scratch.check().is_empty(), "the first release compiles");
    for (edits, underlined, part) in MISTAKES {
        scratch.edit(edits);
        let complaints = scratch.check();
        assert!(
            complaints.iter().any(|complaint| complaint.underlined == *underlined && complaint.message.contains(part)),
            "{edits:?}: expected `{part}` at `{underlined}`, got {complaints:#?}"
        );
    }
    session_tests::print_figure("mistakes against a lock", MISTAKES.len());
}

/// Locks that were edited, cut off, or merged badly, each with a part of the message.
#[test]
fn damaged_locks_do_not_compile() {
    let scratch = Scratch::locked();
    let lock = scratch.lock();
    let second = lock.split("version 1").nth(1).unwrap();
    let conflict =
        lock.replace("  name: string\n", "<<<<<<< HEAD\n  name: string\n=======\n  name: bool\n>>>>>>> theirs\n");
    let damaged = [
        (lock.replace("name: string", "name: bool"), "version 1 was changed by hand or cut off"),
        (lock[..lock.len() - 20].to_owned(), "version 1 was changed by hand or cut off"),
        (conflict, "unresolved merge conflict"),
        (String::new(), "expected `session shop`"),
        (lock.replace("session shop", "session store"), "this is the lock of session `store`, not of `shop`"),
        (format!("{lock}\nversion 3{second}"), "version 3 comes after version 1"),
        (format!("{lock}nonsense\n"), "this line is not part of a schema lock"),
        (lock.replace("  codec json", "  colour red"), "this version of `session` does not know the fact `colour red`"),
        (lock.replace("version 1 ", "version 0 "), "expected a version and a checksum"),
        (lock.replace("version 1 ", "version one "), "expected a version and a checksum"),
    ];
    for (text, part) in damaged {
        // Only the lock has changed, not the code: cargo must run the macro again.
        scratch.write("sessions/shop.lock", &text);
        let complaints = scratch.check();
        assert!(
            complaints.iter().any(|complaint| complaint.message.contains(part)),
            "expected `{part}`, got {complaints:#?}"
        );
    }
    scratch.write("sessions/shop.lock", &lock.replace('\n', "\r\n"));
    assert!(scratch.check().is_empty(), "line ends do not count");
}
