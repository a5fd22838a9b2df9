//! What is emitted beside an error: the same items with the same signatures, so that the uses of a type whose attributes are
//! wrong are no errors too. Nothing in it asks for a trait that a field's type might lack.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Bodies, access, allow_list, schema};
use crate::model::Model;

/// The public face of `model`, with bodies that never run.
pub(crate) fn stub(model: &Model) -> TokenStream {
    let Model { ident, handle, krate, name, version, .. } = model;
    let allow = allow_list();
    let access = access::items(model, Bodies::Stub);
    let identified = schema::identified(model, Bodies::Stub);
    let handle_traits = schema::handle(model, Bodies::Stub);
    let body = Bodies::Stub.of(TokenStream::new());
    quote! {
        #access
        #allow
        const _: () = {
            use #krate::__private as __p;
            #[automatically_derived]
            impl __p::Schema for #ident {
                type Handle = #handle;
                const NAME: &'static ::core::primitive::str = #name;
                const VERSION: ::core::primitive::u32 = #version;
                const FIELDS: &'static [__p::FieldDescriptor<Self>] = &[];
                const USER: ::core::option::Option<::core::primitive::usize> = ::core::option::Option::None;
                fn load(_: &mut __p::SectionReader<'_>) -> Self { #body }
            }
            #identified
            #handle_traits
            #krate::__impl_extractor!(#handle, #ident);
        };
    }
}
