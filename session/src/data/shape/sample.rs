//! Samples of a shape. The schema lock stores them, to test later whether new code still reads values of the old shape.

use serde_json::{Map, Value};

use super::{Member, Shape, Tagging, Variant};

impl Shape {
    /// A value of this shape, as JSON, with a value for every member.
    ///
    /// It fits the shape, but a type that checks its values when it decodes them may refuse it. The result is `null` if
    /// no value can be made, because a part that must be present is opaque.
    ///
    /// ```
    /// # use session::SessionValue;
    /// assert_eq!(<(String, Option<u32>)>::SHAPE.sample(), serde_json::json!(["s", 1]));
    /// ```
    pub fn sample(&self) -> Value {
        sample(self).unwrap_or(Value::Null)
    }
}

/// Returns `None` if the value would have to contain an opaque value, or itself.
fn sample(shape: &Shape) -> Option<Value> {
    Some(match shape {
        Shape::Unit => Value::Null,
        Shape::Bool => true.into(),
        Shape::Integer(_) => 1.into(),
        Shape::Float(_) => 0.5.into(),
        Shape::Char => "c".into(),
        Shape::Str => "s".into(),
        Shape::Bytes => vec![1].into(),
        Shape::Text { sample, .. } => (*sample).into(),
        Shape::Optional(inner) => sample(inner).unwrap_or(Value::Null),
        Shape::Seq(item) | Shape::Set(item) => Value::Array(sample(item).into_iter().collect()),
        Shape::Array(_, 0) => Value::Array(Vec::new()),
        Shape::Array(item, len) => vec![sample(item)?; *len].into(),
        Shape::Map { key, value } => {
            let entry = sample(key).and_then(as_key).zip(sample(value));
            Value::Object(entry.into_iter().collect())
        },
        Shape::Tuple(items) => items.iter().map(|item| sample(item)).collect::<Option<Vec<_>>>()?.into(),
        Shape::Struct(members) => object(members)?.into(),
        Shape::Enum { tagging, variants } => variants.iter().find_map(|of| variant(*tagging, of))?,
        Shape::Redacted(inner) | Shape::Recursive { shape: inner, .. } => sample(inner)?,
        Shape::Opaque(_) | Shape::Described(_) | Shape::Back(_) => return None,
    })
}

fn object(members: &[Member]) -> Option<Map<String, Value>> {
    let mut object = Map::new();
    for member in members {
        match sample(member.shape) {
            Some(value) => {
                object.insert(member.name.into(), value);
            },
            None if member.optional => {},
            None => return None,
        }
    }
    Some(object)
}

fn variant(tagging: Tagging, of: &Variant) -> Option<Value> {
    let content = of.content.map(sample);
    let mut object = Map::new();
    match (tagging, content) {
        (_, Some(None)) => return None,
        (Tagging::External, None) => return Some(of.name.into()),
        (Tagging::External, Some(Some(content))) => {
            object.insert(of.name.into(), content);
        },
        (Tagging::Internal { tag }, content) => {
            object.insert(tag.into(), of.name.into());
            match content.flatten() {
                None | Some(Value::Null) => {},
                Some(Value::Object(members)) => object.extend(members),
                // Serde cannot write such a variant.
                Some(_) => return None,
            }
        },
        (Tagging::Adjacent { tag, content: name }, content) => {
            object.insert(tag.into(), of.name.into());
            if let Some(content) = content.flatten() {
                object.insert(name.into(), content);
            }
        },
    }
    Some(object.into())
}

/// A value as the key of a JSON object, which is text.
fn as_key(key: Value) -> Option<String> {
    match key {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}
