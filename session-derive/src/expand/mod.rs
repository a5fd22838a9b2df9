//! Model to code. Items come in a fixed order: the handle, its keys, its methods, and then, in a block of their own, the
//! tables and trait impls.

mod access;
mod lifecycle;
mod schema;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::DeriveInput;
use syn::ext::IdentExt as _;

use crate::check::default_crate;
use crate::model::Model;

/// What generators share.
pub(crate) struct Names<'a> {
    pub(crate) model: &'a Model,
    /// The session type's own name, resolved where the derive stands: a deprecated type warns its user, not the expansion.
    pub(crate) ident: Ident,
    pub(crate) handle: Ident,
}

pub(crate) fn expand(model: &Model) -> TokenStream {
    let ident = model.ident.clone();
    let handle = format_ident!("{}Session", ident.unraw(), span = ident.span());
    let names = Names { model, ident, handle };
    let access = access::expand(&names);
    let lifecycle = lifecycle::expand(&names);
    let schema = schema::expand(&names);
    let Names { ident, handle, .. } = &names;
    let (krate, vis) = (&model.krate, &model.vis);
    let doc =
        format!("A session that remembers a [`{ident}`]. Derefs to it: `session.field` reads and changes a field.");
    quote! {
        #[doc = #doc]
        #vis struct #handle {
            #[doc(hidden)]
            __tracked: #krate::__private::Tracked<#ident>,
        }
        #access
        #lifecycle
        // The lints that users turn on are about code that people write.
        #[allow(
            clippy::all,
            clippy::pedantic,
            clippy::nursery,
            clippy::restriction,
            deprecated,
            unused_qualifications,
            unused_lifetimes,
            single_use_lifetimes,
            non_snake_case
        )]
        const _: () = {
            #schema
        };
        #krate::__impl_extractor!(#handle, #ident);
    }
}

/// Beside errors about the struct as a whole: a session type without fields, so that uses of it raise no further errors.
pub(crate) fn stub(input: &DeriveInput) -> TokenStream {
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    expand(&Model {
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        krate: default_crate(),
        name: "invalid".into(),
        version: 1,
        idle: None,
        absolute: None,
        fields: Vec::new(),
        hollow: true,
    })
}

/// An identifier for `name`, raw if it must be.
pub(crate) fn ident(name: &str, span: Span) -> Ident {
    let mut plain = syn::parse_str::<Ident>(name).unwrap_or_else(|_| Ident::new_raw(name, span));
    plain.set_span(span);
    plain
}
