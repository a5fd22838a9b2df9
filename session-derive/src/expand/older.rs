//! `fn older`: reads the values of older releases. It has one function for each upgrade step, and tries the steps in
//! order.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use crate::check::option_of;
use crate::model::{Field, Source, Step, Stored};

/// `fn older`, for a field that has a history.
pub(super) fn method(field: &Field, stored: &Stored) -> Option<TokenStream> {
    let history = &stored.history;
    if history.was.is_empty() && history.steps.is_empty() {
        return None;
    }
    let ty = &field.ty;
    let functions = history.steps.iter().map(function);
    let own = history.steps.iter().any(|step| matches!(step.source, Source::Own(..)));
    let was = &history.was;
    // If the type has never changed, it is also the type under the older names.
    let renamed = (!own && !was.is_empty()).then(|| {
        quote! {
            if let ::core::option::Option::Some(__value) = __old.first::<#ty>(&[#(#was),*]) {
                return ::core::option::Option::Some(__value);
            }
        }
    });
    let attempts = history.steps.iter().enumerate().rev().map(|(index, step)| {
        let later =
            history.steps.iter().skip(index + 1).filter(|step| matches!(step.source, Source::Own(..))).map(name);
        attempt(step, later)
    });
    Some(quote! {
        fn older(
            __old: &__p::LegacyFields<'_>,
        ) -> ::core::option::Option<::core::result::Result<#ty, __p::FieldErrorCause>> {
            #(#functions)*
            #renamed
            #(#attempts)*
            ::core::option::Option::None
        }
    })
}

fn name(step: &Step) -> Ident {
    format_ident!("__in_{}", step.version)
}

/// The function of one step.
fn function(step: &Step) -> TokenStream {
    let Step { version, source, to, with, fallible } = step;
    let name = name(step);
    let made = match fallible {
        false => quote!(#to),
        true => quote!(::core::result::Result<#to, _>),
    };
    let (parameter, types, arguments) = match source {
        Source::Own(_, from) => (quote!(__value: #from), quote!(#from), quote!(__value)),
        Source::Keys(pairs) => {
            let types = pairs.iter().map(|(_, ty)| ty);
            let arguments = pairs.iter().map(|(key, ty)| match option_of(ty) {
                Some(_) => quote!(__old.optional(#key)?),
                None => quote!(__old.required(#key)?),
            });
            (quote!(__old: &__p::LegacyFields<'_>), quote!(#(#types),*), quote!(#(#arguments),*))
        },
    };
    let call = match fallible {
        false => quote!(::core::result::Result::Ok(__step(#arguments))),
        // With the span of the function: its error type may lack `Display`.
        true => quote_spanned! {with.span().resolved_at(Span::call_site())=>
            ::core::result::Result::map_err(
                __step(#arguments),
                |__error| __p::FieldErrorCause::step(#version, &__error),
            )
        },
    };
    quote! {
        fn #name(#parameter) -> ::core::result::Result<#to, __p::FieldErrorCause> {
            let __step: fn(#types) -> #made = #with;
            #call
        }
    }
}

/// Runs `step` if its input is stored, and then the `later` steps.
fn attempt(step: &Step, later: impl Iterator<Item = Ident>) -> TokenStream {
    let name = name(step);
    let later = quote!(#(.and_then(#later))*);
    match &step.source {
        Source::Own(keys, from) => quote! {
            if let ::core::option::Option::Some(__value) = __old.first::<#from>(&[#(#keys),*]) {
                return ::core::option::Option::Some(__value.and_then(#name)#later);
            }
        },
        Source::Keys(pairs) => {
            let there = condition(pairs);
            quote! {
                if #there {
                    return ::core::option::Option::Some(#name(__old)#later);
                }
            }
        },
    }
}

/// Whether the input of a step is stored: all required keys, or any key if all are optional.
fn condition<K: quote::ToTokens>(pairs: &[(K, Type)]) -> TokenStream {
    let required: Vec<_> = pairs.iter().filter(|(_, ty)| option_of(ty).is_none()).map(|(key, _)| key).collect();
    if required.is_empty() {
        let any = pairs.iter().map(|(key, _)| quote!(__old.has(&[#key])));
        return quote!(#(#any)||*);
    }
    quote!(__old.has(&[#(#required),*]))
}
