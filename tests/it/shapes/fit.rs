//! Checks whether a stored value fits a shape exactly: no member is missing, and none is unknown.

use serde_json::{Map, Value};
use session::{Member, Shape, Tagging, Variant};

/// Checks that `value` fits `shape`, or returns why it does not.
pub(super) fn fits(shape: &Shape, value: &Value) -> Result<(), String> {
    fit(shape, value, &[])
}

/// The enclosing recursive shapes with their ids, innermost last.
type Enclosing<'a> = [(&'a str, &'a Shape)];

fn fit(shape: &Shape, value: &Value, enclosing: &Enclosing<'_>) -> Result<(), String> {
    let yes = match (shape, value) {
        (Shape::Unit, Value::Null) | (Shape::Bool, Value::Bool(_)) | (Shape::Opaque(_) | Shape::Described(_), _) => {
            true
        },
        (Shape::Integer(name), Value::Number(number)) => integer(name, &number.to_string()),
        (Shape::Float(_), Value::Number(_)) => true,
        (Shape::Char, Value::String(text)) => text.chars().count() == 1,
        (Shape::Str | Shape::Text { .. }, Value::String(_)) => true,
        (Shape::Bytes, Value::Array(items)) => items.iter().all(|item| item.as_u64().is_some_and(|byte| byte < 256)),
        (Shape::Optional(_), Value::Null) => true,
        (Shape::Optional(inner) | Shape::Redacted(inner), value) => return fit(inner, value, enclosing),
        (Shape::Seq(item), Value::Array(items)) => return each(item, items, enclosing),
        (Shape::Set(item), Value::Array(items)) => {
            return if (1..items.len()).any(|at| items[at..].contains(&items[at - 1])) {
                Err("a duplicate".into())
            } else {
                each(item, items, enclosing)
            };
        },
        (Shape::Array(item, len), Value::Array(items)) if items.len() == *len => return each(item, items, enclosing),
        (Shape::Tuple(shapes), Value::Array(items)) if items.len() == shapes.len() => {
            return shapes.iter().zip(items).try_for_each(|(shape, item)| fit(shape, item, enclosing));
        },
        (Shape::Map { key, value }, Value::Object(entries)) => {
            return entries.iter().try_for_each(|(name, found)| {
                fit_key(key, name, enclosing)?;
                fit(value, found, enclosing)
            });
        },
        (Shape::Struct(members), Value::Object(found)) => return object(members, found, &[], enclosing),
        (Shape::Enum { tagging, variants }, value) => return one_of(*tagging, variants, value, enclosing),
        (Shape::Recursive { id, shape }, value) => {
            return fit(shape, value, &[enclosing, &[(id, shape)]].concat());
        },
        (Shape::Back(id), value) => {
            let level = enclosing
                .iter()
                .rposition(|(other, _)| other == id)
                .ok_or("a reference to a shape that does not enclose it")?;
            return fit(enclosing[level].1, value, &enclosing[..=level]);
        },
        _ => false,
    };
    if yes { Ok(()) } else { Err(format!("{value} is not a {}", shape.text().as_str())) }
}

fn integer(name: &str, number: &str) -> bool {
    let (nonzero, name) = match name.strip_prefix("nonzero ") {
        Some(name) => (true, name),
        None => (false, name),
    };
    let fits = match name {
        "u8" => number.parse::<u8>().is_ok(),
        "u16" => number.parse::<u16>().is_ok(),
        "u32" => number.parse::<u32>().is_ok(),
        "u64" => number.parse::<u64>().is_ok(),
        "u128" => number.parse::<u128>().is_ok(),
        "i8" => number.parse::<i8>().is_ok(),
        "i16" => number.parse::<i16>().is_ok(),
        "i32" => number.parse::<i32>().is_ok(),
        "i64" => number.parse::<i64>().is_ok(),
        "i128" => number.parse::<i128>().is_ok(),
        _ => false,
    };
    fits && !(nonzero && number == "0")
}

fn each(shape: &Shape, items: &[Value], enclosing: &Enclosing<'_>) -> Result<(), String> {
    items.iter().try_for_each(|item| fit(shape, item, enclosing))
}

/// Keys of a JSON object are text; numbers and booleans are parsed first.
fn fit_key(shape: &Shape, key: &str, enclosing: &Enclosing<'_>) -> Result<(), String> {
    let parsed = serde_json::from_str(key).ok().filter(|value: &Value| value.is_number() || value.is_boolean());
    fit(shape, &key.into(), enclosing).or_else(|reason| fit(shape, &parsed.ok_or(reason)?, enclosing))
}

fn object(
    members: &[Member],
    found: &Map<String, Value>,
    other: &[&str],
    enclosing: &Enclosing<'_>,
) -> Result<(), String> {
    for member in members {
        match found.get(member.name) {
            Some(value) => {
                fit(member.shape, value, enclosing).map_err(|reason| format!("{}: {reason}", member.name))?
            },
            None if member.optional => {},
            None => return Err(format!("{} is missing", member.name)),
        }
    }
    let known = |name: &str| other.contains(&name) || members.iter().any(|member| member.name == name);
    match found.keys().find(|name| !known(name)) {
        Some(unknown) => Err(format!("{unknown} is not a member")),
        None => Ok(()),
    }
}

fn one_of(tagging: Tagging, variants: &[Variant], value: &Value, enclosing: &Enclosing<'_>) -> Result<(), String> {
    let find =
        |name: &str| variants.iter().find(|variant| variant.name == name).ok_or(format!("{name} is not a variant"));
    let text = |name| value.get(name).and_then(Value::as_str).ok_or(format!("no {name}"));
    match (tagging, value) {
        (Tagging::External, Value::String(name)) => {
            let variant = find(name)?;
            if variant.content.is_none() { Ok(()) } else { Err(format!("{name} has no content")) }
        },
        (Tagging::External, Value::Object(object)) if object.len() == 1 => {
            let (name, value) = object.iter().next().unwrap();
            fit(find(name)?.content.ok_or(format!("{name} has content"))?, value, enclosing)
        },
        (Tagging::Internal { tag }, Value::Object(found)) => match find(text(tag)?)?.content {
            Some(Shape::Struct(members)) => object(members, found, &[tag], enclosing),
            None => object(&[], found, &[tag], enclosing),
            // Content that is an object too, such as a map.
            Some(shape) => {
                let mut rest = found.clone();
                rest.remove(tag);
                fit(shape, &rest.into(), enclosing)
            },
        },
        (Tagging::Adjacent { tag, content }, Value::Object(found)) => {
            let inner = find(text(tag)?)?.content;
            match (inner, found.get(content)) {
                (None, None) => object(&[], found, &[tag], enclosing),
                (Some(shape), Some(value)) => {
                    object(&[], found, &[tag, content], enclosing)?;
                    fit(shape, value, enclosing)
                },
                _ => Err(format!("{content} is present without content, or missing")),
            }
        },
        _ => Err(format!("{value} is not an enum")),
    }
}
