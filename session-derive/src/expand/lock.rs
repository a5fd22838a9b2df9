//! The schema lock in the expansion: assertions about types, and the test that writes the lock file and replays it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Type;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use super::marker;
use crate::lock::{Assertion, Claim, Locked, known_text, strategy};
use crate::model::Model;
use crate::spelling::spelled;

/// The assertions that are checked when the struct is compiled.
pub(super) fn assertions(model: &Model, locked: Option<&Locked>) -> TokenStream {
    let tracked = locked.map(|locked| {
        let file = format!("/{}", locked.path);
        // The compiler runs the macro again when the file or the variable changes.
        let file = locked.exists.then(|| {
            quote!(
                const _: &[::core::primitive::u8] =
                    ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #file));
            )
        });
        let claims = locked.assertions.iter().map(|assertion| claim(model, assertion));
        let claims = (!locked.assertions.is_empty()).then(|| quote!(const _: () = { #(#claims)* };));
        quote!(#file #claims)
    });
    let strict = model.evolution.strict.then(|| strict(model));
    let watched = (!matches!(model.lock, crate::model::Lock::Off)).then(|| {
        quote!(
            const _: __p::Variable = ::core::option_env!("SESSION_LOCK");
        )
    });
    let readable = readable(model);
    quote!(#watched #tracked #strict #readable)
}

/// Asserts that each codec reads back the values that it writes. The types of the standard library need no check,
/// except a nested `Option`.
fn readable(model: &Model) -> Option<TokenStream> {
    let is_plain = |ty| known_text(ty).is_some_and(|text| !text.contains("??"));
    let unknown = model.stored().filter(|(field, stored)| !stored.opaque && !is_plain(&field.ty));
    let owner = &model.ident;
    let claims = unknown.map(|(field, _)| {
        let (name, shape) = (&field.name, shape(model, &field.ty, false));
        let codec = quote!(<#owner as __p::SchemaData>::SECTION.codec);
        quote_spanned!(field.ty.span()=> const _: () = __p::lock::assert_readable(#name, #shape, #codec);)
    });
    (!model.evolution.legacy).then(|| claims.collect())
}

fn claim(model: &Model, assertion: &Assertion) -> TokenStream {
    let Assertion { claim, ty, opaque, span, key, text, version, named } = assertion;
    let shape = shape(model, ty, *opaque);
    match claim {
        Claim::Unchanged => {
            quote_spanned!(*span=> __p::lock::assert_unchanged(#key, #shape, #named, #text, #version);)
        },
        Claim::Compatible(old) => {
            quote_spanned!(*span=> __p::lock::assert_compatible(#key, #shape, #named, (#text, #old), #version);)
        },
        Claim::RenameCompatible(old) => {
            quote_spanned!(*span=> __p::lock::assert_rename_compatible(#key, #shape, #named, (#text, #old), #version);)
        },
        Claim::UpgradeSource => {
            quote_spanned!(*span=> __p::lock::assert_upgrade_source(#key, #shape, #named, #text, #version);)
        },
    }
}

fn strict(model: &Model) -> TokenStream {
    let shapes = model.stored().filter(|(_, stored)| !stored.opaque).map(|(field, _)| {
        let ty = &field.ty;
        quote_spanned!(ty.span()=> <#ty as __p::SessionValue>::SHAPE)
    });
    quote!(const _: &[&__p::Shape] = &[#(#shapes),*];)
}

fn shape(model: &Model, ty: &Type, opaque: bool) -> TokenStream {
    let krate = &model.krate;
    let text = spelled(ty);
    match opaque {
        true => quote!(&__p::Shape::Opaque(#text)),
        false => quote_spanned!(ty.span()=> #krate::__shape_of!(#ty, #text)),
    }
}

/// The entries that the test writes and replays.
pub(super) fn entries(model: &Model, locked: Option<&Locked>) -> Option<TokenStream> {
    locked.filter(|locked| locked.tested)?;
    let entries = model.stored().map(|(field, stored)| {
        let ty = &field.ty;
        let marker = marker(stored);
        let shape = shape(model, ty, stored.opaque);
        let strategy = strategy(&stored.merge);
        let sample = match &stored.sample {
            None => quote!(::core::option::Option::None),
            Some(expr) => {
                let value = quote_spanned!(expr.span()=> ::core::convert::Into::<#ty>::into(#expr));
                quote!(::core::option::Option::Some(#value))
            },
        };
        quote!(__p::lock::LockEntry::of::<Self, #marker>(#shape, #strategy, #sample))
    });
    let evolution = &model.evolution;
    let reserved = evolution.reserved.iter().chain(&evolution.purge);
    Some(quote! {
        #[cfg(test)]
        fn lock() -> __p::lock::Lock {
            __p::lock::Lock::new(::std::vec![#(#entries),*], &[#(#reserved),*])
        }
    })
}

/// The test.
pub(super) fn test(model: &Model, locked: Option<&Locked>) -> Option<TokenStream> {
    let locked = locked.filter(|locked| locked.tested)?;
    let (krate, ident, path) = (&model.krate, &model.ident, &locked.path);
    let name = format_ident!("session_lock_{}", crate::check::snake_case(&ident.unraw().to_string()));
    Some(quote! {
        #[cfg(test)]
        #[test]
        fn #name() {
            #krate::__private::lock::test::<#ident>(::core::env!("CARGO_MANIFEST_DIR"), #path);
        }
    })
}
