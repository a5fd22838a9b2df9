//! The workflow of a team, from the first lock to the third version.

use super::Scratch;

const V2: (&str, &str) = ("version = 1", "version = 2");
const V3: (&str, &str) = ("version = 1", "version = 3");
const RENAMED: (&str, &str) = ("pub nick:", "#[session(was = \"nick\")]\n    pub alias:");
const RETYPED: (&str, &str) =
    ("pub visits: u32", "#[session(upgrade(in = 3, from = u32, with = u64::from))]\n    pub visits: u64");

#[test]
fn three_versions() {
    let scratch = Scratch::new();
    assert!(scratch.check().is_empty(), "no complaint as long as there is no lock");
    let (ok, output) = scratch.test("");
    assert!(ok && output.contains("0 passed") && scratch.lock().is_empty(), "and no lock is written: {output}");

    let (ok, output) = scratch.test("write");
    assert!(ok && output.contains("1 passed"), "{output}");
    let first = scratch.lock();
    for line in ["session shop", "  cart: [{qty: u32, sku: string}]", "  merge visits counter", "  sample nick \"s\""] {
        assert!(first.contains(&format!("{line}\n")), "{line} in\n{first}");
    }
    assert!(scratch.test("").0, "the written lock matches");

    scratch.edit(&[V2, RENAMED]);
    assert!(scratch.check().is_empty());
    let (ok, output) = scratch.test("");
    assert!(!ok && output.contains("version 2 of session `shop` is not in sessions/shop.lock"), "{output}");
    assert_eq!(scratch.lock(), first, "nothing is written without being asked for");
    let (ok, output) = scratch.test("write");
    assert!(ok, "{output}");
    let second = scratch.lock();
    assert!(second.starts_with(&first), "released versions stay unchanged");

    scratch.edit(&[V3, RENAMED, RETYPED]);
    assert!(scratch.check().is_empty());
    let (ok, output) = scratch.test("write");
    assert!(ok && scratch.lock().contains("  visits@3: u64\n"), "{output}");
    assert!(scratch.test("").0);

    // Sessions of the first release may still be stored, so the fourth one must account for its fields.
    scratch.edit(&[("version = 1", "version = 4"), ("pub nick:", "pub alias:"), RETYPED]);
    let forgotten = "field `nick: string?` of version 1 is neither stored, upgraded nor reserved in version 4";
    assert!(scratch.check().iter().any(|complaint| complaint.message.contains(forgotten)));

    // The struct of an older version.
    scratch.edit(&[V2, RENAMED]);
    assert!(scratch.check().iter().any(|complaint| complaint.message.contains("versions never go back")));
}

/// A field may purge an older key that one of its upgrades reads.
#[test]
fn a_source_of_an_upgrade_can_be_purged() {
    const WIDENED: (&str, &str) =
        ("pub visits: u32", "#[session(upgrade(in = 2, from = u32, with = u64::from))]\n    pub visits: u64");
    let scratch = Scratch::locked();
    for version in ["version = 2", "version = 3, purge(\"visits\")", "version = 4, purge(\"visits\")", "version = 5"] {
        scratch.edit(&[("version = 1", version), WIDENED]);
        let complaints = scratch.check();
        assert!(complaints.is_empty(), "{version}: {complaints:#?}");
        let (ok, output) = scratch.test("write");
        assert!(ok, "{output}");
    }
    assert!(scratch.lock().contains("  reserved visits\n"));
}

