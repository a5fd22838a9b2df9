//! The comparison of a struct with its lock, as far as the code alone decides it. What depends on types becomes an
//! [`Assertion`] for the compiler.

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned as _;
use syn::{GenericArgument, LitStr, PathArguments, Type};

use super::lock_grammar::{LAST_WRITER, Release};
use super::{Mode, shape};
use crate::diag::Errors;
use crate::keyword::nearest_of;
use crate::model::{Field, Merge, Model, Source, Stored};
use crate::parse::peel;

/// A claim about a type, for the compiler to check.
pub(crate) struct Assertion {
    pub(crate) claim: Claim,
    pub(crate) ty: Type,
    /// Whether the type is marked `opaque`, so that its shape is not compared.
    pub(crate) opaque: bool,
    /// The tokens to underline if the claim is false.
    pub(crate) span: Span,
    pub(crate) key: String,
    /// The text of the shape in the lock.
    pub(crate) text: String,
    pub(crate) version: u32,
    /// Whether that version stores the names of members, and not only their values in order.
    pub(crate) named: bool,
}

/// The relation of a type to the text of a shape in the lock.
pub(crate) enum Claim {
    /// The type has that shape.
    Unchanged,
    /// The type and that shape, given as an expression, can read each other's values.
    Compatible(TokenStream),
    /// The type can read values of that shape, given as an expression, which are stored under an older name.
    RenameCompatible(TokenStream),
    /// The type is what an upgrade takes, and has that shape.
    UpgradeSource,
}

pub(super) fn check(
    model: &Model,
    path: &str,
    mut releases: Vec<Release<'_>>,
    mode: Mode,
    errors: &mut Errors,
) -> Vec<Assertion> {
    let version = model.version;
    if mode == Mode::Rewrite && releases.last().is_some_and(|last| last.version == version) {
        releases.pop();
    }
    let Some(newest) = releases.last() else { return Vec::new() };
    let own = releases.iter().find(|release| release.version == version);
    let mut checker =
        Checker { model, path, releases: &releases, errors, assertions: Vec::new(), suggested: Vec::new() };
    checker.check_histories();
    match own {
        Some(own) if model.evolution.legacy || own.version == newest.version => checker.check_unchanged(own),
        None if model.evolution.legacy => {
            checker.report_at_version(format!(
                "version {version} is not in `{path}`, but a `legacy` struct describes a version that was released"
            ));
        },
        Some(_) => checker.report_at_version(format!(
            "`{path}` already holds version {} of session `{}`: versions never go back; build the code of an earlier \
             release with the lock of its own commit; if this struct is only the `previous` of another one, mark it \
             `legacy`",
            newest.version, model.name
        )),
        None if version == newest.version + 1 => checker.check_next_version(newest),
        None => checker.report_at_version(format!(
            "`{path}` ends at version {}; the next version is {}, not {version}",
            newest.version,
            newest.version + 1
        )),
    }
    checker.assertions
}

struct Checker<'a> {
    model: &'a Model,
    path: &'a str,
    releases: &'a [Release<'a>],
    errors: &'a mut Errors,
    assertions: Vec<Assertion>,
    /// Keys that were suggested for a misspelt one. They are not reported as forgotten as well.
    suggested: Vec<String>,
}

impl<'a> Checker<'a> {
    fn report_at_version(&mut self, message: String) {
        self.errors.at(self.model.version_span, message);
    }

