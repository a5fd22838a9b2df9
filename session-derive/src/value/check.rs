//! Raw to model. Every mistake is reported. The model is made in any case: the stub is expanded from it.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, Fields, GenericParam, LitStr, Type};

use super::case::Case;
use super::model::{Content, Form, Member, Model, Tagging, Variant};
use super::parse::{Raw, RawMember, RawVariant};
use super::recursion::marked;
use crate::check::krate;
use crate::diag::Errors;
use crate::parse::{first_borrow, peel};
use crate::spelling::spelled;

/// Words that make the form of a type unknown.
const TYPE_HIDDEN: &[(&str, &str)] = &[
    ("untagged", "an `untagged` enum is stored without the name of its variant"),
    ("remote", "`remote` describes another type"),
    ("field_identifier", "a `field_identifier` is read but not written"),
    ("variant_identifier", "a `variant_identifier` is read but not written"),
];

/// Words that do not require `opaque` by themselves, but exclude codecs that write no names.
const READ_BY_NAME: &[(&str, &str)] = &[("untagged", ""), ("tag", ""), ("flatten", ""), ("skip_serializing_if", "")];

/// Words that make the form of a variant unknown.
const VARIANT_HIDDEN: &[(&str, &str)] = &[
    ("untagged", "an `untagged` variant is stored without its name"),
    ("with", "the stored form of `with` is not known"),
    ("serialize_with", "the stored form of `serialize_with` is not known"),
    ("deserialize_with", "the stored form of `deserialize_with` is not known"),
];

/// Words that make the form of a member unknown.
const MEMBER_HIDDEN: &[(&str, &str)] = &[
    ("with", "the stored form of `with` is not known"),
    ("serialize_with", "the stored form of `serialize_with` is not known"),
    ("deserialize_with", "the stored form of `deserialize_with` is not known"),
    ("getter", "the stored form of a `getter` is not known"),
];

/// The model of `raw`.
pub(super) fn check(raw: &Raw<'_>, errors: &mut Errors) -> Model {
    let input = raw.input;
    let krate = krate(&raw.krate, errors);
    check_lifetimes(raw, errors);
    let mut checker = Checker { raw, recursive: false, words: HashSet::new(), errors };
    let form = checker.form();
    let Checker { recursive, words, .. } = checker;
    let parameters = input.generics.type_params().map(|parameter| &parameter.ident);
    let bounded = parameters.filter(|ident| words.contains(ident)).cloned().collect();
    Model { ident: input.ident.clone(), generics: input.generics.clone(), krate, form, recursive, bounded }
}

fn check_lifetimes(raw: &Raw<'_>, errors: &mut Errors) {
    for param in &raw.input.generics.params {
        if let GenericParam::Lifetime(param) = param {
            let lifetime = &param.lifetime;
            errors.on(
                lifetime,
                format!(
                    "values in a session must own their data; remove the lifetime `{lifetime}` (use `String` for \
                     `&str`, `Vec<T>` for `&[T]`)"
                ),
            );
        }
    }
}

struct Checker<'a> {
    raw: &'a Raw<'a>,
    recursive: bool,
    /// All identifiers in the types whose shape is needed.
    words: HashSet<Ident>,
    errors: &'a mut Errors,
}

/// How the stored names of members are made.
#[derive(Clone, Copy)]
struct Naming {
    case: Option<Case>,
    /// Whether every member has a default.
    default: bool,
}

