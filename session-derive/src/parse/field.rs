//! The attributes of a field.

use proc_macro2::{Ident, Punct, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, Expr, LitInt, LitStr, Path, Token, Type, Visibility, token};

use super::{Entry, RawUpgrade, Slot, drain, read, upgrade, without_self};
use crate::diag::Errors;
use crate::keyword::{Level, MERGE, nearest, unknown_merge};
use crate::model::Survive;

/// A field as it was written.
pub(crate) struct RawField {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) cfg: Option<Attribute>,
    pub(crate) attributes: RawFieldAttributes,
    /// The keys of all attributes, in source order.
    pub(crate) given: Vec<Ident>,
}

/// `#[session(...)]` of a field.
#[derive(Default)]
pub(crate) struct RawFieldAttributes {
    pub(crate) default: Slot<Expr>,
    pub(crate) key: Slot<LitStr>,
    pub(crate) user: Slot<()>,
    pub(crate) rotate: Slot<()>,
    pub(crate) survive: Slot<Survive>,
    pub(crate) flash: Slot<()>,
    pub(crate) skip: Slot<()>,
    pub(crate) into: Slot<()>,
    pub(crate) conflict: Slot<LitStr>,
    pub(crate) accessor: Slot<Ident>,
    pub(crate) merge: Slot<RawMerge>,
    pub(crate) since: Slot<LitInt>,
    pub(crate) was: Vec<LitStr>,
    pub(crate) upgrades: Vec<RawUpgrade>,
    pub(crate) on_corrupt: Slot<LitStr>,
    pub(crate) opaque: Slot<()>,
    pub(crate) sample: Slot<Expr>,
}

/// The value of `merge =`.
#[derive(Clone)]
pub(crate) enum RawMerge {
    Counter,
    Union,
    Max,
    Min,
    Log(LitInt),
    With(Path),
}

/// `None` for a field without a name: the check of the struct reports it.
pub(super) fn parse(field: &syn::Field, owner: &Ident, errors: &mut Errors) -> Option<RawField> {
    let ident = field.ident.clone()?;
    let mut raw = RawFieldAttributes::default();
    let mut given = Vec::new();
    read(&field.attrs, Level::Field, errors, |entry, errors| {
        given.push(entry.key.clone());
        let key = &entry.key;
        match key.to_string().as_str() {
            "default" => raw.default.set(key, without_self(default(entry)?, owner), errors),
            "key" => raw.key.set(key, entry.string()?, errors),
            "user" => raw.user.set(key, entry.flag()?, errors),
            "rotate" => raw.rotate.set(key, entry.flag()?, errors),
            "survive" => raw.survive.set(key, survive(entry)?, errors),
            "flash" => raw.flash.set(key, entry.flag()?, errors),
            "skip" => raw.skip.set(key, entry.flag()?, errors),
            "into" => raw.into.set(key, entry.flag()?, errors),
            "conflict" => raw.conflict.set(key, entry.string()?, errors),
            "accessor" => raw.accessor.set(key, entry.name()?, errors),
            "merge" => raw.merge.set(key, merge(entry, owner, errors)?, errors),
            "since" => raw.since.set(key, entry.integer()?, errors),
            "was" => raw.was.push(entry.string()?),
            "upgrade" => raw.upgrades.extend(upgrade::parse(entry, owner, errors)?),
            "on_corrupt" => raw.on_corrupt.set(key, entry.string()?, errors),
            "opaque" => raw.opaque.set(key, entry.flag()?, errors),
            "sample" => raw.sample.set(key, without_self(expression(entry)?, owner), errors),
            _ => return Err(entry.unknown()),
        }
        Ok(())
    });
    let with_path = |path: &'static str| field.attrs.iter().filter(move |attr| attr.path().is_ident(path)).cloned();
    Some(RawField {
        ident,
        vis: field.vis.clone(),
        ty: without_self(field.ty.clone(), owner),
        docs: with_path("doc").collect(),
        cfg: with_path("cfg").next(),
        attributes: raw,
        given,
    })
}

fn default(entry: &Entry<'_>) -> syn::Result<Expr> {
    let Entry { key, input, .. } = entry;
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(
            key.span(),
            "every field already defaults to `Default::default()`; write `default = expr` for another value",
        ));
    }
    expression(entry)
}

fn expression(entry: &Entry<'_>) -> syn::Result<Expr> {
    let Entry { key, input, .. } = entry;
    entry.equals()?;
    let refused = input
        .error(format!("`{key}` takes a path, literal, call or macro; put longer code in a function and call it here"));
    // The commas in a closure would end the attribute.
    if input.peek(Token![|]) || input.peek(Token![||]) || input.peek(Token![move]) {
        while !input.is_empty() {
            input.parse::<TokenTree>()?;
        }
        return Err(refused);
    }
    match input.fork().parse() {
        Ok(expr) if is_simple(&expr) => input.parse(),
        _ => Err(refused),
    }
}

