//! The expansion beside an error: the same items with the same signatures, so that uses of the type cause no further
//! errors. It has no bound that a field's type might not fulfil.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Bodies, access, enclosed, schema};
use crate::model::Model;

/// The public face of `model`, with bodies that never run.
pub(crate) fn stub(model: &Model) -> TokenStream {
    let Model { ident, handle, name, version, .. } = model;
    let access = access::items(model, Bodies::Stub);
    let identified = schema::identified(model, Bodies::Stub);
    let handle_traits = schema::handle(model, Bodies::Stub);
    let body = Bodies::Stub.of(TokenStream::new());
    let items = quote! {
        #access
        #[automatically_derived]
        impl __p::SchemaData for #ident {
            const SECTION: __p::SectionInfo = __p::SectionInfo::new(#name, #version);
            const FIELDS: __p::Fields<Self> = &[];
            fn load(_: &mut __p::SectionReader<'_>) -> Self { #body }
            fn debug(&self, _: &mut ::core::fmt::DebugStruct<'_, '_>) { #body }
        }
        #[automatically_derived]
        impl __p::Schema for #ident {
            type Handle = #handle;
            fn handle(tracked: __p::Tracked<Self>) -> #handle { #handle { __tracked: tracked } }
        }
        #identified
        #handle_traits
    };
    enclosed(model, &items)
}
