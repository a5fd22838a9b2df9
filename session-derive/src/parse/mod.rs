//! The input with its spans. Parsing is lenient: it reports a mistake, skips the value, and reads on.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Data, DeriveInput, Expr, Lit, LitInt, LitStr, Meta, Token, Type, Visibility, token};

pub(crate) use self::container::{RawAttributes, RawLock};
pub(crate) use self::field::{RawField, RawMerge, first_borrow};
pub(crate) use self::upgrade::{RawSource, RawUpgrade};
use crate::diag::Errors;
use crate::keyword::Level;

mod container;
mod field;
mod upgrade;

/// The struct as it was written.
pub(crate) struct Raw<'a> {
    pub(crate) vis: &'a Visibility,
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a syn::Generics,
    pub(crate) data: &'a Data,
    pub(crate) attributes: RawAttributes,
    /// Empty unless it is a struct with named fields.
    pub(crate) fields: Vec<RawField>,
}

/// Reads a struct and all attributes in it.
pub(crate) fn parse<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Raw<'a> {
    let DeriveInput { attrs, vis, ident, generics, data, .. } = input;
    let attributes = container::parse(attrs, errors);
    let fields = match data {
        Data::Struct(data) => data.fields.iter().collect(),
        _ => Vec::new(),
    };
    let fields = fields.into_iter().filter_map(|field| field::parse(field, ident, errors)).collect();
    Raw { vis, ident, generics, data, attributes, fields }
}

/// A value and the key it was given with.
pub(crate) struct Spanned<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

/// An attribute that may be given once.
pub(crate) struct Slot<T>(Option<Spanned<T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    /// Stores the first value, and reports a second one.
    pub(crate) fn set(&mut self, key: &Ident, value: T, errors: &mut Errors) {
        match &self.0 {
            Some(_) => errors.on(key, format!("duplicate `{key}`; remove one of them")),
            None => self.0 = Some(Spanned { key: key.clone(), value }),
        }
    }

    pub(crate) fn get(&self) -> Option<&Spanned<T>> {
        self.0.as_ref()
    }

    pub(crate) fn value(&self) -> Option<&T> {
        self.0.as_ref().map(|spanned| &spanned.value)
    }

    fn into_value(self) -> Option<T> {
        self.0.map(|spanned| spanned.value)
    }

    pub(crate) fn is_given(&self) -> bool {
        self.0.is_some()
    }
}

/// One `key`, and the stream after it.
pub(crate) struct Entry<'a> {
    level: Level,
    pub(crate) key: Ident,
    input: ParseStream<'a>,
}

impl Entry<'_> {
    fn example(&self) -> &'static str {
        self.level.example(&self.key.to_string())
    }

    pub(crate) fn unknown(&self) -> syn::Error {
        syn::Error::new(self.key.span(), self.level.unknown(&self.key.unraw().to_string()))
    }

    /// Checks that the key has no value.
    pub(crate) fn flag(&self) -> syn::Result<()> {
        if self.input.peek(Token![=]) || self.input.peek(token::Paren) {
            let key = &self.key;
            return Err(self.input.error(format!("`{key}` is a flag and takes no value; write `{key}`")));
        }
        Ok(())
    }

    /// Consumes the `=` before a value.
    fn equals(&self) -> syn::Result<()> {
        let Self { key, input, .. } = self;
        let example = self.example();
        if input.parse::<Option<Token![=]>>()?.is_none() {
            return Err(syn::Error::new(key.span(), format!("`{key}` needs a value; write `{example}`")));
        }
        if input.is_empty() || input.peek(Token![,]) {
            return Err(syn::Error::new(key.span(), format!("`{key} =` needs a value; write `{example}`")));
        }
        Ok(())
    }

    fn value<T: Parse>(&self, what: &str) -> syn::Result<T> {
        self.equals()?;
        let token: TokenTree = self.input.fork().parse()?;
        let expected = format!("`{}` expects {what}, like `{}`", self.key, self.example());
        self.input.parse().map_err(|_| syn::Error::new_spanned(token, expected))
    }

    fn integer(&self) -> syn::Result<LitInt> {
        self.value("an integer")
    }

    pub(crate) fn string(&self) -> syn::Result<LitStr> {
        self.value("a string")
    }

    fn name(&self) -> syn::Result<Ident> {
        self.value("a name without quotes")
    }

    /// One or more strings in parentheses.
    fn strings(&self) -> syn::Result<Vec<LitStr>> {
        let Self { key, input, .. } = self;
        let example = self.example();
        if !input.peek(token::Paren) {
            return Err(syn::Error::new(key.span(), format!("`{key}` needs names in parentheses; write `{example}`")));
        }
        let content;
        let parens = syn::parenthesized!(content in input);
        let names =
            content.parse_terminated(<LitStr as Parse>::parse, Token![,]).map_err(|_| match content.is_empty() {
                true => {
                    syn::Error::new(parens.span.join(), format!("`{key}` needs names in quotes; write `{example}`"))
                },
                false => content.error(format!("`{key}` needs names in quotes; write `{example}`")),
            });
        drain(&content)?;
        match names {
            Ok(names) if names.is_empty() => {
                Err(syn::Error::new(parens.span.join(), format!("`{key}` needs at least one name; write `{example}`")))
            },
            names => Ok(names?.into_iter().collect()),
        }
    }
}