#[test]
fn an_unreleased_version_is_rewritten_and_a_released_one_is_not() {
    let scratch = Scratch::locked();
    let first = scratch.lock();
    scratch.edit(&[V2, ("pub name", "#[session(since = 2)]\n    pub theme: String,\n    pub name")]);
    assert!(scratch.test("write").0);
    let released = scratch.path("released");
    std::fs::create_dir_all(&released).unwrap();
    std::fs::write(released.join("shop.lock"), &first).unwrap();

    // A correction before the release: `theme` is a number in version 2.
    let edits = [V2, ("pub name", "#[session(since = 2)]\n    pub theme: u8,\n    pub name")];
    scratch.edit(&edits);
    assert!(scratch.check()[0].message.contains("`theme` is `u8` here, but `string` in the locked version 2"));
    let (ok, output) = scratch.test("write");
    assert!(!ok && scratch.lock().contains("theme: string"), "a version is never replaced silently: {output}");
    let (ok, output) = scratch.test("diff");
    assert!(!ok, "{output}");
    let (ok, output) = scratch.test("rewrite");
    assert!(ok && scratch.lock().contains("theme: u8") && scratch.lock().starts_with(&first), "{output}");

    // Version 1 was released: the comparison with the released lock detects that it was rewritten.
    scratch.write("sessions/shop.lock", &scratch.lock().replace("sample name \"s\"", "sample name \"t\""));
    assert!(!scratch.check().is_empty(), "the checksum");
    std::fs::remove_file(scratch.path("sessions/shop.lock")).unwrap();
    scratch.edit(&[("name: String", "name: u32")]);
    assert!(scratch.test("write").0);
    let mut command = scratch.cargo(&["test", "--lib"]);
    let output = command.env("SESSION_LOCK_AGAINST", &released).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let expected = "version 1 was released, but is changed or missing here";
    assert!(!output.status.success() && text.contains(expected), "{text}");
}

/// A checkout or an editor may have changed the line ends.
#[test]
fn line_ends_do_not_count_when_locks_are_compared() {
    let scratch = Scratch::locked();
    let first = scratch.lock();
    let against =
        |folder: &str| scratch.test_with(&[("SESSION_LOCK_AGAINST", &scratch.path(folder).to_string_lossy())]);
    scratch.write("released/shop.lock", first.trim_end());
    assert!(against("released").0, "no line feed at the end");
    scratch.write("released/shop.lock", &first.replace('\n', "\r\n"));
    assert!(against("released").0, "carriage returns in the released lock");
    scratch.write("released/shop.lock", &first);
    scratch.write("sessions/shop.lock", &first.trim_end().replace('\n', "\r\n"));
    assert!(scratch.check().is_empty() && against("released").0, "carriage returns in the lock");
    scratch.edit(&[V2, RENAMED]);
    assert!(scratch.test("write").0);
    assert!(scratch.lock().starts_with(&first) && scratch.test("").0, "a release can be added to such a lock");
    let (ok, output) = against("nowhere");
    assert!(!ok && output.contains("nowhere: there is no such folder"), "{output}");
}

#[test]
fn diff_shows_the_difference() {
    let scratch = Scratch::locked();
    let (ok, output) = scratch.test("diff");
    assert!(ok, "no difference: {output}");
    scratch.edit(&[("name: String", "name: u32")]);
    let (ok, output) = scratch.test("diff");
    let shown = output.split("locked:\n").nth(1).and_then(|rest| rest.split_once("now:\n")).expect(&output);
    assert!(!ok && output.contains("sessions/shop.lock, version 1 of session `shop`"), "{output}");
    assert!(shown.0.contains("  name: string\n") && shown.1.contains("  name: u32\n"), "{output}");
    scratch.edit(&[V2, RENAMED]);
    let (ok, output) = scratch.test("diff");
    assert!(!ok && output.contains("not locked yet:\nversion 2 ") && output.contains("  alias: string?\n"), "{output}");
}

/// Code that compiles may still lose data, so the samples of every release are loaded.
#[test]
fn samples_of_all_releases_are_replayed() {
    let scratch = Scratch::locked();
    let fallible = "#[session(upgrade(in = 2, from = String, try_with = mail))]\n    pub name: Mail";
    let mail = "\n#[derive(Default, Serialize, Deserialize, SessionValue)]\npub struct Mail(String);\n\
                fn mail(text: String) -> Result<Mail, &'static str> {\n    \
                if text.contains('@') { Ok(Mail(text)) } else { Err(\"no @\") }\n}\n#[derive(Session)]";
    scratch.edit(&[V2, ("\n#[derive(Session)]", mail), ("pub name: String", fallible)]);
    assert!(scratch.check().is_empty());
    let (ok, output) = scratch.test("write");
    assert!(!ok && output.contains("a session `shop` that version 1 stored loses data"), "{output}");
    assert!(output.contains("`name`") && output.contains("no @"), "{output}");
    // A sample that looks like a real name.
    std::fs::remove_file(scratch.path("sessions/shop.lock")).unwrap();
    scratch.edit(&[("pub name", "#[session(sample = \"a@b.example\")]\n    pub name")]);
    assert!(scratch.test("write").0 && scratch.lock().contains("sample name \"a@b.example\""));
    scratch.edit(&[V2, ("\n#[derive(Session)]", mail), ("pub name: String", fallible)]);
    let (ok, output) = scratch.test("write");
    assert!(ok, "{output}");
}

