//! The struct against what its releases have stored: what can be told from the code as it is written. What depends on what a
//! type is becomes an [`Assertion`] for the compiler.

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned as _;
use syn::{GenericArgument, LitStr, PathArguments, Type};

use super::file::{LockFile, Release};
use super::{Mode, shape};
use crate::diag::Errors;
use crate::keyword::nearest_of;
use crate::model::{Field, Merge, Model, Source, Stored};
use crate::parse::peel;

/// What the compiler shall make sure of.
pub(crate) struct Assertion {
    pub(crate) claim: Claim,
    /// The type in question.
    pub(crate) ty: Type,
    /// Whether its author asked for it not to be looked into.
    pub(crate) opaque: bool,
    /// What is underlined if it does not hold.
    pub(crate) span: Span,
    pub(crate) key: String,
    /// What is in the lock.
    pub(crate) text: String,
    pub(crate) version: u32,
    /// Whether that version has stored the names of members, or only their values in order.
    pub(crate) named: bool,
}

/// What is said about a type and a text in the lock.
pub(crate) enum Claim {
    /// They are the same.
    Same,
    /// Each can read what the other has written. With the text as a shape.
    Kept(TokenStream),
    /// Values of the text can be read as the type. With the text as a shape.
    Renamed(TokenStream),
    /// An upgrade that takes the type takes what was stored.
    Source,
}

