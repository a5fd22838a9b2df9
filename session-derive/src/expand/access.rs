//! Typed keys and accessors.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::{Names, ident};
use crate::model::{Conflict, Field, Merge, Survive};

pub(super) fn expand(names: &Names<'_>) -> TokenStream {
    let Names { model, ident, handle } = names;
    let keys = model.fields.iter().filter_map(|field| key(names, field));
    let accessors = model.fields.iter().map(|field| accessors(names, field));
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, dead_code)]
        impl #ident {
            #(#keys)*
        }
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, dead_code)]
        impl #handle {
            #(#accessors)*
        }
    }
}

fn key(names: &Names<'_>, field: &Field) -> Option<TokenStream> {
    let (krate, schema) = (&names.model.krate, &names.ident);
    let Field { ident: name, vis, ty, .. } = field;
    let index = field.stored.as_ref()?.index;
    let constant = ident(&field.name.to_uppercase(), name.span());
    let doc = format!("Key of the field `{}`: for `get`, `set` and `reset`.", field.name);
    Some(quote! {
        #[doc = #doc]
        #vis const #constant: #krate::Key<#schema, #ty> = #krate::Key::new(#index, |__of| &__of.#name, |__of| &mut __of.#name);
    })
}

fn accessors(names: &Names<'_>, field: &Field) -> TokenStream {
    let krate = &names.model.krate;
    let Field { ident: name, vis, ty, docs, .. } = field;
    let span = name.span();
    let method = |prefix: &str, suffix: &str| ident(&format!("{prefix}{}{suffix}", field.accessor), span);
    let (getter, setter, mutable) = (method("", ""), method("set_", ""), method("", "_mut"));
    let place = match &field.stored {
        Some(stored) => {
            let index = stored.index;
            quote!(self.__tracked.field_mut(#index).#name)
        },
        None => quote!(self.__tracked.unstored_mut().#name),
    };
    let (returned, read) = match is_primitive(ty) {
        true => (quote!(#ty), quote!(self.__tracked.get().#name)),
        false => (quote!(&#ty), quote!(&self.__tracked.get().#name)),
    };
    let (taken, value) = match field.into || is_string(ty) {
        true => (quote!(impl ::core::convert::Into<#ty>), quote!(::core::convert::Into::into(value))),
        false => (quote!(#ty), quote!(value)),
    };
    let facts = facts(field);
    let set_doc = format!("Sets `{}`.", field.name);
    let mut_doc = format!("Borrows `{}` to change it.", field.name);
    let take = field.option().map(|_| take(field, &method("take_", ""), &place));
    let add = field.is_counter().then(|| {
        let add = method("add_", "");
        let doc = format!("Adds to `{}`, up to the largest value of its type.", field.name);
        quote_spanned! {ty.span()=>
            #[doc = #doc]
            #[inline]
            #vis fn #add(&mut self, amount: #ty) {
                let __field = &mut #place;
                *__field = #krate::__private::merge::Counter::plus(*__field, amount);
            }
        }
    });
    let lead = docs.is_empty().then(|| {
        let doc = format!("The field `{}`.", field.name);
        quote!(#[doc = #doc])
    });
    quote! {
        #lead
        #(#docs)*
        #[doc = ""]
        #[doc = #facts]
        #[inline]
        #vis fn #getter(&self) -> #returned { #read }
        #[doc = #set_doc]
        #[inline]
        #vis fn #setter(&mut self, value: #taken) { #place = #value; }
        #[doc = #mut_doc]
        #[inline]
        #vis fn #mutable(&mut self) -> &mut #ty { &mut #place }
        #add
        #take
    }
}

fn take(field: &Field, take: &Ident, place: &TokenStream) -> TokenStream {
    let Field { ident: name, vis, ty, .. } = field;
    let doc = format!("Takes the value out of `{}`: the next reader finds `None`.", field.name);
    quote! {
        #[doc = #doc]
        #[inline]
        #vis fn #take(&mut self) -> #ty {
            if self.__tracked.get().#name.is_some() { #place.take() } else { ::core::option::Option::None }
        }
    }
}

/// One sentence about each rule of a field, for its documentation.
fn facts(field: &Field) -> String {
    let mut out = vec![match &field.default {
        Some(default) => format!("Default: `{}`.", quote!(#default)),
        None => "Default: the type's own.".into(),
    }];
    let Some(stored) = &field.stored else {
        out.push("Not stored: lives for one request.".into());
        return out.join(" ");
    };
    if stored.user {
        out.push("Says who is logged in: changing it gives the session a new id.".into());
    }
    if stored.rotate {
        out.push("Changing it gives the session a new id.".into());
    }
    match stored.survive {
        Survive::Neither => {},
        Survive::Login => out.push("Kept by a login.".into()),
        Survive::Both => out.push("Kept by login and logout.".into()),
    }
    out.push(match &stored.conflict {
        Conflict::LastWriter => "Of two requests that change it, the later one's value stays.".into(),
        Conflict::Reject => "Of two requests that change it, the later one fails.".into(),
        Conflict::Merge(Merge::Counter) => "What parallel requests add is added up.".into(),
        Conflict::Merge(Merge::Union) => "What parallel requests add and remove is joined.".into(),
        Conflict::Merge(Merge::Max) => "Of parallel requests, the largest value stays.".into(),
        Conflict::Merge(Merge::Min) => "Of parallel requests, the smallest value stays.".into(),
        Conflict::Merge(Merge::Log(cap)) => {
            format!("What parallel requests append is kept, the newest {cap}.")
        },
        Conflict::Merge(Merge::With(path)) => {
            format!("Parallel changes are merged by `{}`.", quote!(#path))
        },
    });
    out.join(" ")
}

fn last_segment(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    path.path.get_ident().map(ToString::to_string)
}

fn is_primitive(ty: &Type) -> bool {
    const PRIMITIVES: &[&str] = &[
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64", "bool",
        "char",
    ];
    last_segment(ty).is_some_and(|name| PRIMITIVES.contains(&&*name))
}

fn is_string(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|name| name == "String")
}

/// Only the name of a helper type: never seen by users.
pub(super) fn marker(index: usize) -> Ident {
    format_ident!("__Field{}", index)
}
