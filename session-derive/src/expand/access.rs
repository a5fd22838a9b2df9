//! The public face: the handle type, the typed keys, and the methods that the handle must have itself.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::{Bodies, index, marker};
use crate::model::{Default, Field, Merge, Model, Role, Stored, Survive};
use crate::spelling::{spelled, spelled_expression};

/// `struct ShopSession`.
pub(super) fn handle(model: &Model) -> TokenStream {
    let Model { vis, ident, handle, krate, .. } = model;
    // As part of the expansion, so that lints about `ident` are reported once, at the struct.
    let mut ident = ident.clone();
    ident.set_span(ident.span().resolved_at(Span::call_site()));
    let doc = format!(
        " A session with the fields of [`{ident}`]: see [`Tracked`]({}::Tracked) for its methods.",
        spelled(krate)
    );
    quote! {
        #[doc = #doc]
        #vis struct #handle {
            __tracked: #krate::Tracked<#ident>,
        }
    }
}

/// `impl Shop { KEYS }`, `impl ShopSession { … }`.
pub(super) fn items(model: &Model, bodies: Bodies) -> TokenStream {
    let Model { ident, handle, .. } = model;
    let keys = model.stored().filter_map(|(field, stored)| key(model, field, stored, bodies));
    let fields = model.fields.iter().map(|field| accessors(field, bodies));
    let methods = methods(model, bodies);
    quote! {
        #[automatically_derived]
        impl #ident {
            #(#keys)*
        }
        #[automatically_derived]
        impl #handle {
            #(#fields)*
            #methods
        }
    }
}

/// The methods that cannot come from the runtime by dereferencing.
///
/// `destroy` consumes the handle. `set` and `login` take a value, which may be read from the session: the borrow
/// checker accepts `session.set(key, session.visits() + 1)` only if no `deref_mut` comes before the argument.
fn methods(model: &Model, bodies: Bodies) -> TokenStream {
    let Model { vis, ident, .. } = model;
    let set = bodies.of(quote!(self.__tracked.set(key, value)));
    let destroy = bodies.of(quote!(self.__tracked.destroy()));
    let login = model.user().map(|(field, _)| {
        let user = field.inner.as_ref().unwrap_or(&field.ty);
        let login = bodies.of(quote!(self.__tracked.login(user)));
        quote! {
            /// Logs `user` in. The session gets a new token, and fields without `survive` are reset.
            #vis fn login(&mut self, user: #user) { #login }
        }
    });
    quote! {
        /// Sets the field of `key`.
        #vis fn set<__V>(&mut self, key: __p::Key<#ident, __V>, value: __V) { #set }
        #login
        /// Removes the session at the end of the request.
        #vis fn destroy(self) { #destroy }
    }
}