pub(super) fn check(model: &Model, path: &str, mut file: LockFile, mode: Mode, errors: &mut Errors) -> Vec<Assertion> {
    let version = model.version;
    if mode == Mode::Rewrite && file.releases.last().is_some_and(|last| last.version == version) {
        file.releases.pop();
    }
    let mut checker = Checker { model, path, file: &file, errors, assertions: Vec::new(), meant: Vec::new() };
    let Some(newest) = file.releases.last() else { return Vec::new() };
    checker.histories();
    let own = file.releases.iter().find(|release| release.version == version);
    match own {
        Some(own) if model.evolution.legacy || own.version == newest.version => checker.unchanged(own),
        None if model.evolution.legacy => {
            checker
                .at_version(format!("version {version} is not in `{path}`, so there is nothing to be compatible with"));
        },
        Some(_) => checker.at_version(format!(
            "`{path}` already holds version {} of session `{}`: versions never go back. A struct that is only kept as \
             another one's `previous` says `legacy`",
            newest.version, model.name
        )),
        None if version == newest.version + 1 => checker.successor(newest),
        None => checker.at_version(format!(
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
    file: &'a LockFile,
    errors: &'a mut Errors,
    assertions: Vec<Assertion>,
    /// Keys that a misspelt name was a try at: one mistake is reported once.
    meant: Vec<String>,
}

impl Checker<'_> {
    fn at_version(&mut self, message: String) {
        self.errors.at(self.model.version_span, message);
    }

    fn assert(&mut self, claim: Claim, (ty, opaque): (&Type, bool), span: Span, key: &str, found: (&Release, &str)) {
        let (release, text) = found;
        let (ty, key, text) = (ty.clone(), key.to_owned(), text.to_owned());
        let (version, named) = (release.version, release.codec != "postcard");
        self.assertions.push(Assertion { claim, ty, opaque, span, key, text, version, named });
    }

    /// The version is in the lock, so nothing of it may have changed.
    fn unchanged(&mut self, release: &Release) {
        let (version, next, path) = (release.version, release.version + 1, self.path);
        for (field, stored) in self.model.stored() {
            let name = &field.name;
            let Some(text) = release.text(&stored.key) else {
                self.errors.at(
                    field.ident.span(),
                    format!(
                        "field `{name}` is new, but version {version} is locked without it in `{path}`\n\
                         set `#[session(version = {next})]` and mark the field `since = {next}`"
                    ),
                );
                continue;
            };
            let (now, then) = (strategy(&stored.merge), release.merge(&stored.key).unwrap_or("last writer"));
            if now != then {
                self.errors.at(
                    field.ident.span(),
                    format!(
                        "parallel changes of `{name}` are merged by `{now}` here, but by `{then}` in the locked version \
                         {version} (`{path}`)\nset `#[session(version = {next})]`"
                    ),
                );
            }
            match spelled(field, stored) {
                Some(known) if known == text => {},
                Some(known) if !is_hidden(text) => self.retyped(field, &known, text, version),
                _ => {
                    self.assert(Claim::Same, (&field.ty, stored.opaque), field.ty.span(), &stored.key, (release, text));
                },
            }
        }
        for (key, text) in &release.fields {
            if !self.model.stored().any(|(_, stored)| stored.key == *key) {
                self.at_version(format!(
                    "field `{key}: {text}` is gone, but version {version} is locked with it in `{path}`\n\
                     set `version = {next}` and add `reserved(\"{key}\")`, or `was = \"{key}\"` to the field that replaces it"
                ));
            }
        }
        let codec = self.codec();
        if codec != release.codec {
            self.at_version(format!(
                "the codec is `{codec}` here, but `{}` in the locked version {version} (`{path}`)\nset `version = {next}`",
                release.codec
            ));
        }
    }

    /// The version follows the newest one in the lock, so all that was stored must have been thought of.
    fn successor(&mut self, release: &Release) {
        let version = self.model.version;
        for (key, text) in &release.fields {
            if let Some((field, stored)) = self.model.stored().find(|(_, stored)| stored.key == *key) {
                match spelled(field, stored) {
                    Some(known) if known == *text => {},
                    Some(known) if !is_hidden(text) => self.retyped(field, &known, text, release.version),
                    _ => match shape::tokens(&self.model.krate, text) {
                        Some(old) => {
                            let (ty, span) = ((&field.ty, stored.opaque), field.ty.span());
                            self.assert(Claim::Kept(old), ty, span, key, (release, text));
                        },
                        None => {
                            self.at_version(format!("`{}`: `{key}: {text}` is no shape that can be read", self.path));
                        },
                    },
                }
            }
        }
        // Sessions of every release are alive, not only those of the last.
        for release in &self.file.releases {
            for (key, text) in &release.fields {
                let is_stored = self.model.stored().any(|(_, stored)| stored.key == *key);
                let comes_again =
                    self.file.releases.iter().any(|later| later.version > release.version && later.text(key).is_some());
                if is_stored || comes_again || self.is_accounted_for(key) {
                    continue;
                }
                self.at_version(format!(
                    "field `{key}: {text}` of version {} is neither stored, upgraded nor reserved in version {version}\n\
                     add `reserved(\"{key}\")` to the struct, or `was = \"{key}\"` or `upgrade(in = {version}, \
                     from(\"{key}\": ...), with = convert)` to the field that replaces it",
                    release.version
                ));
            }
        }
    }

    fn is_accounted_for(&self, key: &str) -> bool {
        let evolution = &self.model.evolution;
        let named = |name: &LitStr| name.value() == key;
        evolution.previous.is_some()
            || self.file.releases.iter().any(|release| release.reserved.iter().any(|given_up| given_up == key))
            || evolution.reserved.iter().any(named)
            || evolution.purge.iter().any(named)
            || self.meant.iter().any(|meant| meant == key)
            || self.model.stored().any(|(_, stored)| stored.history.keys().iter().any(|known| known == key))
    }

    fn retyped(&mut self, field: &Field, now: &str, then: &str, locked: u32) {
        let (name, path, next) = (&field.name, self.path, (locked + 1).max(self.model.version));
        let first = match self.model.version == locked {
            true => format!("set `#[session(version = {next})]` and say"),
            false => "say".to_owned(),
        };
        self.errors.at(
            field.ty.span(),
            format!(
                "`{name}` is `{now}` here, but `{then}` in the locked version {locked} (`{path}`)\n\
                 {first} how old values convert: `upgrade(in = {next}, from = ..., with = convert)`"
            ),
        );
    }

    /// What fields say about their past must have happened.
    fn histories(&mut self) {
        let model = self.model;
        for (field, stored) in model.stored() {
            self.since(field, stored);
            self.reserved(field, stored);
            let own = stored.history.steps.iter().find_map(|step| match &step.source {
                Source::Own(_, from) => Some(from.as_ref()),
                Source::Keys(_) => None,
            });
            for was in &stored.history.was {
                self.renamed(was, own.unwrap_or(&field.ty));
            }
            for step in &stored.history.steps {
                match &step.source {
                    Source::Own(keys, from) => {
                        let found = keys.iter().find(|key| self.file.before(step.version, key).is_some());
                        // Older names have been looked at already.
                        let key = found.or(keys.first()).cloned().unwrap_or_default();
                        if !stored.history.was.iter().any(|was| was.value() == key) {
                            self.source(&key, from.span(), from, from.span(), step.version);
                        }
                    },
                    Source::Keys(pairs) => {
                        for (key, ty) in pairs {
                            self.source(&key.value(), key.span(), ty, ty.span(), step.version);
                        }
                    },
                }
            }
        }
    }

    /// Something must have stored under the name `was` what can be read as a `ty`.
    fn renamed(&mut self, was: &LitStr, ty: &Type) {
        let (key, version) = (was.value(), self.model.version);
        match self.file.before(version, &key) {
            Some(found) => match shape::tokens(&self.model.krate, found.1) {
                Some(old) => self.assert(Claim::Renamed(old), (ty, false), was.span(), &key, found),
                None => self.source(&key, was.span(), ty, was.span(), version),
            },
            None => self.source(&key, was.span(), ty, was.span(), version),
        }
    }

    /// Something before `version` must have stored a `ty` under `key`.
    fn source(&mut self, key: &str, key_span: Span, ty: &Type, ty_span: Span, version: u32) {
        if let Some(found) = self.file.before(version, key) {
            return self.assert(Claim::Source, (ty, false), ty_span, key, found);
        }
        let older = self.file.releases.iter().filter(|release| release.version < version);
        let keys: Vec<&str> = older.flat_map(|release| &release.fields).map(|(key, _)| key.as_str()).collect();
        // What was released before there was a lock is not in it.
        if keys.is_empty() {
            return;
        }
        let near = nearest_of(keys.into_iter(), key).map(str::to_owned);
        let hint = near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        self.errors.at(key_span, format!("no version before {version} has stored a key `{key}`{hint}"));
        self.meant.extend(near);
    }

    fn since(&mut self, field: &Field, stored: &Stored) {
        let Some(since) = stored.since else { return };
        let key = &stored.base;
        if let Some((release, _)) = self.file.before(since, key) {
            let found = release.version;
            self.errors.at(
                field.ident.span(),
                format!(
                    "`{key}` says `since = {since}`, but version {found} has stored it already; write `since = {found}`"
                ),
            );
        }
    }

    fn reserved(&mut self, field: &Field, stored: &Stored) {
        let sources = stored.history.keys();
        // What the field itself reads, and purges, is its own.
        let is_taken = |key: &String| base_of(key) == stored.base && !sources.contains(key);
        let given_up = self.file.releases.iter().find(|release| release.reserved.iter().any(is_taken));
        // Nobody has to have said so: what was stored once and then no more is still in somebody's session.
        let mut later = self.file.releases.iter().skip_while(|release| release.text(&stored.key).is_none());
        if let Some(release) = given_up.or_else(|| later.find(|release| release.text(&stored.key).is_none())) {
            let (key, version) = (&stored.base, release.version);
            self.errors.at(
                field.ident.span(),
                format!(
                    "`{key}` is reserved: version {version} gave it up (`{}`), and sessions may still hold what was stored \
                     under it; pick another name, or another `key = \"...\"`",
                    self.path
                ),
            );
        }
    }

    fn codec(&self) -> String {
        self.model.evolution.codec.as_ref().map_or_else(|| "json".to_owned(), ToString::to_string)
    }
}

/// The name of a field whose type may have changed.
fn base_of(key: &str) -> &str {
    key.split_once('@').map_or(key, |(base, _)| base)
}

/// The text of a field's type, if it is certain from how it is written.
fn spelled(field: &Field, stored: &Stored) -> Option<String> {
    if stored.opaque { None } else { known_text(&field.ty) }
}

/// Whether a type stood there that is called like one everybody knows and is another: then only the compiler can tell.
fn is_hidden(text: &str) -> bool {
    text.contains("opaque <")
}

/// What parallel changes are merged by, in the words of the lock.
pub(crate) fn strategy(merge: &Merge) -> &'static str {
    match merge {
        Merge::LastWriter => "last writer",
        Merge::Reject => "reject",
        Merge::Counter => "counter",
        Merge::Union => "union",
        Merge::Max => "max",
        Merge::Min => "min",
        Merge::Log(_) => "log",
        Merge::With(_) => "with",
    }
}

/// The text of a type that everybody knows: no compiler is needed to compare it.
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
