//! A field and its attributes.

use proc_macro2::TokenStream;
use syn::{Attribute, Expr, ExprPath, Ident, LitInt, LitStr, Type, Visibility};

use super::{Item, Slot, Value, items, span_of};
use crate::diag::Errors;
use crate::keyword;

/// A field as written.
pub(crate) struct RawField {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    /// The field's own doc comment.
    pub(crate) docs: Vec<Attribute>,
    pub(crate) cfg: Option<Attribute>,
    pub(crate) default: Slot<Expr>,
    pub(crate) key: Slot<LitStr>,
    pub(crate) user: Slot<()>,
    pub(crate) rotate: Slot<()>,
    pub(crate) survive: Slot<Survive>,
    pub(crate) flash: Slot<()>,
    pub(crate) skip: Slot<()>,
    pub(crate) into: Slot<()>,
    pub(crate) conflict: Slot<()>,
    pub(crate) accessor: Slot<Ident>,
    pub(crate) merge: Slot<Merge>,
}

#[derive(Clone, Copy)]
pub(crate) enum Survive {
    Login,
    Both,
}

#[derive(Clone)]
pub(crate) enum Merge {
    Counter,
    Union,
    Max,
    Min,
    Log(usize),
    With(ExprPath),
}

pub(super) fn field(field: &syn::Field, errors: &mut Errors) -> RawField {
    let named = |name: &str| {
        field.attrs.iter().filter(move |attribute| attribute.path().is_ident(name)).cloned().collect::<Vec<_>>()
    };
    let (docs, cfg) = (named("doc"), named("cfg").pop());
    let mut out = RawField {
        // Named fields only come here.
        ident: field.ident.clone().unwrap_or_else(|| Ident::new("_unnamed", span_of(&TokenStream::new()))),
        vis: field.vis.clone(),
        ty: field.ty.clone(),
        docs,
        cfg,
        default: Slot::default(),
        key: Slot::default(),
        user: Slot::default(),
        rotate: Slot::default(),
        survive: Slot::default(),
        flash: Slot::default(),
        skip: Slot::default(),
        into: Slot::default(),
        conflict: Slot::default(),
        accessor: Slot::default(),
        merge: Slot::default(),
    };
    for item in items(&field.attrs, errors) {
        out.set(&item, errors);
    }
    out
}

impl RawField {
    fn set(&mut self, item: &Item, errors: &mut Errors) {
        let key = &item.key;
        let word = key.to_string();
        match word.as_str() {
            "user" | "rotate" | "flash" | "skip" | "into" => {
                let slot = match word.as_str() {
                    "user" => &mut self.user,
                    "rotate" => &mut self.rotate,
                    "flash" => &mut self.flash,
                    "skip" => &mut self.skip,
                    _ => &mut self.into,
                };
                if item.flag(errors) {
                    slot.put(key, (), errors);
                }
            },
            "survive" => match &item.value {
                Value::Flag => self.survive.put(key, Survive::Both, errors),
                _ => match item.ident("survive = login", errors) {
                    Some(when) if when == "login" => self.survive.put(key, Survive::Login, errors),
                    Some(when) => errors
                        .at(when, "expected `login`; write `survive` alone to keep the field across login and logout"),
                    None => {},
                },
            },
            "default" => {
                let Value::Is { tokens, .. } = &item.value else {
                    return errors.at(key, "every field already defaults to `Default::default()`; write `default = expr` for another value");
                };
                match syn::parse2::<Expr>(tokens.clone()) {
                    Ok(expr) => self.default.put(key, expr, errors),
                    Err(_) if tokens.is_empty() => errors.at(key, "`default` needs a value, like `default = 20`"),
                    Err(_) => errors.at(tokens, "`default` takes a literal, path, call or macro; put longer code in a function and name it here"),
                }
            },
            "key" => {
                let Some(text) = item.string("key = \"v\"", errors) else {
                    return;
                };
                let value = text.value();
                let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
                if value.is_empty() || value.len() > 64 || value.starts_with('_') || !value.bytes().all(fits) {
                    errors.at(text, "a stored key holds 1 to 64 of a-z, A-Z, 0-9, `_` and `-`, and does not start with `_`: the framework uses the others");
                } else {
                    self.key.put(key, text, errors);
                }
            },
            "conflict" => {
                let Some(text) = item.string("conflict = \"reject\"", errors) else {
                    return;
                };
                match text.value().as_str() {
                    "reject" => self.conflict.put(key, (), errors),
                    _ => errors.at(text, "expected \"reject\"; without `conflict`, the later request's value stays"),
                }
            },
            "accessor" => {
                if let Some(name) = item.ident("accessor = other_name", errors) {
                    self.accessor.put(key, name, errors);
                }
            },
            "merge" => {
                if let Some(merge) = merge(item, errors) {
                    self.merge.put(key, merge, errors);
                }
            },
            other => errors.at(key, keyword::unknown("field", other)),
        }
    }
}

fn merge(item: &Item, errors: &mut Errors) -> Option<Merge> {
    let tokens = item.tokens("merge = counter", errors)?;
    let (name, arguments) = match syn::parse2::<Expr>(tokens.clone()) {
        Ok(Expr::Path(path)) => (path.path.get_ident().cloned(), None),
        Ok(Expr::Call(call)) => match &*call.func {
            Expr::Path(path) => (path.path.get_ident().cloned(), Some(call.args.clone())),
            _ => (None, None),
        },
        _ => (None, None),
    };
    let Some(name) = name else {
        errors.at(tokens, format!("expected one of: {}", keyword::list(keyword::MERGE)));
        return None;
    };
    let argument = arguments.as_ref().filter(|arguments| arguments.len() == 1).and_then(|arguments| arguments.first());
    let plain = |merge: Merge, errors: &mut Errors| {
        if let Some(arguments) = &arguments {
            errors.at(arguments, format!("`{name}` takes no arguments"));
            return None;
        }
        Some(merge)
    };
    match name.to_string().as_str() {
        "counter" => plain(Merge::Counter, errors),
        "union" => plain(Merge::Union, errors),
        "max" => plain(Merge::Max, errors),
        "min" => plain(Merge::Min, errors),
        "log" => {
            let cap = argument
                .and_then(|argument| syn::parse2::<LitInt>(quote::quote!(#argument)).ok())
                .and_then(|cap| cap.base10_parse().ok());
            match cap {
                Some(cap @ 1..) => return Some(Merge::Log(cap)),
                Some(_) => {
                    errors.at(argument, "`log(0)` would keep nothing; write how many of the newest items to keep")
                },
                None => errors.at(&name, "`log` needs a cap: `merge = log(50)` keeps the newest 50 items"),
            }
            None
        },
        "with" => match argument {
            Some(Expr::Path(path)) => Some(Merge::With(path.clone())),
            _ => {
                errors.at(&name, "`with` needs the path of a function: `merge = with(join)` calls `fn join(base: T, mine: T, theirs: T) -> T`");
                None
            },
        },
        other => {
            let hint = keyword::nearest(other, keyword::MERGE);
            errors.at(
                &name,
                match hint {
                    Some(near) => {
                        format!("unknown merge strategy `{other}`; did you mean `{near}`?")
                    },
                    None => {
                        format!("unknown merge strategy `{other}`\nexpected one of: {}", keyword::list(keyword::MERGE))
                    },
                },
            );
            None
        },
    }
}
