//! The methods that every session has: thin calls into the runtime.

use proc_macro2::TokenStream;
use quote::quote;

use super::Names;

pub(super) fn expand(names: &Names<'_>) -> TokenStream {
    let Names { model, ident, handle } = names;
    let (krate, vis) = (&model.krate, &model.vis);
    let result = quote!(::core::result::Result);
    let login = model.user().and_then(|field| Some((field.ident.span(), field.option()?))).map(|(span, user)| {
        let method = super::ident("login", span.resolved_at(proc_macro2::Span::call_site()));
        quote! {
            /// Makes `user` the one who is logged in: at the end of the request the session gets a new id and the old one is
            /// dead. Fields that do not survive a login become their defaults now; what is set after this call stays.
            #vis fn #method(&mut self, user: #user) { self.__tracked.login(user) }
            /// Makes nobody the one who is logged in: the session gets a new id, and fields that do not survive a logout
            /// become their defaults now. If nothing is left, the session is removed, and its cookie too.
            #vis fn logout(&mut self) { self.__tracked.logout() }
        }
    });
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, dead_code)]
        impl #handle {
            #login
            /// Gives the session a new id at the end of the request; the old one is dead at once.
            #vis fn rotate(&mut self) { self.__tracked.rotate() }
            /// Removes the session, for good, at the end of the request.
            #vis fn destroy(self) { self.__tracked.destroy() }
            /// Saves what has changed now, instead of at the end of the request.
            ///
            /// # Errors
            ///
            /// When it could not be saved: nothing was.
            #vis async fn commit(&mut self) -> #result<(), #krate::Error> { self.__tracked.commit().await }
            /// Runs `change` on the session as it is stored now, and saves it only if nobody else has meanwhile; else again.
            ///
            /// # Errors
            ///
            /// When it could not be saved: nothing was.
            #vis async fn update<__R>(&mut self, change: impl ::core::ops::FnMut(&mut Self) -> __R) -> #result<__R, #krate::Error> {
                #krate::__private::update::<#ident, __R>(self, change).await
            }
            /// A handle on the session that outlives the request.
            #vis fn detach(&self) -> #krate::Detached<#ident> { self.__tracked.detach() }
            /// What the session is filed under: not a secret. `None` until it is first saved.
            #vis fn id(&self) -> ::core::option::Option<#krate::SessionId> { self.__tracked.id() }
            /// Whether the session has never been saved.
            #vis fn is_new(&self) -> bool { self.__tracked.is_new() }
            /// The field of `key`.
            #vis fn get<__V>(&self, key: #krate::Key<#ident, __V>) -> &__V { self.__tracked.get_key(key) }
            /// Sets the field of `key`.
            #vis fn set<__V>(&mut self, key: #krate::Key<#ident, __V>, value: __V) { *self.__tracked.key_mut(key) = value; }
            /// Makes the field of `key` its default.
            #vis fn reset<__V>(&mut self, key: #krate::Key<#ident, __V>) { self.__tracked.reset_key(key) }
            /// Stored fields that could not be read, and so are their defaults.
            #vis fn problems(&self) -> &[#krate::Problem] { self.__tracked.problems() }
        }
    }
}