    fn assert(
        &mut self,
        claim: Claim,
        (ty, opaque): (&Type, bool),
        span: Span,
        key: &str,
        (release, text): (&Release<'_>, &str),
    ) {
        let (ty, key, text) = (ty.clone(), key.to_owned(), text.to_owned());
        let (version, named) = (release.version, release.codec() != "postcard");
        self.assertions.push(Assertion { claim, ty, opaque, span, key, text, version, named });
    }

    /// The version of the code is in the lock, so nothing that it stores may have changed.
    fn check_unchanged(&mut self, release: &Release<'_>) {
        let (version, next, path) = (release.version, release.version + 1, self.path);
        for (field, stored) in self.model.stored() {
            let name = &field.name;
            let Some(text) = release.shape(&stored.key) else {
                self.errors.at(
                    field.ident.span(),
                    format!(
                        "field `{name}` is new, but version {version} is locked without it in `{path}`\n\
                         set `#[session(version = {next})]` and mark the field `since = {next}`"
                    ),
                );
                continue;
            };
            let (now, locked) = (strategy(&stored.merge), release.merge_strategy(&stored.key));
            if now != locked {
                self.errors.at(
                    field.ident.span(),
                    format!(
                        "concurrent changes of `{name}` are merged by `{now}` here, but by `{locked}` in the locked \
                         version {version} (`{path}`)\nset `#[session(version = {next})]`"
                    ),
                );
            }
            match spelled(field, stored) {
                Some(known) if known == text => {},
                Some(known) if !is_hidden(text) => self.report_type_change(field, &known, text, version),
                _ => {
                    let (ty, span) = ((&field.ty, stored.opaque), field.ty.span());
                    self.assert(Claim::Unchanged, ty, span, &stored.key, (release, text));
                },
            }
        }
        for (key, text) in release.fields() {
            if !self.model.stored().any(|(_, stored)| stored.key == key) {
                self.report_at_version(format!(
                    "field `{key}: {text}` is gone, but version {version} is locked with it in `{path}`\n\
                     set `version = {next}` and add `reserved(\"{key}\")`, or `was = \"{key}\"` to the field that \
                     replaces it"
                ));
            }
        }
        let (now, locked) = (self.codec(), release.codec());
        if now != locked {
            self.report_at_version(format!(
                "the codec is `{now}` here, but `{locked}` in the locked version {version} (`{path}`)\n\
                 set `version = {next}`"
            ));
        }
    }

    /// The version of the code follows the newest one in the lock, so every field that is stored must be accounted for.
    fn check_next_version(&mut self, release: &Release<'_>) {
        let version = self.model.version;
        for (key, text) in release.fields() {
            if let Some((field, stored)) = self.model.stored().find(|(_, stored)| stored.key == key) {
                match spelled(field, stored) {
                    Some(known) if known == text => {},
                    Some(known) if !is_hidden(text) => self.report_type_change(field, &known, text, release.version),
                    _ => match shape::tokens(&self.model.krate, text) {
                        Some(old) => {
                            let (ty, span) = ((&field.ty, stored.opaque), field.ty.span());
                            self.assert(Claim::Compatible(old), ty, span, key, (release, text));
                        },
                        None => self.report_at_version(format!(
                            "`{}`: this version of `session` cannot read the shape in `{key}: {text}`",
                            self.path
                        )),
                    },
                }
            }
        }
        // Sessions of every release may still be stored, not only those of the newest one.
        for release in self.releases {
            for (key, text) in release.fields() {
                let is_stored = self.model.stored().any(|(_, stored)| stored.key == key);
                let is_in_later =
                    self.releases.iter().any(|later| later.version > release.version && later.shape(key).is_some());
                if is_stored || is_in_later || self.is_accounted_for(key) {
                    continue;
                }
                self.report_at_version(format!(
                    "field `{key}: {text}` of version {} is neither stored, upgraded nor reserved in version \
                     {version}\n\
                     add `reserved(\"{key}\")` to the struct, or `was = \"{key}\"` or `upgrade(in = {version}, \
                     from(\"{key}\": ...), with = convert)` to the field that replaces it",
                    release.version
                ));
            }
        }
    }

    fn is_accounted_for(&self, key: &str) -> bool {
        let evolution = &self.model.evolution;
        let is_named = |name: &LitStr| name.value() == key;
        evolution.previous.is_some()
            || self.releases.iter().any(|release| release.reserved().any(|reserved| reserved == key))
            || evolution.reserved.iter().any(is_named)
            || evolution.purge.iter().any(is_named)
            || self.suggested.iter().any(|suggested| suggested == key)
            || self.model.stored().any(|(_, stored)| stored.history.keys().iter().any(|known| known == key))
    }

    fn report_type_change(&mut self, field: &Field, now: &str, locked: &str, version: u32) {
        let (name, path, next) = (&field.name, self.path, (version + 1).max(self.model.version));
        let first = match self.model.version == version {
            true => format!("set `#[session(version = {next})]` and say"),
            false => "say".to_owned(),
        };
        self.errors.at(
            field.ty.span(),
            format!(
                "`{name}` is `{now}` here, but `{locked}` in the locked version {version} (`{path}`)\n\
                 {first} how old values convert: `upgrade(in = {next}, from = ..., with = convert)`"
            ),
        );
    }

    /// The attributes about earlier versions agree with what the lock says about these.
    fn check_histories(&mut self) {
        let model = self.model;
        for (field, stored) in model.stored() {
            self.check_since(field, stored);
            self.check_reserved(field, stored);
            let own = stored.history.steps.iter().find_map(|step| match &step.source {
                Source::Own(_, from) => Some(from.as_ref()),
                Source::Keys(_) => None,
            });
            for was in &stored.history.was {
                self.check_was(was, own.unwrap_or(&field.ty));
            }
            for step in &stored.history.steps {
                match &step.source {
                    Source::Own(keys, from) => {
                        let found = keys.iter().find(|key| self.newest_before(step.version, key).is_some());
                        let key = found.or(keys.first()).cloned().unwrap_or_default();
                        // `check_was` has checked the older names.
                        if !stored.history.was.iter().any(|was| was.value() == key) {
                            self.check_source(&key, from.span(), from, from.span(), step.version);
                        }
                    },
                    Source::Keys(pairs) => {
                        for (key, ty) in pairs {
                            self.check_source(&key.value(), key.span(), ty, ty.span(), step.version);
                        }
                    },
                }
            }
        }
    }

    /// The newest release before `version` that stores a field under `key`, and the text of its shape.
    fn newest_before(&self, version: u32, key: &str) -> Option<(&'a Release<'a>, &'a str)> {
        let older = self.releases.iter().rev().filter(|release| release.version < version);
        older.into_iter().find_map(|release| Some((release, release.shape(key)?)))
    }

    /// An earlier version stored a value under the older name `was` that a `ty` can be read from.
    fn check_was(&mut self, was: &LitStr, ty: &Type) {
        let (key, version) = (was.value(), self.model.version);
        let found = self.newest_before(version, &key);
        match found.and_then(|found| Some((found, shape::tokens(&self.model.krate, found.1)?))) {
            Some((found, old)) => self.assert(Claim::RenameCompatible(old), (ty, false), was.span(), &key, found),
            None => self.check_source(&key, was.span(), ty, was.span(), version),
        }
    }

    /// A version before `version` stored a `ty` under `key`.
    fn check_source(&mut self, key: &str, key_span: Span, ty: &Type, ty_span: Span, version: u32) {
        if let Some(found) = self.newest_before(version, key) {
            return self.assert(Claim::UpgradeSource, (ty, false), ty_span, key, found);
        }
        let older = self.releases.iter().filter(|release| release.version < version);
        let keys: Vec<&str> = older.flat_map(Release::fields).map(|(key, _)| key).collect();
        // Releases from before the lock existed are not in it.
        if keys.is_empty() {
            return;
        }
        let near = nearest_of(keys.into_iter(), key).map(str::to_owned);
        let hint = near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        self.errors.at(key_span, format!("no version before {version} has stored a key `{key}`{hint}"));
        self.suggested.extend(near);
    }

    fn check_since(&mut self, field: &Field, stored: &Stored) {
        let Some(since) = stored.since else { return };
        let key = &stored.base;
        if let Some((release, _)) = self.newest_before(since, key) {
            let found = release.version;
            self.errors.at(
                field.ident.span(),
                format!(
                    "`{key}` has `since = {since}`, but version {found} stored it already; write `since = {found}`"
                ),
            );
        }
    }

    fn check_reserved(&mut self, field: &Field, stored: &Stored) {
        let sources = stored.history.keys();
        // A field may purge the older keys that it reads itself.
        let is_taken = |key: &str| base_of(key) == stored.base && !sources.iter().any(|source| source == key);
        let reserved_in = self.releases.iter().find(|release| release.reserved().any(is_taken));
        // A key that a release stored and a later one did not is reserved even without `reserved`: old sessions may
        // contain it.
        let mut since_stored = self.releases.iter().skip_while(|release| release.shape(&stored.key).is_none());
        let dropped_in = || since_stored.find(|release| release.shape(&stored.key).is_none());
        if let Some(release) = reserved_in.or_else(dropped_in) {
            let (key, version) = (&stored.base, release.version);
            self.errors.at(
                field.ident.span(),
                format!(
                    "the key `{key}` is reserved: version {version} stopped storing it (`{}`), but old sessions may \
                     still contain it; rename the field, or write another `key = \"...\"`; build the code of an \
                     earlier release with the lock of its own commit",
                    self.path
                ),
            );
        }
    }

    fn codec(&self) -> String {
        self.model.evolution.codec.as_ref().map_or_else(|| "json".to_owned(), ToString::to_string)
    }
}

/// The key without the version that an upgrade appends to it: `total` for `total@2`.
fn base_of(key: &str) -> &str {
    key.split_once('@').map_or(key, |(base, _)| base)
}

/// The text of the shape of a field, if its type is recognised by its name.
fn spelled(field: &Field, stored: &Stored) -> Option<String> {
    if stored.opaque { None } else { known_text(&field.ty) }
}

/// Whether the locked type may have had the name of a standard type without being it: then only the compiler can
/// compare.
fn is_hidden(text: &str) -> bool {
    text.contains("opaque <")
}

/// The name that the lock has for a merge strategy.
pub(crate) fn strategy(merge: &Merge) -> &'static str {
    match merge {
        Merge::LastWriter => LAST_WRITER,
        Merge::Reject => "reject",
        Merge::Counter => "counter",
        Merge::Union => "union",
        Merge::Max => "max",
        Merge::Min => "min",
        Merge::Log(_) => "log",
        Merge::With(_) => "with",
    }
}

