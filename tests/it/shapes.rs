//! Shapes describe stored values: encoded values fit the shape of their type, and samples of a shape can be decoded.

mod derived;
mod fit;
mod foreign;
mod serde_rules;
mod standard;
mod text;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use session::SessionValue;

use self::fit::fits;

/// Checks the text of the shape of `T`, that its sample can be decoded and encodes to itself, and that `values` fit the
/// shape.
#[track_caller]
fn check<T>(text: &str, values: impl IntoIterator<Item = T>)
where
    T: SessionValue + Serialize + DeserializeOwned + Send + 'static,
{
    assert_eq!(T::SHAPE.text().as_str(), text);
    let sample = T::SHAPE.sample();
    fits(T::SHAPE, &sample).unwrap_or_else(|reason| panic!("the sample {sample} does not fit {text}: {reason}"));
    let read: T = serde_json::from_value(sample.clone()).unwrap_or_else(|error| panic!("{sample} for {text}: {error}"));
    assert_eq!(stored(read), sample, "{text}: the sample encodes to another value");
    for value in values {
        let value = stored(value);
        fits(T::SHAPE, &value).unwrap_or_else(|reason| panic!("{value} does not fit {text}: {reason}"));
    }
}

/// What a session stores of `value`. Only there a secret is not masked.
#[track_caller]
fn stored<T: Serialize + DeserializeOwned + Send + 'static>(value: T) -> serde_json::Value {
    let mut json = Vec::new();
    // A `Mutex` is as its content, and `Sync`.
    session::__private::Storable::encode(&std::sync::Mutex::new(value), session::__private::Codec::Json, &mut json)
        .unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// Checks that `value` does not fit the shape of `T`.
#[track_caller]
fn refuses<T: SessionValue + Debug>(value: serde_json::Value) {
    let text = T::SHAPE.text();
    assert!(fits(T::SHAPE, &value).is_err(), "{value} fits {}", text.as_str());
}
