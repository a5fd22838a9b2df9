//! A struct as it is stored, without a store.

use bytes::Bytes;

use crate::base::error::{Error, ErrorKind};
use crate::data::payload::{Edit, Payload};
use crate::data::schema::reader::SectionReader;
use crate::engine::handle::schema::Schema;

/// What a record holds of an `S`: its section, each field in the codec that the struct names.
///
/// # Errors
///
/// [`ErrorKind::Unencodable`] if a field cannot be written.
pub fn to_stored<S: Schema>(value: &S) -> Result<Vec<u8>, Error> {
    let (section, version, codec) = (S::NAME, S::VERSION, S::SECTION.codec);
    let mut fields = Vec::new();
    for column in S::FIELDS {
        let mut encoded = Vec::new();
        (column.encode)(value, codec, &mut encoded)?;
        fields.push((column.field.info.key, encoded));
    }
    let edits =
        fields.iter().map(|(key, value)| Edit { section, version, codec: codec.tag(), key, value: Some(value) });
    let payload = Payload::default().edited(edits);
    Ok(payload.map(|payload| payload.as_bytes().to_vec()).unwrap_or_default())
}

/// The `S` that a record holds, whichever release has stored it. What is no good is its default.
///
/// # Errors
///
/// As loading a session does; [`ErrorKind::Undecodable`] if these are no such bytes.
pub fn from_stored<S: Schema>(stored: &[u8]) -> Result<S, Error> {
    let payload = Payload::parse(Bytes::copy_from_slice(stored));
    let payload = payload.map_err(|corrupt| Error::new(ErrorKind::Undecodable, corrupt.to_string()))?;
    SectionReader::load(payload.section(S::NAME)).map(|(value, _)| value)
}
