//! The grammar of schema locks. Both packages have the same file, which needs nothing of them.

use crate::harness::Target;

#[path = "../../session/src/data/lock_grammar.rs"]
mod lock_grammar;

use self::lock_grammar::{Fact, Release, escape, is_bare_name, parse, read_name, write_file, write_release};

fn facts<'a>(releases: &'a [Release<'a>]) -> Vec<(u32, &'a [Fact<'a>])> {
    releases.iter().map(|release| (release.version, &*release.facts)).collect()
}

/// The lock with the right checksums, so that it is read to its end: FNV-1a over the facts, each with a line feed.
fn repaired(text: &str) -> String {
    let mut repaired: Vec<String> = Vec::new();
    let mut release: Option<(usize, u64)> = None;
    for full in text.lines() {
        let line = full.trim_end();
        if line.starts_with("version ") {
            release = Some((repaired.len(), 0xcbf2_9ce4_8422_2325));
        } else if let (Some((_, sum)), Some(fact)) =
            (&mut release, line.strip_prefix("  ").filter(|_| !line.is_empty()))
        {
            for byte in fact.bytes().chain([b'\n']) {
                *sum = (*sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        repaired.push(full.to_owned());
        if let Some((header, sum)) = release {
            let number = repaired[header].split(' ').nth(1).unwrap_or_default();
            repaired[header] = format!("version {number} {sum:016x}");
        }
    }
    repaired.join("\n")
}

fn check(text: &str) -> String {
    let releases = match parse(text, "shop") {
        Ok(releases) => releases,
        Err(damage) => {
            assert!((1..=text.lines().count().max(1)).contains(&damage.line), "{damage:?}");
            return damage.message.replace(char::is_numeric, "").chars().take(20).collect();
        },
    };
    for (index, release) in releases.iter().enumerate() {
        assert_eq!(release.version, releases[0].version + u32::try_from(index).unwrap(), "no version is left out");
    }
    let kept = write_file("shop", &releases.iter().map(Release::text).collect::<Vec<_>>());
    let again = parse(&kept, "shop").expect("a lock is kept as it is");
    assert_eq!(facts(&again), facts(&releases));
    assert_eq!(write_file("shop", &again.iter().map(Release::text).collect::<Vec<_>>()), kept);
    let texts: Vec<String> = releases.iter().map(|release| write_release(release.version, &release.facts)).collect();
    let written = write_file("shop", &texts);
    assert_eq!(facts(&parse(&written, "shop").expect("facts are read back")), facts(&releases));
    format!("{} {}", releases.len(), releases.iter().map(|release| release.facts.len()).sum::<usize>())
}

/// A lock that is read is written with the same facts, comments or not; a damage is in a line of the file.
#[test]
fn lock() {
    let words = [
        "version ",
        "session shop",
        "  ",
        "codec ",
        "merge ",
        "reserved ",
        "sample ",
        ": ",
        "\n",
        "\r\n",
        "#",
        "<<<<<<<",
        " ",
        "visits",
        "0",
        "1",
        "\u{a0}",
        "+",
    ];
    let facts = [
        Fact::Codec("postcard"),
        Fact::Field { key: "unit", shape: "()" },
        Fact::Merge { key: "visits", strategy: "counter" },
        Fact::Reserved("coupon"),
        Fact::Sample { key: "unit", value: "" },
    ];
    let target = Target::new("lock", &words)
        .seed(write_file("shop", &[write_release(1, &facts), write_release(2, &facts[..2])]))
        .seed(include_str!("../../examples/sessions/shop.lock"));
    target.inputs(3_000).run(|input| {
        let text = String::from_utf8_lossy(input);
        let _ = check(&text);
        check(&repaired(&text))
    });
}

/// A quoted name is read back, whatever follows it; a bare name is the same with quotes or without.
#[test]
fn lock_name() {
    let target =
        Target::new("lock_name", &["\"", "\\", "\\x", "\\x41", "\n", "ö", "\u{7f}", "a"]).seed("größe").seed("a-b");
    target.inputs(20_000).run(|input| {
        let name = String::from_utf8_lossy(input);
        let mut quoted = vec![b'"'];
        for byte in name.bytes() {
            let (bytes, count) = escape(byte);
            quoted.extend_from_slice(&bytes[..count]);
        }
        let quoted = String::from_utf8(quoted).unwrap() + "\": u32";
        assert_eq!(read_name(&quoted), Some((name.clone().into_owned(), ": u32")));
        if is_bare_name(name.as_bytes()) {
            assert_eq!(read_name(&name), Some((name.clone().into_owned(), "")));
        }
        match read_name(&name) {
            Some((_, rest)) => assert!(name.ends_with(rest)),
            None => assert!(!is_bare_name(name.as_bytes())),
        }
        format!("{:?}", read_name(&name).map(|(name, rest)| (name.len().min(4), rest.len().min(4))))
    });
}