impl Checker<'_> {
    fn form(&mut self) -> Form {
        let Raw { input, serde, opaque, members, .. } = self.raw;
        let name = spelled(&input.ident);
        if opaque.is_given() {
            return Form::Content(if self.is_described() { Content::Described(name) } else { Content::Opaque(name) });
        }
        let unknown = Form::Content(Content::Opaque(name));
        if let Some((word, reason)) = serde.any(TYPE_HIDDEN) {
            self.errors.on(&word.key, format!("{reason}; also write `#[session(opaque)]` on `{}`", input.ident));
            return unknown;
        }
        if let Some(ty) = self.converted() {
            return self.content(&ty).map_or(unknown, Form::Content);
        }
        let naming = Naming { case: serde.case("rename_all", self.errors), default: serde.has("default") };
        match &input.data {
            Data::Union(data) => {
                self.errors.on(data.union_token, "serde cannot store a union; write an enum");
                unknown
            },
            Data::Enum(_) => self.variants(naming),
            Data::Struct(_) if serde.has("transparent") => self.transparent(),
            Data::Struct(data) => {
                if let Some(word) = serde.find("tag") {
                    self.errors.on(
                        &word.key,
                        format!(
                            "`tag` on a struct adds a member that is never read; remove it, or also write \
                             `#[session(opaque)]` on `{}`",
                            input.ident
                        ),
                    );
                }
                self.inside(&data.fields, members, naming).unwrap_or(Form::Unit)
            },
        }
    }

    /// Whether serde reads it by the names in it, as far as this derive can see.
    fn is_described(&self) -> bool {
        let Raw { serde, members, variants, .. } = self.raw;
        let inner = variants.iter().flat_map(|variant| &variant.members).chain(members);
        serde.any(READ_BY_NAME).is_some()
            || variants.iter().any(|variant| variant.serde.has("untagged"))
            || inner.into_iter().any(|member| member.serde.any(READ_BY_NAME).is_some())
    }

    /// The type in `into`, which must be the same as in `from` or `try_from`.
    fn converted(&mut self) -> Option<Type> {
        let serde = &self.raw.serde;
        let into = serde.text("into");
        let from = serde.text("from").or_else(|| serde.text("try_from"));
        match (into, from) {
            (None, None) => None,
            (Some(into), Some(from)) if into.value() == from.value() => into.parse().ok(),
            (Some(at), _) | (None, Some(at)) => {
                self.errors.on(
                    at,
                    format!(
                        "the stored type must be the one that is read: `into` and `from` (or `try_from`) must name the \
                         same type; if that is not possible, also write `#[session(opaque)]` on `{}`",
                        self.raw.input.ident
                    ),
                );
                Some(syn::parse_quote!(()))
            },
        }
    }

    /// The one member that is stored, by serde's rule.
    fn transparent(&mut self) -> Form {
        let members = self.raw.members.iter();
        let inner = members.filter(|member| !member.serde.skipped(self.errors) && !is_phantom(&member.field.ty));
        let inner: Vec<_> = inner.collect();
        let inner = inner.iter().find(|member| !member.serde.has("default")).or(inner.first());
        // Without one, serde reports an error.
        inner.and_then(|member| self.member_content(member)).map_or(Form::Unit, Form::Content)
    }

    fn variants(&mut self, naming: Naming) -> Form {
        let Raw { serde, variants, .. } = self.raw;
        let fields = serde.case("rename_all_fields", self.errors);
        let text = |key| serde.text(key).map(LitStr::value);
        let tagging = match (text("tag"), text("content")) {
            (Some(tag), Some(content)) => Tagging::Adjacent { tag, content },
            (Some(tag), None) => Tagging::Internal { tag },
            (None, _) => Tagging::External,
        };
        let mut names = HashSet::new();
        let variants = variants.iter().filter_map(|variant| self.variant(variant, naming.case, fields, &mut names));
        Form::Enum(tagging, variants.collect())
    }

    fn variant(
        &mut self,
        raw: &RawVariant<'_>,
        case: Option<Case>,
        fields: Option<Case>,
        names: &mut HashSet<String>,
    ) -> Option<Variant> {
        let RawVariant { variant, serde, members, cfg } = raw;
        if let Some(cfg) = cfg {
            self.errors.on(cfg, GATED);
        }
        if serde.skipped(self.errors) {
            return None;
        }
        if let Some((word, reason)) = serde.any(VARIANT_HIDDEN) {
            let ident = &self.raw.input.ident;
            self.errors.on(&word.key, format!("{reason}; also write `#[session(opaque)]` on `{ident}`"));
            return None;
        }
        let own = variant.ident.unraw().to_string();
        let name = serde.rename(&own, self.errors);
        let name = name.unwrap_or_else(|| case.map_or_else(|| own.clone(), |case| case.of_variant(&own)));
        if !names.insert(name.clone()) {
            self.errors.on(&variant.ident, format!("two variants are stored as `{name}`; rename one of them"));
        }
        let naming = Naming { case: serde.case("rename_all", self.errors).or(fields), default: false };
        let form = match (&variant.fields, members.as_slice()) {
            // Serde treats it as a variant without content.
            (Fields::Unnamed(_), [only]) if only.serde.skipped(self.errors) => None,
            (fields, members) => self.inside(fields, members, naming),
        };
        Some(Variant { name, form })
    }

    /// The form of what is in braces or parentheses. `None` without them.
    fn inside(&mut self, fields: &Fields, members: &[RawMember<'_>], naming: Naming) -> Option<Form> {
        Some(match (fields, members) {
            (Fields::Unit, _) => return None,
            (Fields::Unnamed(_), [only]) => match only.serde.find("skip") {
                Some(word) => {
                    self.errors.on(
                        &word.key,
                        "a struct with one unnamed value is stored as that value, so serde stores it although it is \
                         skipped; write a struct without members, or one with named members",
                    );
                    return None;
                },
                None => Form::Content(self.member_content(only)?),
            },
            (Fields::Unnamed(_), members) => {
                let items = members.iter().filter_map(|member| {
                    self.check_place(member);
                    if member.serde.skipped(self.errors) { None } else { self.member_content(member) }
                });
                Form::Tuple(items.collect())
            },
            (Fields::Named(_), members) => {
                let mut names = HashSet::new();
                Form::Struct(members.iter().filter_map(|member| self.member(member, naming, &mut names)).collect())
            },
        })
    }

    /// A value that is found by its position must always be stored.
    fn check_place(&mut self, member: &RawMember<'_>) {
        if let Some(word) = member.serde.find("skip_serializing_if") {
            self.errors.on(
                &word.key,
                "if this value is left out, the values after it are read in its position; remove this, or give the \
                 members names",
            );
        }
    }

    fn member(&mut self, raw: &RawMember<'_>, naming: Naming, names: &mut HashSet<String>) -> Option<Member> {
        let serde = &raw.serde;
        if serde.skipped(self.errors) {
            return None;
        }
        let ident = raw.field.ident.as_ref()?;
        if let Some(word) = serde.find("flatten") {
            self.errors.on(
                &word.key,
                format!(
                    "the stored form of `flatten` is not known here; also write `#[session(opaque)]` on `{}`, or \
                     remove `flatten`, so that the content is stored under this member's name",
                    self.raw.input.ident
                ),
            );
            return None;
        }
        let own = ident.unraw().to_string();
        let name = serde.rename(&own, self.errors);
        let name = name.unwrap_or_else(|| naming.case.map_or_else(|| own.clone(), |case| case.of_member(&own)));
        if !names.insert(name.clone()) {
            self.errors.on(ident, format!("two members are stored as `{name}`; rename one of them"));
        }
        let default = naming.default || serde.has("default");
        if let Some(word) = serde.find("skip_serializing_if").filter(|_| !default && !is_option(&raw.field.ty)) {
            self.errors.on(
                &word.key,
                "what is left out here cannot be read back, because this member has no default; write \
                 `#[serde(default)]` as well",
            );
        }
        let skipped = serde.has("skip_serializing_if");
        let aliases = serde.texts("alias");
        Some(Member { name, content: self.member_content(raw)?, optional: default || skipped, skipped, aliases })
    }

    fn member_content(&mut self, member: &RawMember<'_>) -> Option<Content> {
        if let Some(cfg) = member.cfg {
            self.errors.on(cfg, GATED);
        }
        let ty = &member.field.ty;
        if let Some(borrow) = first_borrow(ty.to_token_stream()) {
            self.errors.on(
                borrow,
                "values in a session must own their data: a borrowed one cannot be loaded from a store; use `String` \
                 for `&str`, `Vec<T>` for `&[T]`",
            );
            return None;
        }
        if member.opaque.is_given() {
            return Some(Content::Opaque(spelled(peel(ty))));
        }
        if let Some((word, reason)) = member.serde.any(MEMBER_HIDDEN) {
            self.errors.on(&word.key, format!("{reason}; also write `#[session(opaque)]` on this member"));
            return None;
        }
        self.content(ty)
    }

    fn content(&mut self, ty: &Type) -> Option<Content> {
        match marked(ty, self.raw.input) {
            Ok((tokens, found)) => {
                self.recursive |= found;
                if !is_phantom(ty) {
                    collect(tokens.clone(), &mut self.words);
                }
                Some(Content::Deep(tokens, ty.span()))
            },
            Err(error) => {
                self.errors.add(error);
                None
            },
        }
    }
}

fn collect(tokens: TokenStream, words: &mut HashSet<Ident>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => drop(words.insert(word)),
            TokenTree::Group(group) => collect(group.stream(), words),
            _ => {},
        }
    }
}

const GATED: &str = "a stored value cannot be under `#[cfg]`: the stored form would differ between builds; keep it, \
    and put its use under `#[cfg]`";

fn is_phantom(ty: &Type) -> bool {
    is_called(ty, "PhantomData")
}

/// Whether serde reads a missing value of this type as `None`.
fn is_option(ty: &Type) -> bool {
    is_called(ty, "Option")
}

fn is_called(ty: &Type, name: &str) -> bool {
    matches!(peel(ty), Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}
