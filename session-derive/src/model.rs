//! A session type in which nothing is wrong: what [`check`](crate::check) makes and [`expand`](crate::expand) takes.

use proc_macro2::Ident;
use syn::{Attribute, Expr, Path, Type, Visibility};

pub(crate) use crate::parse::Merge;

pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) krate: Path,
    pub(crate) name: String,
    pub(crate) version: u32,
    /// Seconds.
    pub(crate) idle: Option<u64>,
    pub(crate) absolute: Option<u64>,
    pub(crate) fields: Vec<Field>,
    /// The struct itself is not one that can be made: it is expanded only so that its uses raise no further errors.
    pub(crate) hollow: bool,
}

pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) docs: Vec<Attribute>,
    /// The name without `r#`.
    pub(crate) name: String,
    /// What accessors are named after, without `r#`.
    pub(crate) accessor: String,
    pub(crate) default: Option<Expr>,
    pub(crate) into: bool,
    /// `None` for a field that is not stored.
    pub(crate) stored: Option<Stored>,
}

pub(crate) struct Stored {
    /// Among the stored fields.
    pub(crate) index: usize,
    pub(crate) key: String,
    pub(crate) user: bool,
    pub(crate) rotate: bool,
    pub(crate) survive: Survive,
    pub(crate) conflict: Conflict,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survive {
    Neither,
    Login,
    Both,
}

pub(crate) enum Conflict {
    LastWriter,
    Reject,
    Merge(Merge),
}

impl Model {
    pub(crate) fn user(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.stored.as_ref().is_some_and(|stored| stored.user))
    }
}

impl Field {
    /// The `T` of an `Option<T>`.
    pub(crate) fn option(&self) -> Option<&Type> {
        option(&self.ty)
    }

    pub(crate) fn is_counter(&self) -> bool {
        self.stored.as_ref().is_some_and(|stored| matches!(stored.conflict, Conflict::Merge(Merge::Counter)))
    }
}

/// The `T` of a type that is spelled `Option<T>`, under whatever path.
pub(crate) fn option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(syn::GenericArgument::Type(inner)) if arguments.args.len() == 1 => Some(inner),
        _ => None,
    }
}

/// `CamelCase` to `snake_case`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut out = String::new();
    let mut before = None::<char>;
    let mut rest = name.chars().peekable();
    while let Some(letter) = rest.next() {
        let starts_word = before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit())
            || (before.is_some_and(char::is_uppercase) && rest.peek().is_some_and(|next| next.is_lowercase()));
        if letter.is_uppercase() && starts_word {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
        before = Some(letter);
    }
    out
}
