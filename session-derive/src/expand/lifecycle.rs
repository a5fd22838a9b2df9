//! The methods that every session has: thin calls into the runtime.

use proc_macro2::TokenStream;
use quote::quote;

use super::Bodies;
use crate::model::Model;

pub(super) fn methods(model: &Model, bodies: Bodies) -> TokenStream {
    let user = user(model, bodies);
    let life = life(model, bodies);
    let state = state(model, bodies);
    let by_key = by_key(model, bodies);
    let validate = validate(model, bodies);
    quote!(#user #life #state #by_key #validate)
}

fn validate(model: &Model, bodies: Bodies) -> Option<TokenStream> {
    model.evolution.validate.as_ref()?;
    let Model { vis, krate, .. } = model;
    let validate = bodies.of(quote!(self.__tracked.validate()));
    Some(quote! {
        /// Which rules the session breaks as it is now. A commit asks as well, but answers for the handler then.
        ///
        /// # Errors
        ///
        /// All of them.
        #vis fn validate(&self) -> ::core::result::Result<(), #krate::Violations> { #validate }
    })
}

fn user(model: &Model, bodies: Bodies) -> Option<TokenStream> {
    let (field, _) = model.user()?;
    let vis = &model.vis;
    let user = field.inner.as_ref().unwrap_or(&field.ty);
    let login = bodies.of(quote!(self.__tracked.login(user)));
    let logout = bodies.of(quote!(self.__tracked.logout()));
    Some(quote! {
        /// Makes `user` the one who is logged in: at the end of the request the session gets a new id and the old one is
        /// dead. Fields that do not survive a login become their defaults now; what is set after this call stays.
        #vis fn login(&mut self, user: #user) { #login }
        /// Makes nobody the one who is logged in: the session gets a new id, and fields that do not survive a logout
        /// become their defaults now. If nothing is left, the session is removed, and its cookie too.
        #vis fn logout(&mut self) { #logout }
    })
}

fn life(model: &Model, bodies: Bodies) -> TokenStream {
    let Model { vis, ident, krate, .. } = model;
    let result = |ok: TokenStream| quote!(::core::result::Result<#ok, #krate::Error>);
    let (done, changed) = (result(quote!(())), result(quote!(__R)));
    let rotate = bodies.of(quote!(self.__tracked.rotate()));
    let destroy = bodies.of(quote!(self.__tracked.destroy()));
    let commit = bodies.of(quote!(self.__tracked.commit().await));
    let update = bodies.of(quote!(#krate::__private::update::<#ident, __R>(self, change).await));
    let detach = bodies.of(quote!(self.__tracked.detach()));
    quote! {
        /// Gives the session a new id at the end of the request; the old one is dead at once.
        #vis fn rotate(&mut self) { #rotate }
        /// Removes the session, for good, at the end of the request.
        #vis fn destroy(self) { #destroy }
        /// Saves what has changed now, instead of at the end of the request.
        ///
        /// # Errors
        ///
        /// When it could not be saved. After `ErrorKind::Unavailable` nothing was, and the end of the request tries once more.
        #vis async fn commit(&mut self) -> #done { #commit }
        /// Runs `change` on the session as it is stored now, and saves it only if nobody else has meanwhile; else again.
        /// Until the future is done or dropped, other changes of the session wait.
        ///
        /// # Errors
        ///
        /// When it could not be saved: nothing of it was, nor is it in the session any more. Only after `ErrorKind::Unknown` it may
        /// be stored.
        #vis async fn update<__R>(&mut self, change: impl ::core::ops::FnMut(&mut Self) -> __R) -> #changed { #update }
        /// A handle on the session that outlives the request.
        #vis fn detach(&self) -> #krate::Detached<#ident> { #detach }
    }
}

fn state(model: &Model, bodies: Bodies) -> TokenStream {
    let Model { vis, krate, .. } = model;
    let id = bodies.of(quote!(self.__tracked.id()));
    let is_new = bodies.of(quote!(self.__tracked.is_new()));
    let problems = bodies.of(quote!(self.__tracked.problems()));
    quote! {
        /// What the session is filed under: not a secret. `None` until it is first saved.
        #vis fn id(&self) -> ::core::option::Option<#krate::SessionId> { #id }
        /// Whether the session has never been saved.
        #vis fn is_new(&self) -> ::core::primitive::bool { #is_new }
        /// Stored fields that could not be read, and so are their defaults.
        #vis fn problems(&self) -> &[#krate::FieldError] { #problems }
    }
}

fn by_key(model: &Model, bodies: Bodies) -> TokenStream {
    let Model { vis, ident, krate, .. } = model;
    let get = bodies.of(quote!(self.__tracked.get_key(key)));
    let set = bodies.of(quote!(*self.__tracked.key_mut(key) = value;));
    let reset = bodies.of(quote!(self.__tracked.reset_key(key)));
    quote! {
        /// The field of `key`.
        #vis fn get<__V>(&self, key: #krate::Key<#ident, __V>) -> &__V { #get }
        /// Sets the field of `key`.
        #vis fn set<__V>(&mut self, key: #krate::Key<#ident, __V>, value: __V) { #set }
        /// Makes the field of `key` its default.
        #vis fn reset<__V>(&mut self, key: #krate::Key<#ident, __V>) { #reset }
    }
}
