//! Model to tokens: one constant, with one line for each member.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::model::{Content, Form, Member, Model, Tagging, Variant};
use crate::spelling::spelled;

/// Everything that the derive emits.
pub(super) fn expand(model: &Model) -> TokenStream {
    let shape = form(&model.form);
    if !model.recursive {
        return implementation(model, &TokenStream::new(), &shape);
    }
    let name = format!("::{}", model.ident);
    let id = quote!(::core::concat!(::core::module_path!(), #name));
    let marker = quote! {
        /// Replaces the type inside itself.
        struct __Recursive;
        #[automatically_derived]
        impl __p::SessionValue for __Recursive {
            const SHAPE: &'static __p::Shape = &__p::Shape::Back(#id);
        }
    };
    implementation(model, &marker, &quote!(&__p::Shape::Recursive { id: #id, shape: #shape }))
}

/// The expansion beside an error: the same trait, so that uses of the type cause no further errors.
pub(super) fn stub(model: &Model) -> TokenStream {
    let opaque = content(&Content::Opaque(spelled(&model.ident)));
    implementation(model, &TokenStream::new(), &opaque)
}

fn implementation(model: &Model, items: &TokenStream, shape: &TokenStream) -> TokenStream {
    let Model { ident, krate, generics, bounded, .. } = model;
    let (parameters, arguments, _) = generics.split_for_impl();
    let written = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let bounds = quote!(#(#written,)* #(#bounded: __p::SessionValue,)*);
    let bounds = (!bounds.is_empty()).then(|| quote!(where #bounds));
    quote! {
        #[allow(
            // A deprecated type or member is still stored.
            deprecated,
            // Absolute paths are independent of what is in scope.
            unused_qualifications,
            clippy::absolute_paths,
        )]
        const _: () = {
            use #krate::__private as __p;
            #items
            #[automatically_derived]
            impl #parameters __p::SessionValue for #ident #arguments #bounds {
                const SHAPE: &'static __p::Shape = #shape;
            }
        };
    }
}

/// A `&'static Shape`.
fn form(form: &Form) -> TokenStream {
    match form {
        Form::Unit => quote!(&__p::Shape::Unit),
        Form::Content(of) => content(of),
        Form::Tuple(items) => {
            let items = items.iter().map(content);
            quote!(&__p::Shape::Tuple(&[#(#items),*]))
        },
        Form::Struct(members) => {
            let members = members.iter().map(member);
            quote!(&__p::Shape::Struct(&[#(#members),*]))
        },
        Form::Enum(tagging, variants) => {
            let tagging = match tagging {
                Tagging::External => quote!(External),
                Tagging::Internal { tag } => quote!(Internal { tag: #tag }),
                Tagging::Adjacent { tag, content } => quote!(Adjacent { tag: #tag, content: #content }),
            };
            let variants = variants.iter().map(variant);
            quote!(&__p::Shape::Enum { tagging: __p::Tagging::#tagging, variants: &[#(#variants),*] })
        },
    }
}

fn content(content: &Content) -> TokenStream {
    match content {
        Content::Deep(ty, span) => quote_spanned!(*span=> <#ty as __p::SessionValue>::SHAPE),
        Content::Opaque(text) => quote!(&__p::Shape::Opaque(#text)),
        Content::Described(text) => quote!(&__p::Shape::Described(#text)),
    }
}

fn member(member: &Member) -> TokenStream {
    let name = &member.name;
    let content = content(&member.content);
    let optional = member.optional.then(|| quote!(.optional()));
    let skipped = member.skipped.then(|| quote!(.skipped()));
    let aliases = &member.aliases;
    let aliases = (!aliases.is_empty()).then(|| quote!(.aliases(&[#(#aliases),*])));
    quote!(__p::Member::new(#name, #content) #optional #skipped #aliases)
}

fn variant(variant: &Variant) -> TokenStream {
    let name = &variant.name;
    match &variant.form {
        None => quote!(__p::Variant::unit(#name)),
        Some(Form::Content(of)) => {
            let content = content(of);
            quote!(__p::Variant::new(#name, #content))
        },
        Some(of) => {
            // A function argument is not promoted to a constant by itself.
            let form = form(of);
            quote!(__p::Variant::new(#name, const { #form }))
        },
    }
}
