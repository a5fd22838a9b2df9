//! Tables and trait impls: what the engine works with.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Lit};

use super::Names;
use super::access::marker;
use crate::model::{Conflict, Field, Merge, Stored, Survive};

pub(super) fn expand(names: &Names<'_>) -> TokenStream {
    let Names { model, ident, handle } = names;
    let krate = &model.krate;
    let stored: Vec<(&Field, &Stored)> =
        model.fields.iter().filter_map(|field| Some((field, field.stored.as_ref()?))).collect();
    let fields = stored.iter().map(|(field, stored)| table(names, field, stored));
    let columns = stored.iter().map(|(field, stored)| {
        let (marker, ty) = (marker(stored.index), &field.ty);
        // In one body, so that the compiler reports a type that cannot be stored once.
        quote_spanned!(ty.span()=> { let () = <#ty as __p::Storable>::CHECK; __p::Column::of::<#marker>() })
    });
    let (name, version) = (&model.name, model.version);
    let lifetime = |constant: TokenStream, seconds: Option<u64>| {
        seconds.map(
            |seconds| quote!(const #constant: ::core::time::Duration = ::core::time::Duration::from_secs(#seconds);),
        )
    };
    let (idle, absolute) = (lifetime(quote!(IDLE), model.idle), lifetime(quote!(ABSOLUTE), model.absolute));
    let user_index = match model.user().and_then(|field| field.stored.as_ref()) {
        Some(stored) => {
            let index = stored.index;
            quote!(::core::option::Option::Some(#index))
        },
        None => quote!(::core::option::Option::None),
    };
    let load = match model.hollow {
        true => quote!({
            let _ = stored;
            ::core::unimplemented!()
        }),
        false => {
            let values = model.fields.iter().map(|field| {
                let name = &field.ident;
                match &field.stored {
                    Some(stored) => {
                        let marker = marker(stored.index);
                        quote!(#name: stored.field::<Self, #marker>())
                    },
                    None => {
                        let default = default(field);
                        quote!(#name: #default)
                    },
                }
            });
            quote!({ Self { #(#values),* } })
        },
    };
    let identified = model.user().and_then(|field| Some((&field.ident, field.option()?))).map(|(name, user)| {
        quote! {
            #[automatically_derived]
            impl __p::Identified for #ident {
                type User = #user;
                fn user(&self) -> ::core::option::Option<&#user> { self.#name.as_ref() }
                fn user_mut(&mut self) -> &mut ::core::option::Option<#user> { &mut self.#name }
            }
        }
    });
    let shown = handle.to_string();
    quote! {
        use #krate::__private as __p;
        #(#fields)*
        #[automatically_derived]
        impl __p::Schema for #ident {
            type Handle = #handle;
            const NAME: &'static ::core::primitive::str = #name;
            const VERSION: ::core::primitive::u32 = #version;
            #idle
            #absolute
            const FIELDS: &'static [__p::Column<Self>] = &[#(#columns),*];
            const USER: ::core::option::Option<::core::primitive::usize> = #user_index;
            fn load(stored: &mut __p::Stored<'_>) -> Self #load
        }
        #identified
        #[automatically_derived]
        impl ::core::ops::Deref for #handle {
            type Target = #ident;
            #[inline]
            fn deref(&self) -> &#ident { self.__tracked.get() }
        }
        #[automatically_derived]
        impl ::core::ops::DerefMut for #handle {
            #[inline]
            fn deref_mut(&mut self) -> &mut #ident { self.__tracked.all_mut() }
        }
        #[automatically_derived]
        impl ::core::convert::From<__p::Tracked<#ident>> for #handle {
            fn from(__tracked: __p::Tracked<#ident>) -> Self { Self { __tracked } }
        }
        #[automatically_derived]
        impl __p::Handle<#ident> for #handle {
            fn tracked(&self) -> &__p::Tracked<#ident> { &self.__tracked }
            fn tracked_mut(&mut self) -> &mut __p::Tracked<#ident> { &mut self.__tracked }
        }
        #[automatically_derived]
        impl ::core::fmt::Debug for #handle {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#shown).finish_non_exhaustive()
            }
        }
    }
}

fn table(names: &Names<'_>, field: &Field, stored: &Stored) -> TokenStream {
    let schema = &names.ident;
    let marker = marker(stored.index);
    let Field { ident: member, ty, name, .. } = field;
    let Stored { key, user, rotate, .. } = stored;
    let privilege = *user || *rotate;
    let survive = match stored.survive {
        Survive::Neither => quote!(Neither),
        Survive::Login => quote!(Login),
        Survive::Both => quote!(Both),
    };
    let rule = match stored.conflict {
        Conflict::LastWriter => quote!(LastWriter),
        Conflict::Reject => quote!(Reject),
        Conflict::Merge(_) => quote!(Merge),
    };
    let default = default(field);
    let merge = match &stored.conflict {
        Conflict::Merge(merge) => Some(merge_fn(field, merge)),
        Conflict::LastWriter | Conflict::Reject => None,
    };
    quote! {
        struct #marker;
        #[automatically_derived]
        impl __p::Field<#schema> for #marker {
            type Value = #ty;
            const INFO: __p::FieldInfo = __p::FieldInfo {
                name: #name,
                key: #key,
                privilege: #privilege,
                survive: __p::Survive::#survive,
                merge: __p::MergeRule::#rule,
            };
            fn get(__of: &#schema) -> &#ty { &__of.#member }
            fn get_mut(__of: &mut #schema) -> &mut #ty { &mut __of.#member }
            fn default() -> #ty { #default }
            #merge
        }
    }
}

fn merge_fn(field: &Field, merge: &Merge) -> TokenStream {
    let ty = &field.ty;
    let call = match merge {
        Merge::Counter => quote_spanned!(ty.span()=> __p::merge::counter(base, mine, theirs)),
        Merge::Union => quote_spanned!(ty.span()=> __p::merge::union(base, mine, theirs)),
        Merge::Max => quote_spanned!(ty.span()=> __p::merge::max(base, mine, theirs)),
        Merge::Min => quote_spanned!(ty.span()=> __p::merge::min(base, mine, theirs)),
        Merge::Log(cap) => quote_spanned!(ty.span()=> __p::merge::log(base, mine, theirs, #cap)),
        Merge::With(path) => {
            quote_spanned!(path.span()=> { let __merge: fn(#ty, #ty, #ty) -> #ty = #path; __merge(base, mine, theirs) })
        },
    };
    let normalizes = matches!(merge, Merge::Log(_)).then(|| {
        quote!(
            const NORMALIZES: ::core::primitive::bool = true;
        )
    });
    quote! {
        #normalizes
        fn merge(base: #ty, mine: #ty, theirs: #ty) -> #ty { #call }
    }
}

/// Plain literals keep their own type inference; everything else may convert.
fn default(field: &Field) -> TokenStream {
    let ty = &field.ty;
    match &field.default {
        None => quote_spanned!(ty.span()=> <#ty as __p::FieldDefault>::field_default()),
        Some(expr) if is_plain_literal(expr) => quote!(#expr),
        Some(expr) => quote_spanned!(expr.span()=> ::core::convert::Into::<#ty>::into(#expr)),
    }
}

fn is_plain_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(literal) => {
            matches!(literal.lit, Lit::Int(_) | Lit::Float(_) | Lit::Bool(_) | Lit::Char(_) | Lit::Byte(_))
        },
        Expr::Unary(negated) => is_plain_literal(&negated.expr),
        _ => false,
    }
}