/// The text of the shape of a standard type that is recognised by its name, so that the macro can compare it.
pub(crate) fn known_text(ty: &Type) -> Option<String> {
    const PRIMITIVE: &[&str] =
        &["bool", "char", "u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128", "f32", "f64"];
    let Type::Path(path) = peel(ty) else { return None };
    let segment = path.path.segments.last().filter(|_| path.path.segments.len() == 1)?;
    let inner = match &segment.arguments {
        PathArguments::None => Vec::new(),
        PathArguments::AngleBracketed(arguments) => {
            let types = arguments.args.iter().map(|argument| match argument {
                GenericArgument::Type(inner) => known_text(inner),
                _ => None,
            });
            types.collect::<Option<Vec<_>>>()?
        },
        PathArguments::Parenthesized(_) => return None,
    };
    let name = segment.ident.to_string();
    match (name.as_str(), inner.as_slice()) {
        ("usize", []) => Some("u64".into()),
        ("isize", []) => Some("i64".into()),
        ("String", []) => Some("string".into()),
        (primitive, []) if PRIMITIVE.contains(&primitive) => Some(name),
        ("Option", [inner]) => Some(format!("{inner}?")),
        ("Vec" | "VecDeque", [item]) => Some(format!("[{item}]")),
        ("BTreeSet" | "HashSet", [item]) => Some(format!("set<{item}>")),
        ("BTreeMap" | "HashMap", [key, value]) => Some(format!("{{{key} => {value}}}")),
        _ => None,
    }
}
