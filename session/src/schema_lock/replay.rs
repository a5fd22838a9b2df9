//! Loads the samples of earlier releases with the code as it is now.

use std::error::Error as _;
use std::fmt::Write as _;

use super::release::decode_sample;
use crate::base::error::Error;
use crate::data::codec::Codec;
use crate::data::lock_grammar::Release;
use crate::data::payload::{Edit, Payload};
use crate::data::schema::SchemaData;
use crate::data::schema::legacy::keeping_reasons;
use crate::data::schema::reader::SectionReader;

/// Loads a session that consists of a release's samples, for each of `releases`.
///
/// # Errors
///
/// Every field that cannot be loaded, by release.
pub(super) fn replay<'a, S: SchemaData>(releases: impl Iterator<Item = &'a Release<'a>>) -> Result<(), String> {
    let mut losses = String::new();
    for release in releases {
        let (name, version) = (S::SECTION.name, release.version);
        let codec = Codec::of_name(release.codec())
            .ok_or_else(|| format!("version {version} of session `{name}`: unknown codec `{}`", release.codec()))?;
        let samples: Vec<_> = release.samples().map(|(key, sample)| (key, decode_sample(codec, sample))).collect();
        let stored = Payload::default().edited(samples.iter().map(|(key, value)| Edit {
            section: name,
            version,
            codec: codec.tag(),
            key,
            value: value.as_deref(),
        }));
        let section = stored.as_ref().and_then(|stored| stored.section(name));
        let problems = match keeping_reasons(|| SectionReader::unchecked::<S>(section)) {
            Ok((_, problems)) => problems.iter().map(|problem| with_cause(problem.error())).collect(),
            Err(error) => vec![with_cause(&error)],
        };
        if !problems.is_empty() {
            let _ = writeln!(losses, "a session `{name}` that version {version} stored loses data:");
            for problem in problems {
                let _ = writeln!(losses, "  {problem}");
            }
        }
    }
    if losses.is_empty() { Ok(()) } else { Err(losses) }
}

/// The error and its cause. The cause may quote the value, which is safe here: samples are not secret.
fn with_cause(error: &Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
