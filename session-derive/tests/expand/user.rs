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
        pub const USER: __p::Key<Shop, Option<UserId>> = __p::Key::of::<
            __Field0,
        >(0usize);
        /// The typed key of `admin`.
        pub const ADMIN: __p::Key<Shop, bool> = __p::Key::of::<__Field1>(1usize);
    }
    #[automatically_derived]
    impl ShopSession {
        /// Who is logged in.
        #[inline]
        pub fn user(&self) -> &Option<UserId> {
            &self.__tracked.user
        }
        /// Sets `user`.
        ///
        /// A change counts as a login or logout, with a new token: use `login` and `logout`.
        #[inline]
        pub fn set_user(&mut self, value: Option<UserId>) {
            __p::Tracked::field_mut(&mut self.__tracked, 0usize).user = value;
        }
        /// Borrows `user` mutably.
        ///
        /// A change counts as a login or logout, with a new token: use `login` and `logout`.
        #[inline]
        pub fn user_mut(&mut self) -> &mut Option<UserId> {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 0usize).user
        }
        /// Takes the value of `user` and leaves `None`.
        ///
        /// A change counts as a login or logout, with a new token: use `login` and `logout`.
        pub fn take_user(&mut self) -> ::core::option::Option<UserId> {
            if ::core::option::Option::is_some(&self.__tracked.user) {
                ::core::option::Option::take(
                    &mut __p::Tracked::field_mut(&mut self.__tracked, 0usize).user,
                )
            } else {
                ::core::option::Option::None
            }
        }
        /// The field `admin`.
        #[inline]
        pub fn admin(&self) -> bool {
            self.__tracked.admin
        }
        /// Sets `admin`.
        ///
        /// A change gives the session a new token.
        #[inline]
        pub fn set_admin(&mut self, value: bool) {
            __p::Tracked::field_mut(&mut self.__tracked, 1usize).admin = value;
        }
        /// Borrows `admin` mutably.
        ///
        /// A change gives the session a new token.
        #[inline]
        pub fn admin_mut(&mut self) -> &mut bool {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 1usize).admin
        }
        /// Sets the field of `key`.
        pub fn set<__V>(&mut self, key: __p::Key<Shop, __V>, value: __V) {
            self.__tracked.set(key, value)
        }
        /// Logs `user` in. The session gets a new token, and fields without `survive` are reset.
        pub fn login(&mut self, user: UserId) {
            self.__tracked.login(user)
        }
        /// Removes the session at the end of the request.
        pub fn destroy(self) {
            self.__tracked.destroy()
        }
    }
    struct __Field0;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field0 {
        type Value = Option<UserId>;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("user", "user").privilege();
        fn get(of: &Shop) -> &Option<UserId> {
            &of.user
        }
        fn get_mut(of: &mut Shop) -> &mut Option<UserId> {
            &mut of.user
        }
        fn default() -> Option<UserId> {
            <Option<UserId> as __p::FieldDefault>::field_default()
        }
    }
    struct __Field1;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field1 {
        type Value = bool;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("admin", "admin").privilege();
        fn get(of: &Shop) -> &bool {
            &of.admin
        }
        fn get_mut(of: &mut Shop) -> &mut bool {
            &mut of.admin
        }
        fn default() -> bool {
            <bool as __p::FieldDefault>::field_default()
        }
    }
    #[automatically_derived]
    impl __p::SchemaData for Shop {
        const SECTION: __p::SectionInfo = __p::SectionInfo::new("shop", 1u32);
        const FIELDS: __p::Fields<Self> = &[
            __p::FieldDescriptor::of::<__Field0>(),
            __p::FieldDescriptor::of::<__Field1>(),
        ];
        const USER: ::core::option::Option<::core::primitive::usize> = ::core::option::Option::Some(
            0usize,
        );
        fn load(stored: &mut __p::SectionReader<'_>) -> Self {
            Self {
                admin: stored.field::<Self, __Field1>(),
                user: stored.field::<Self, __Field0>(),
            }
        }
        fn debug(&self, out: &mut ::core::fmt::DebugStruct<'_, '_>) {
            out.field("user", __p::DebugProbe(&self.user).get())
                .field("admin", __p::DebugProbe(&self.admin).get());
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
            ::core::option::Option::as_ref(&self.user)
        }
        fn user_mut(&mut self) -> &mut ::core::option::Option<UserId> {
            &mut self.user
        }
    }
    #[automatically_derived]
    impl ::core::ops::Deref for ShopSession {
        type Target = __p::Tracked<Shop>;
        #[inline]
        fn deref(&self) -> &Self::Target {
            &self.__tracked
        }
    }
    #[automatically_derived]
    impl ::core::ops::DerefMut for ShopSession {
        #[inline]
        fn deref_mut(&mut self) -> &mut Self::Target {
            &mut self.__tracked
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for ShopSession {
        fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            __p::Tracked::debug(self, "ShopSession", __f)
        }
    }
    const _: __p::Variable = ::core::option_env!("SESSION_LOCK");
    const _: () = __p::lock::assert_readable(
        "user",
        ::session::__shape_of!(Option < UserId >, "Option<UserId>"),
        <Shop as __p::SchemaData>::SECTION.codec,
    );
    ::session::__impl_extractor!(ShopSession, Shop);
    ::session::__not_serializable!(ShopSession);
};
