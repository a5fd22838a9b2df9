//! The words of `#[serde(...)]`. Mistakes that serde itself reports are left to it.

use proc_macro2::{Ident, TokenStream};
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Lit, LitStr, Token, token};

use super::case::Case;
use crate::diag::Errors;

/// All words on one item.
pub(super) struct Serde(Vec<Word>);

/// `rename = "sku"`, `rename(serialize = "a", deserialize = "b")`, `skip`.
pub(super) struct Word {
    pub(super) key: Ident,
    written: Option<LitStr>,
    read: Option<LitStr>,
}

impl Serde {
    pub(super) fn read(attrs: &[Attribute]) -> Self {
        let mut words = Vec::new();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
            // Parsing stops at a word that is not understood: serde reports it.
            let _: syn::Result<()> = attr.parse_nested_meta(|meta| {
                words.extend(word(&meta)?);
                Ok(())
            });
        }
        Self(words)
    }

    pub(super) fn find(&self, key: &str) -> Option<&Word> {
        self.0.iter().find(|word| word.key == key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// The first of `keys` that is present.
    pub(super) fn any<'k>(&self, keys: &'k [(&str, &str)]) -> Option<(&Word, &'k str)> {
        keys.iter().find_map(|(key, reason)| Some((self.find(key)?, *reason)))
    }

    /// The text after `key =`.
    pub(super) fn text(&self, key: &str) -> Option<&LitStr> {
        self.find(key)?.written.as_ref()
    }

    /// The text after each `key =`.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let words = self.0.iter().filter(|word| word.key == key);
        words.filter_map(|word| word.written.as_ref()).map(LitStr::value).collect()
    }

    /// Whether it is neither written nor read. One without the other loses stored values.
    pub(super) fn skipped(&self, errors: &mut Errors) -> bool {
        let (write, read) = (self.find("skip_serializing"), self.find("skip_deserializing"));
        match (write, read) {
            (Some(only), None) => errors.on(
                &only.key,
                "a value that is not written is lost with the next request; write `skip` for a value that is never \
                 stored, or remove this",
            ),
            (None, Some(only)) => errors.on(
                &only.key,
                "a value that is stored but not read is lost with the next request that writes; write `skip` for a \
                 value that is never stored, or remove this",
            ),
            _ => {},
        }
        self.has("skip") || write.is_some() || read.is_some()
    }

    /// The name in `rename`. Different names for writing and reading are reported.
    pub(super) fn rename(&self, own: &str, errors: &mut Errors) -> Option<String> {
        let word = self.find("rename")?;
        let written = word.written.as_ref().map(LitStr::value);
        let read = word.read.as_ref().map(LitStr::value);
        if written.as_deref().unwrap_or(own) != read.as_deref().unwrap_or(own) {
            word.refuse_sides(errors);
        }
        written
    }

    /// The rule of `rename_all`, or of `rename_all_fields`.
    pub(super) fn case(&self, key: &str, errors: &mut Errors) -> Option<Case> {
        let word = self.find(key)?;
        let rule = |side: &Option<LitStr>| side.as_ref().map(LitStr::value);
        if rule(&word.written) != rule(&word.read) {
            word.refuse_sides(errors);
        }
        Case::parse(&rule(&word.written)?)
    }
}

impl Word {
    fn refuse_sides(&self, errors: &mut Errors) {
        let key = &self.key;
        errors.on(
            key,
            format!(
                "a session reads what it has written, so both names must be the same; write `{key} = \"...\"`, and \
                 `alias = \"...\"` for an older name"
            ),
        );
    }
}

/// `None` for a path: serde has no such words.
fn word(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<Word>> {
    let key = meta.path.get_ident().cloned();
    let (mut written, mut read) = (None, None);
    if meta.input.peek(Token![=]) {
        if let Lit::Str(text) = meta.value()?.parse()? {
            written = Some(text.clone());
            read = Some(text);
        }
    } else if meta.input.peek(token::Paren) {
        meta.parse_nested_meta(|side| {
            let Ok(value) = side.value() else { return Ok(()) };
            let Ok(Lit::Str(text)) = value.parse() else {
                return value.parse::<TokenStream>().map(drop);
            };
            if side.path.is_ident("serialize") {
                written = Some(text);
            } else if side.path.is_ident("deserialize") {
                read = Some(text);
            }
            Ok(())
        })?;
    }
    Ok(key.map(|key| Word { key, written, read }))
}