/// Reads every `#[session(...)]`, and passes each `key` in them to `entry`.
pub(crate) fn read(
    attrs: &[Attribute],
    level: Level,
    errors: &mut Errors,
    mut entry: impl FnMut(&Entry<'_>, &mut Errors) -> syn::Result<()>,
) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("session")) {
        match &attr.meta {
            Meta::List(list) if matches!(list.delimiter, syn::MacroDelimiter::Paren(_)) => {
                let result = list.parse_args_with(|input: ParseStream<'_>| {
                    read_list(input, level, errors, &mut entry);
                    Ok(())
                });
                if let Err(error) = result {
                    errors.add(error);
                }
            },
            meta => errors.on(meta, "attributes go in parentheses; write `#[session(...)]`"),
        }
    }
}

fn read_list(
    input: ParseStream<'_>,
    level: Level,
    errors: &mut Errors,
    entry: &mut impl FnMut(&Entry<'_>, &mut Errors) -> syn::Result<()>,
) {
    while !input.is_empty() {
        if let Err(error) = read_entry(input, level, errors, entry) {
            errors.add(error);
            skip_to_comma(input);
        }
        if input.parse::<Option<Token![,]>>().is_ok_and(|comma| comma.is_some()) || input.is_empty() {
            continue;
        }
        errors.add(input.error("expected `,` before this"));
        skip_to_comma(input);
        let _: syn::Result<Token![,]> = input.parse();
    }
}

fn read_entry(
    input: ParseStream<'_>,
    level: Level,
    errors: &mut Errors,
    entry: &mut impl FnMut(&Entry<'_>, &mut Errors) -> syn::Result<()>,
) -> syn::Result<()> {
    if !input.peek(Ident::peek_any) {
        let example = level.keywords().first().map_or("", |keyword| keyword.example);
        return Err(input.error(format!("expected the name of an attribute, as in `{example}`")));
    }
    let key = input.call(Ident::parse_any)?;
    entry(&Entry { level, key, input }, errors)
}

/// Consumes the rest of `input`, so that one mistake is not reported twice.
fn drain(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// Skips to the next entry.
fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) && input.parse::<TokenTree>().is_ok() {}
}

/// The type without the invisible delimiters that macros put around their arguments, and without parentheses.
pub(crate) fn peel(mut ty: &Type) -> &Type {
    while let Type::Group(syn::TypeGroup { elem, .. }) | Type::Paren(syn::TypeParen { elem, .. }) = ty {
        ty = elem;
    }
    ty
}

/// Whether `expr` is a literal whose type is inferred: a number (with a minus or without), `true`, a character.
pub(crate) fn is_plain_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(literal) => {
            matches!(literal.lit, Lit::Int(_) | Lit::Float(_) | Lit::Bool(_) | Lit::Char(_) | Lit::Byte(_))
        },
        Expr::Unary(unary) => matches!(unary.op, syn::UnOp::Neg(_)) && is_plain_literal(&unary.expr),
        Expr::Group(group) => is_plain_literal(&group.expr),
        _ => false,
    }
}

/// `tokens` with the struct's name in place of `Self`: the expansion repeats them where `Self` is another type.
fn without_self<T: Parse + ToTokens>(tokens: T, ident: &Ident) -> T {
    syn::parse2(replace_self(tokens.to_token_stream(), ident)).unwrap_or(tokens)
}

fn replace_self(tokens: TokenStream, ident: &Ident) -> TokenStream {
    let replace = |tree| match tree {
        TokenTree::Ident(word) if word == "Self" => {
            let mut name = ident.clone();
            name.set_span(word.span());
            TokenTree::Ident(name)
        },
        TokenTree::Group(group) => {
            let mut replaced = Group::new(group.delimiter(), replace_self(group.stream(), ident));
            replaced.set_span(group.span());
            TokenTree::Group(replaced)
        },
        other => other,
    };
    tokens.into_iter().map(replace).collect()
}
