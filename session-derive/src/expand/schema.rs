//! The runtime's view of the struct: one `Field` for each stored field, the table of them, and the traits of the
//! handle.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::{Bodies, index, lock, marker, older};
use crate::lock::Locked;
use crate::model::{Default, Field, Merge, Model, Newer, Role, Stored, Survive};
use crate::spelling::spelled;

pub(super) fn items(model: &Model, locked: Option<&Locked>) -> TokenStream {
    let fields = model.stored().map(|(field, stored)| field_impl(model, field, stored));
    let schema = schema(model, locked);
    let identified = identified(model, Bodies::Real);
    let handle = handle(model, Bodies::Real);
    quote! {
        #(#fields)*
        #schema
        #identified
        #handle
    }
}

fn field_impl(model: &Model, field: &Field, stored: &Stored) -> TokenStream {
    let owner = &model.ident;
    let Field { ident, ty, name, .. } = field;
    let marker = marker(stored);
    let key = &stored.key;
    let privilege = (stored.role != Role::Plain).then(|| quote!(.privilege()));
    let survive = match stored.survive {
        Survive::Neither => None,
        Survive::Login => Some(quote!(.survive(__p::Survive::Login))),
        Survive::Both => Some(quote!(.survive(__p::Survive::Both))),
    };
    let rule = match stored.merge {
        Merge::LastWriter => None,
        Merge::Reject => Some(quote!(.merge(__p::MergeRule::Reject))),
        _ => Some(quote!(.merge(__p::MergeRule::Merge))),
    };
    let rejects = stored.rejects.then(|| quote!(.rejects()));
    let sources = stored.history.keys();
    let sources = (!sources.is_empty()).then(|| quote!(.sources(&[#(#sources),*])));
    let default = default(field);
    let older = older::method(field, stored);
    let merge = merge(field, stored);
    quote! {
        struct #marker;
        #[automatically_derived]
        impl __p::Field<#owner> for #marker {
            type Value = #ty;
            const INFO: __p::FieldInfo = __p::FieldInfo::new(#name, #key) #privilege #survive #rule #rejects #sources;
            fn get(of: &#owner) -> &#ty { &of.#ident }
            fn get_mut(of: &mut #owner) -> &mut #ty { &mut of.#ident }
            fn default() -> #ty { #default }
            #older
            #merge
        }
    }
}

fn default(field: &Field) -> TokenStream {
    let ty = &field.ty;
    match &field.default {
        Default::Trait => quote_spanned!(ty.span()=> <#ty as __p::FieldDefault>::field_default()),
        Default::Literal(expr) => quote!(#expr),
        Default::Expr(expr) => quote_spanned!(expr.span()=> ::core::convert::Into::<#ty>::into(#expr)),
    }
}

fn merge(field: &Field, stored: &Stored) -> Option<TokenStream> {
    let ty = &field.ty;
    let span = ty.span();
    let body = match &stored.merge {
        Merge::LastWriter | Merge::Reject => return None,
        // Trait methods, not free functions: the error for a type without the trait then quotes no code of the runtime.
        Merge::Counter => quote_spanned!(span=> <#ty as __p::Counter>::combined(base, ours, theirs)),
        Merge::Union => quote_spanned!(span=> <#ty as __p::Union>::combined(base, ours, theirs)),
        Merge::Max => quote_spanned!(span=> <#ty as __p::Ordered>::larger(ours, theirs)),
        Merge::Min => quote_spanned!(span=> <#ty as __p::Ordered>::smaller(ours, theirs)),
        Merge::Log(cap) => {
            let cap = index(*cap);
            quote_spanned!(span=> <#ty as __p::Log>::combined(base, ours, theirs, #cap))
        },
        Merge::With(path) => quote! {
            let __merge: fn(#ty, #ty, #ty) -> #ty = #path;
            __merge(base, ours, theirs)
        },
    };
    let base = match stored.merge {
        Merge::Max | Merge::Min => quote!(_),
        _ => quote!(base),
    };
    // A log is trimmed by its merge rule, so the rule runs even without a conflict.
    let normalizes = matches!(stored.merge, Merge::Log(_)).then(|| {
        quote!(
            const NORMALIZES: ::core::primitive::bool = true;
        )
    });
    Some(quote! {
        #normalizes
        fn merge(#base: #ty, ours: #ty, theirs: #ty) -> #ty { #body }
    })
}

fn schema(model: &Model, locked: Option<&Locked>) -> TokenStream {
    let Model { ident, handle, .. } = model;
    let idle = duration("IDLE", model.idle);
    let absolute = duration("ABSOLUTE", model.absolute);
    let section = section(model);
    let previous = previous(model);
    let check_previous = check_previous(model);
    let validate = validate(model);
    let lock = lock::entries(model, locked);
    let markers = model.stored().map(|(_, stored)| marker(stored));
    let user = model.user().map(|(_, stored)| {
        let index = index(stored.index);
        quote!(
            const USER: ::core::option::Option<::core::primitive::usize> = ::core::option::Option::Some(#index);
        )
    });
    // In the order in which they are stored, so that the reader finds each one where the one before it ends.
    let mut fields: Vec<&Field> = model.fields.iter().collect();
    fields.sort_by(|one, other| key(one).cmp(&key(other)));
    let values = fields.into_iter().map(|field| {
        let ident = &field.ident;
        let value = match &field.stored {
            Some(stored) => {
                let marker = marker(stored);
                quote!(stored.field::<Self, #marker>())
            },
            None => default(field),
        };
        quote!(#ident: #value)
    });
    let printed = model.fields.iter().map(|field| {
        let Field { ident, name, .. } = field;
        quote!(.field(#name, __p::DebugProbe(&self.#ident).get()))
    });
    quote! {
        #[automatically_derived]
        impl __p::SchemaData for #ident {
            #section
            const FIELDS: __p::Fields<Self> = &[#(__p::FieldDescriptor::of::<#markers>()),*];
            #user
            #previous
            fn load(stored: &mut __p::SectionReader<'_>) -> Self {
                Self { #(#values),* }
            }
            fn debug(&self, out: &mut ::core::fmt::DebugStruct<'_, '_>) {
                out #(#printed)*;
            }
            #validate
            #lock
        }
        #[automatically_derived]
        impl __p::Schema for #ident {
            type Handle = #handle;
            fn handle(tracked: __p::Tracked<Self>) -> #handle { #handle { __tracked: tracked } }
            #idle
            #absolute
        }
        #check_previous
    }
}

fn key(field: &Field) -> Option<&str> {
    field.stored.as_ref().map(|stored| stored.key.as_str())
}

fn section(model: &Model) -> TokenStream {
    let Model { name, version, evolution, .. } = model;
    let newer = match evolution.newer {
        Newer::Accept => None,
        Newer::Readonly => Some(quote!(.newer(__p::Newer::Readonly))),
        Newer::Reject => Some(quote!(.newer(__p::Newer::Reject))),
    };
    let min_reader = evolution.min_reader.map(|version| quote!(.min_reader(#version)));
    let purge = &evolution.purge;
    let purge = (!purge.is_empty()).then(|| quote!(.purge(&[#(#purge),*])));
    let codec = evolution.codec.as_ref().map(|codec| quote_spanned!(codec.span()=> .codec(__p::__codec!(#codec))));
    quote! {
        const SECTION: __p::SectionInfo = __p::SectionInfo::new(#name, #version) #newer #min_reader #purge #codec;
    }
}

fn previous(model: &Model) -> Option<TokenStream> {
    let previous = model.evolution.previous.as_ref()?;
    let path = &previous.path;
    let of = match previous.fallible {
        false => quote!(of),
        true => quote!(try_of),
    };
    Some(quote_spanned! {path.span()=>
        const PREVIOUS: ::core::option::Option<__p::Previous<Self>> =
            ::core::option::Option::Some(__p::Previous::#of::<#path>());
    })
}

/// A separate item: an associated constant is evaluated only where it is used.
fn check_previous(model: &Model) -> Option<TokenStream> {
    let Model { ident, name, version, .. } = model;
    let path = &model.evolution.previous.as_ref()?.path;
    let old = spelled(path);
    let other_name = format!("`{old}` has another session name than `{ident}`: write `name = \"{name}\"` on it");
    let before = version.saturating_sub(1);
    let gap =
        format!("`{old}` must be version {before}, because `{ident}` is version {version}: no version can be left out");
    Some(quote_spanned! {path.span()=>
        const _: () = __p::check_previous::<#ident, #path>(#other_name, #gap);
    })
}

fn validate(model: &Model) -> Option<TokenStream> {
    let garde = model.evolution.validate.as_ref()?;
    Some(quote_spanned! {garde.span().resolved_at(proc_macro2::Span::call_site())=>
        const VALIDATES: ::core::primitive::bool = true;
        fn validate(&self) -> ::core::result::Result<(), __p::Violations> {
            __p::__garde!(self)
        }
    })
}

fn duration(name: &str, seconds: Option<u64>) -> Option<TokenStream> {
    let seconds = seconds?;
    let name = format_ident!("{name}");
    Some(quote!(const #name: ::core::time::Duration = ::core::time::Duration::from_secs(#seconds);))
}

pub(super) fn identified(model: &Model, bodies: Bodies) -> Option<TokenStream> {
    let owner = &model.ident;
    let (field, _) = model.user()?;
    let ident = &field.ident;
    let user = field.inner.as_ref().unwrap_or(&field.ty);
    let get = bodies.of(quote!(::core::option::Option::as_ref(&self.#ident)));
    let get_mut = bodies.of(quote!(&mut self.#ident));
    Some(quote! {
        #[automatically_derived]
        impl __p::Identified for #owner {
            type User = #user;
            fn user(&self) -> ::core::option::Option<&#user> { #get }
            fn user_mut(&mut self) -> &mut ::core::option::Option<#user> { #get_mut }
        }
    })
}

/// The traits of the handle.
pub(super) fn handle(model: &Model, bodies: Bodies) -> TokenStream {
    let Model { ident, handle, .. } = model;
    let name = handle.to_string();
    let (deref, deref_mut) = (bodies.of(quote!(&self.__tracked)), bodies.of(quote!(&mut self.__tracked)));
    let debug = bodies.of(quote!(__p::Tracked::debug(self, #name, __f)));
    quote! {
        #[automatically_derived]
        impl ::core::ops::Deref for #handle {
            type Target = __p::Tracked<#ident>;
            #[inline]
            fn deref(&self) -> &Self::Target { #deref }
        }
        #[automatically_derived]
        impl ::core::ops::DerefMut for #handle {
            #[inline]
            fn deref_mut(&mut self) -> &mut Self::Target { #deref_mut }
        }
        #[automatically_derived]
        impl ::core::fmt::Debug for #handle {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result { #debug }
        }
    }
}