fn key(model: &Model, field: &Field, stored: &Stored, bodies: Bodies) -> Option<TokenStream> {
    let owner = &model.ident;
    let Field { ident, vis, ty, name, .. } = field;
    let constant = stored.constant.as_ref()?;
    let index = index(stored.index);
    let doc = format!(" The typed key of `{name}`.");
    let key = match bodies {
        Bodies::Real => {
            let marker = marker(stored);
            quote!(__p::Key::of::<#marker>(#index))
        },
        Bodies::Stub => quote!(__p::Key::new(#index, |of| &of.#ident, |of| &mut of.#ident)),
    };
    Some(quote_spanned! {span(field)=>
        #[doc = #doc]
        #vis const #constant: __p::Key<#owner, #ty> = #key;
    })
}

fn accessors(field: &Field, bodies: Bodies) -> TokenStream {
    let Some(names) = &field.accessors else { return TokenStream::new() };
    let Field { ident, vis, ty, name, .. } = field;
    let borrow = borrow(field);
    let docs = getter_docs(field);
    let (getter, setter, borrower) = (&names.get, &names.set, &names.borrow);
    let (result, value) = match field.copy {
        true => (quote!(#ty), quote!(self.__tracked.#ident)),
        false => (quote!(&#ty), quote!(&self.__tracked.#ident)),
    };
    let get = bodies.of(value);
    let (parameter, value) = match field.into {
        true => (quote!(impl ::core::convert::Into<#ty>), quote!(::core::convert::Into::into(value))),
        false => (quote!(#ty), quote!(value)),
    };
    let set = bodies.of(quote!(#borrow.#ident = #value;));
    let get_mut = bodies.of(quote!(&mut #borrow.#ident));
    let (set_doc, mut_doc) = (format!(" Sets `{name}`."), format!(" Borrows `{name}` mutably."));
    let rotation = rotation_doc(field);
    let take = take(field, bodies);
    let add = add(field, bodies);
    quote_spanned! {span(field)=>
        #docs
        #[inline]
        #vis fn #getter(&self) -> #result { #get }
        #[doc = #set_doc]
        #rotation
        #[inline]
        #vis fn #setter(&mut self, value: #parameter) { #set }
        #[doc = #mut_doc]
        #rotation
        #[inline]
        #vis fn #borrower(&mut self) -> &mut #ty { #get_mut }
        #take
        #add
    }
}

/// The span of the field with the hygiene of the macro: all generated uses of `self` must have the same one.
fn span(field: &Field) -> Span {
    field.ident.span().resolved_at(Span::call_site())
}

/// Borrows the struct mutably, to change `field`.
fn borrow(field: &Field) -> TokenStream {
    match &field.stored {
        Some(stored) => {
            let index = index(stored.index);
            quote!(__p::Tracked::field_mut(&mut self.__tracked, #index))
        },
        None => quote!(__p::Tracked::unstored_mut(&mut self.__tracked)),
    }
}

fn take(field: &Field, bodies: Bodies) -> Option<TokenStream> {
    let Field { ident, vis, ty, name, inner, .. } = field;
    let take = field.accessors.as_ref()?.take.as_ref()?;
    let borrow = borrow(field);
    let doc = format!(" Takes the value of `{name}` and leaves `None`.");
    let rotation = rotation_doc(field);
    let inner = inner.as_ref().unwrap_or(ty);
    // Without a value, the field is not marked as changed.
    let body = bodies.of(quote! {
        if ::core::option::Option::is_some(&self.__tracked.#ident) {
            ::core::option::Option::take(&mut #borrow.#ident)
        } else {
            ::core::option::Option::None
        }
    });
    Some(quote_spanned! {span(field)=>
        #[doc = #doc]
        #rotation
        #vis fn #take(&mut self) -> ::core::option::Option<#inner> { #body }
    })
}

fn add(field: &Field, bodies: Bodies) -> Option<TokenStream> {
    let Field { ident, vis, ty, name, .. } = field;
    let add = field.accessors.as_ref()?.add.as_ref()?;
    let borrow = borrow(field);
    let doc = format!(" Adds `amount` to `{name}`. The result saturates at the bounds of its type.");
    let plus = quote_spanned!(ty.span()=> <#ty as __p::Counter>::plus);
    let body = bodies.of(quote! {
        let __value = &mut #borrow.#ident;
        *__value = #plus(*__value, amount);
    });
    Some(quote_spanned! {span(field)=>
        #[doc = #doc]
        #vis fn #add(&mut self, amount: #ty) { #body }
    })
}

/// What a change of the field does beside the change, for the docs of methods that make one.
fn rotation_doc(field: &Field) -> Option<TokenStream> {
    let doc = match field.stored.as_ref()?.role {
        Role::Plain => return None,
        Role::User => " A change counts as a login or logout, with a new token: use `login` and `logout`.",
        Role::Right => " A change gives the session a new token.",
    };
    Some(quote!(#[doc = ""] #[doc = #doc]))
}

/// The field's own doc, then one line for each attribute.
fn getter_docs(field: &Field) -> TokenStream {
    let mut docs = match field.docs.is_empty() {
        true => {
            let doc = format!(" The field `{}`.", field.name);
            quote!(#[doc = #doc])
        },
        false => field.docs.clone(),
    };
    let mut rules = Vec::new();
    match &field.default {
        Default::Trait => {},
        Default::Literal(expr) | Default::Expr(expr) => {
            rules.push(format!("`{}` in a new session", spelled_expression(expr)));
        },
    }
    match &field.stored {
        None => rules.push("not stored: every request starts with the default".into()),
        Some(stored) => stored_rules(stored, &mut rules),
    }
    for rule in rules {
        let rule = format!(" - {rule}");
        docs.extend(quote!(#[doc = ""] #[doc = #rule]));
    }
    docs
}

fn stored_rules(stored: &Stored, rules: &mut Vec<String>) {
    if let Some(since) = stored.since {
        rules.push(format!("since version {since}"));
    }
    if stored.flash {
        rules.push("a flash value: read it with its `take_` method".into());
    }
    match stored.survive {
        Survive::Neither => {},
        Survive::Login => rules.push("survives login".into()),
        Survive::Both => rules.push("survives login and logout".into()),
    }
    match &stored.merge {
        Merge::LastWriter => {},
        Merge::Reject => rules.push("if two requests change it, the later one fails".into()),
        Merge::Counter => rules.push("parallel additions are summed".into()),
        Merge::Union => rules.push("parallel insertions and removals are combined".into()),
        Merge::Max => rules.push("of parallel changes, the largest value stays".into()),
        Merge::Min => rules.push("of parallel changes, the smallest value stays".into()),
        Merge::Log(cap) => {
            rules.push(format!("parallel appends are kept in the order of their commits, at most the newest {cap}"));
        },
        Merge::With(path) => rules.push(format!("parallel changes are merged by `{}`", spelled(path))),
    }
}
