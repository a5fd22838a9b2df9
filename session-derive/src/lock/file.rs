//! The lock file, line by line.
//!
//! ```text
//! session shop
//!
//! version 1 9ae16a3b2f90404f
//!   codec json
//!   cart: [{qty: u32, sku: string}]
//!   visits: u32
//!   merge visits counter
//!   reserved coupon
//!   sample visits 1
//! ```
//!
//! Behind a version stands a checksum of the lines below it: what was released does not change any more.

/// What every release has stored, oldest first.
pub(super) struct LockFile {
    pub(super) releases: Vec<Release>,
}

/// What one release has stored.
#[derive(Default)]
pub(super) struct Release {
    pub(super) version: u32,
    pub(super) codec: String,
    /// Keys and the text of what is under them.
    pub(super) fields: Vec<(String, String)>,
    /// Keys and how parallel changes of them are merged.
    pub(super) merges: Vec<(String, String)>,
    /// Keys that were given up.
    pub(super) reserved: Vec<String>,
}

impl Release {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == key).map(|(_, text)| text.as_str())
    }

    pub(super) fn merge(&self, key: &str) -> Option<&str> {
        self.merges.iter().find(|(known, _)| known == key).map(|(_, strategy)| strategy.as_str())
    }
}

/// A line's number, from 1, and what is wrong with it.
type Problem = (usize, String);

/// Reads the lock of the session `name`.
pub(super) fn parse(text: &str, name: &str) -> Result<LockFile, Problem> {
    let mut releases: Vec<Release> = Vec::new();
    let mut session = None;
    let mut sum = Sum::default();
    for (index, line) in text.lines().enumerate() {
        let wrong = |problem: String| Err((index + 1, problem));
        let line = line.trim_end();
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|marker| line.starts_with(marker)) {
            return wrong(
                "an unresolved merge conflict; keep both releases, the later one with the next version".into(),
            );
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(fact) = line.strip_prefix("  ") {
            let Some(release) = releases.last_mut() else {
                return wrong("expected `session ...`, then `version ...`".into());
            };
            sum.add(fact);
            if let Err(problem) = read(fact, release) {
                return wrong(problem);
            }
        } else if let Some(given) = line.strip_prefix("session ") {
            if given != name {
                return wrong(format!("this is the lock of session `{given}`, not of `{name}`"));
            }
            session = Some(given);
        } else if let Some(header) = line.strip_prefix("version ") {
            sum.check()?;
            let Some((version, stated)) = version(header) else {
                return wrong("expected a version and a checksum; restore the line".into());
            };
            if let Some(last) = releases.last()
                && version != last.version + 1
            {
                return wrong(format!(
                    "version {version} comes after version {}; restore what was there",
                    last.version
                ));
            }
            sum = Sum::of(version, stated, index + 1);
            releases.push(Release { version, codec: "json".into(), ..Release::default() });
        } else {
            return wrong("this line is no part of a lock; restore what was there".into());
        }
    }
    sum.check()?;
    match session {
        Some(_) => Ok(LockFile { releases }),
        None => Err((1, format!("expected `session {name}`; the file is empty or cut off: restore it"))),
    }
}

fn version(header: &str) -> Option<(u32, u64)> {
    let (version, sum) = header.split_once(' ')?;
    Some((version.parse().ok().filter(|version| *version > 0)?, u64::from_str_radix(sum, 16).ok()?))
}

fn read(fact: &str, release: &mut Release) -> Result<(), String> {
    let unknown = || format!("`{fact}` is no part of a lock that this version of `session` knows");
    let (word, rest) = fact.split_once(' ').ok_or_else(unknown)?;
    if let Some(key) = word.strip_suffix(':') {
        release.fields.push((key.into(), rest.into()));
        return Ok(());
    }
    match word {
        "codec" => release.codec = rest.into(),
        "reserved" => release.reserved.push(rest.into()),
        "merge" => {
            let (key, strategy) = rest.split_once(' ').ok_or_else(unknown)?;
            release.merges.push((key.into(), strategy.into()));
        },
        // What the generated test replays.
        "sample" => {},
        _ => return Err(unknown()),
    }
    Ok(())
}

/// The checksum of a release's lines: FNV-1a with 64 bits.
#[derive(Default)]
struct Sum {
    /// The version, what stands behind it, and in which line.
    stated: Option<(u32, u64, usize)>,
    value: u64,
}

impl Sum {
    fn of(version: u32, stated: u64, line: usize) -> Self {
        Self { stated: Some((version, stated, line)), value: 0xcbf2_9ce4_8422_2325 }
    }

    fn add(&mut self, line: &str) {
        for byte in line.bytes().chain([b'\n']) {
            self.value = (self.value ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn check(&self) -> Result<(), Problem> {
        match self.stated {
            Some((version, stated, line)) if stated != self.value => Err((
                line,
                format!(
                    "version {version} was changed by hand or cut off; restore it, or, if it was never released, \
                     `SESSION_LOCK=rewrite cargo test`"
                ),
            )),
            _ => Ok(()),
        }
    }
}
