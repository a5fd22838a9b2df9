//! The stored form of a struct, without a store.

use bytes::Bytes;

use crate::base::error::{Error, ErrorKind};
use crate::data::payload::{Edit, Payload};
use crate::data::schema::reader::SectionReader;
use crate::engine::handle::schema::Schema;

/// The payload of a record that holds `value`: one section, with every field in the codec of the struct.
///
/// Write the bytes to a file, and let a test of every later release read them with [`from_stored`].
///
/// ```
/// use session::Session;
/// use session::testing::{from_stored, to_stored};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// let stored = to_stored(&Shop { visits: 3 })?;
/// assert_eq!(from_stored::<Shop>(&stored)?.visits, 3);
/// # Ok::<(), session::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Unencodable`] if a field cannot be encoded, [`ErrorKind::Panicked`] if its `Serialize` panics.
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

/// The `S` in the payload of a record that this or an older release has stored, read as a request reads it: undecodable
/// or invalid values become defaults, except in fields with identity or rights. See [`to_stored`] for an example.
///
/// # Errors
///
/// Those of loading a session; [`ErrorKind::Undecodable`] if `stored` is not a payload.
pub fn from_stored<S: Schema>(stored: &[u8]) -> Result<S, Error> {
    let payload = Payload::parse(Bytes::copy_from_slice(stored));
    let payload = payload.map_err(|corrupt| Error::new(ErrorKind::Undecodable, corrupt.to_string()))?;
    SectionReader::load(payload.section(S::NAME)).map(|(value, _)| value)
}