/// A list of its own: which expressions `syn` parses depends on features that another crate may turn on.
fn is_simple(expr: &Expr) -> bool {
    match expr {
        Expr::Group(group) => is_simple(&group.expr),
        Expr::Binary(_)
        | Expr::Call(_)
        | Expr::Cast(_)
        | Expr::Field(_)
        | Expr::Index(_)
        | Expr::Lit(_)
        | Expr::Macro(_)
        | Expr::MethodCall(_)
        | Expr::Paren(_)
        | Expr::Path(_)
        | Expr::Reference(_)
        | Expr::Struct(_)
        | Expr::Tuple(_)
        | Expr::Unary(_) => true,
        _ => false,
    }
}

fn survive(entry: &Entry<'_>) -> syn::Result<Survive> {
    let Entry { key, input, .. } = entry;
    if !input.peek(Token![=]) && !input.peek(token::Paren) {
        return Ok(Survive::Both);
    }
    let message = "`survive` keeps a field across login and logout, `survive = login` across login only";
    let _: Option<Token![=]> = input.parse()?;
    match input.fork().call(Ident::parse_any) {
        Ok(word) if word == "login" => {
            input.call(Ident::parse_any)?;
            Ok(Survive::Login)
        },
        _ if input.is_empty() => Err(syn::Error::new(key.span(), message)),
        _ => Err(input.error(message)),
    }
}

fn merge(entry: &Entry<'_>, owner: &Ident, errors: &mut Errors) -> syn::Result<RawMerge> {
    entry.equals()?;
    let input = entry.input;
    let Ok(strategy) = input.call(Ident::parse_any) else {
        return Err(input.error("`merge` expects the name of a strategy, like `merge = counter`"));
    };
    let mut name = strategy.unraw().to_string();
    if MERGE.iter().all(|keyword| keyword.name != name) {
        let error = syn::Error::new(strategy.span(), unknown_merge(&name));
        let Some(near) = nearest(MERGE, &name) else {
            return Err(error);
        };
        // The strategy that was meant decides which methods exist, so that their uses cause no further errors.
        errors.add(error);
        name = near.into();
    }
    match name.as_str() {
        "log" => cap(&strategy, input).map(RawMerge::Log),
        "with" => function(&strategy, input).map(|path| RawMerge::With(without_self(path, owner))),
        _ if input.peek(token::Paren) => {
            Err(input.error(format!("`{name}` takes no argument; write `merge = {name}`")))
        },
        "union" => Ok(RawMerge::Union),
        "max" => Ok(RawMerge::Max),
        "min" => Ok(RawMerge::Min),
        _ => Ok(RawMerge::Counter),
    }
}

fn cap(strategy: &Ident, input: ParseStream<'_>) -> syn::Result<LitInt> {
    const MESSAGE: &str = "`log` needs a cap: `merge = log(50)` keeps the newest 50 items";
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(strategy.span(), MESSAGE));
    }
    let content;
    let parens = syn::parenthesized!(content in input);
    let cap = content.parse().map_err(|_| match content.is_empty() {
        true => syn::Error::new(parens.span.join(), MESSAGE),
        false => content.error(MESSAGE),
    });
    finish(&content, cap)
}

fn function(strategy: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
    const MESSAGE: &str = "`with` needs a function: `merge = with(path)` calls `fn(base: T, ours: T, theirs: T) -> T`";
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(strategy.span(), MESSAGE));
    }
    let content;
    let parens = syn::parenthesized!(content in input);
    let path = content.parse().map_err(|_| match content.is_empty() {
        true => syn::Error::new(parens.span.join(), MESSAGE),
        false => content.error(MESSAGE),
    });
    finish(&content, path)
}

/// Consumes the rest of `content`, so that one mistake is not reported twice.
fn finish<T>(content: ParseStream<'_>, result: syn::Result<T>) -> syn::Result<T> {
    let rest = content.fork();
    drain(content)?;
    match result {
        Ok(_) if !rest.is_empty() => Err(rest.error("unexpected argument; remove it")),
        result => result,
    }
}

impl RawField {
    /// Its name without `r#`.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// The first `&` in its type.
    pub(crate) fn borrow(&self) -> Option<Punct> {
        first_borrow(self.ty.to_token_stream())
    }
}

/// The first `&`.
pub(crate) fn first_borrow(tokens: TokenStream) -> Option<Punct> {
    tokens.into_iter().find_map(|tree| match tree {
        TokenTree::Punct(punct) if punct.as_char() == '&' => Some(punct),
        TokenTree::Group(group) => first_borrow(group.stream()),
        _ => None,
    })
}