/// A codec that writes no names reads the members of a nested type in order, so nothing may change there.
#[test]
fn a_positional_codec_allows_no_change_of_members() {
    const COMPACT: (&str, &str) = ("version = 1", "version = 1, codec = postcard");
    const COMPACT_V2: (&str, &str) = ("version = 1", "version = 2, codec = postcard");
    const DEFAULTED: (&str, &str) = ("qty: u32", "qty: u32,\n    #[serde(default)]\n    pub gift: bool");
    let scratch = Scratch::new();
    scratch.edit(&[COMPACT]);
    assert!(
        scratch.test("write").0 && scratch.lock().contains("cart: [{sku: string, qty: u32}]"),
        "{}",
        scratch.lock()
    );
    scratch.edit(&[COMPACT_V2]);
    assert!(scratch.check().is_empty() && scratch.test("write").0, "no change");
    std::fs::remove_file(scratch.path("sessions/shop.lock")).unwrap();
    scratch.edit(&[COMPACT]);
    assert!(scratch.test("write").0);
    for change in [DEFAULTED, ("    pub sku: String,\n    pub qty: u32,", "    pub qty: u32,\n    pub sku: String,")] {
        scratch.edit(&[COMPACT_V2, change]);
        let complaints = scratch.check();
        assert!(
            complaints[0].message.contains("`postcard` writes no names, so a reader cannot tell the two apart"),
            "{complaints:#?}"
        );
    }
    // From a codec with names to one without: the stored values have names.
    std::fs::remove_file(scratch.path("sessions/shop.lock")).unwrap();
    scratch.edit(&[]);
    assert!(scratch.test("write").0);
    scratch.edit(&[COMPACT_V2, DEFAULTED]);
    assert!(scratch.check().is_empty());
    let (ok, output) = scratch.test("write");
    assert!(ok, "{output}");
}

/// `postcard` encodes `()` as no bytes at all.
#[test]
fn a_sample_may_be_empty() {
    let scratch = Scratch::new();
    scratch.edit(&[("version = 1", "version = 1, codec = postcard"), ("name: String", "name: ()")]);
    let (ok, output) = scratch.test("write");
    assert!(ok && scratch.lock().contains("  sample name\n"), "{output}{}", scratch.lock());
    assert!(scratch.check().is_empty() && scratch.test("").0, "the lock is read back");
}

#[test]
fn published_crates_contain_their_lock_and_read_only_trees_build() {
    let scratch = Scratch::locked();
    let mut command = scratch.cargo(&["package", "--list", "--allow-dirty", "--no-verify"]);
    let output = command.output().unwrap();
    let listed = String::from_utf8_lossy(&output.stdout);
    assert!(listed.contains("sessions/shop.lock"), "{listed}{}", String::from_utf8_lossy(&output.stderr));
    let modes = |mode| {
        for name in ["sessions/shop.lock", "sessions", "src/lib.rs", "src"] {
            let path = scratch.path(name);
            let mut permissions = std::fs::metadata(&path).unwrap().permissions();
            std::os::unix::fs::PermissionsExt::set_mode(
                &mut permissions,
                if path.is_dir() { mode | 0o111 } else { mode },
            );
            std::fs::set_permissions(&path, permissions).unwrap();
        }
    };
    modes(0o444);
    let before = scratch.lock();
    assert!(scratch.check().is_empty() && scratch.test("").0);
    assert_eq!(scratch.lock(), before);
    modes(0o644);
}
