::core::compile_error! {
    "unknown merge strategy `couter`; did you mean `counter`?"
}
::core::compile_error! {
    "a `user` field must be an `Option`: it is `None` without a login; write `Option<UserId>`"
}
/// A session with the fields of [`Shop`]: see [`Tracked`](::session::Tracked) for its methods.
pub struct ShopSession {
    __tracked: ::session::Tracked<Shop>,
}
#[allow(deprecated, dead_code, non_snake_case, private_interfaces)]
const _: () = {
    use ::session::__private::{self as __p, DebugFallback as _};
    #[automatically_derived]
    impl Shop {
        /// The typed key of `user`.
        pub const USER: __p::Key<Shop, UserId> = __p::Key::new(
            0usize,
            |of| &of.user,
            |of| &mut of.user,
        );
        /// The typed key of `visits`.
        pub const VISITS: __p::Key<Shop, u64> = __p::Key::new(
            1usize,
            |of| &of.visits,
            |of| &mut of.visits,
        );
    }
    #[automatically_derived]
    impl ShopSession {
        /// The field `user`.
        #[inline]
        pub fn user(&self) -> &UserId {
            ::core::unimplemented!()
        }
        /// Sets `user`.
        ///
        /// A change counts as a login or logout, with a new token: use `login` and `logout`.
        #[inline]
        pub fn set_user(&mut self, value: UserId) {
            ::core::unimplemented!()
        }
        /// Borrows `user` mutably.
        ///
        /// A change counts as a login or logout, with a new token: use `login` and `logout`.
        #[inline]
        pub fn user_mut(&mut self) -> &mut UserId {
            ::core::unimplemented!()
        }
        /// The field `visits`.
        ///
        /// - parallel additions are summed
        #[inline]
        pub fn visits(&self) -> u64 {
            ::core::unimplemented!()
        }
        /// Sets `visits`.
        #[inline]
        pub fn set_visits(&mut self, value: u64) {
            ::core::unimplemented!()
        }
        /// Borrows `visits` mutably.
        #[inline]
        pub fn visits_mut(&mut self) -> &mut u64 {
            ::core::unimplemented!()
        }
        /// Adds `amount` to `visits`. The result saturates at the bounds of its type.
        pub fn add_visits(&mut self, amount: u64) {
            ::core::unimplemented!()
        }
        /// Sets the field of `key`.
        pub fn set<__V>(&mut self, key: __p::Key<Shop, __V>, value: __V) {
            ::core::unimplemented!()
        }
        /// Logs `user` in. The session gets a new token, and fields without `survive` are reset.
        pub fn login(&mut self, user: UserId) {
            ::core::unimplemented!()
        }
        /// Removes the session at the end of the request.
        pub fn destroy(self) {
            ::core::unimplemented!()
        }
    }
    #[automatically_derived]
    impl __p::SchemaData for Shop {
        const SECTION: __p::SectionInfo = __p::SectionInfo::new("shop", 1u32);
        const FIELDS: __p::Fields<Self> = &[];
        fn load(_: &mut __p::SectionReader<'_>) -> Self {
            ::core::unimplemented!()
        }
        fn debug(&self, _: &mut ::core::fmt::DebugStruct<'_, '_>) {
            ::core::unimplemented!()
        }
    }
    #[automatically_derived]
    impl __p::Schema for Shop {
        type Handle = ShopSession;
        fn handle(tracked: __p::Tracked<Self>) -> ShopSession {
            ShopSession { __tracked: tracked }
        }
    }
    #[automatically_derived]
    impl __p::Identified for Shop {
        type User = UserId;
        fn user(&self) -> ::core::option::Option<&UserId> {
            ::core::unimplemented!()
        }
        fn user_mut(&mut self) -> &mut ::core::option::Option<UserId> {
            ::core::unimplemented!()
        }
    }
    #[automatically_derived]
    impl ::core::ops::Deref for ShopSession {
        type Target = __p::Tracked<Shop>;
        #[inline]
        fn deref(&self) -> &Self::Target {
            ::core::unimplemented!()
        }
    }
    #[automatically_derived]
    impl ::core::ops::DerefMut for ShopSession {
        #[inline]
        fn deref_mut(&mut self) -> &mut Self::Target {
            ::core::unimplemented!()
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for ShopSession {
        fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::core::unimplemented!()
        }
    }
    ::session::__impl_extractor!(ShopSession, Shop);
    ::session::__not_serializable!(ShopSession);
};
