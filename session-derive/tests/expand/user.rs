/// A session that remembers a [`Shop`].
///
/// It dereferences to the struct: a field that is changed directly is noticed as well.
#[allow(
    deprecated,
    dead_code,
    non_snake_case,
    non_upper_case_globals,
    private_interfaces,
    unreachable_pub,
    unused_qualifications,
    clippy::absolute_paths,
)]
pub struct ShopSession {
    #[doc(hidden)]
    __tracked: ::session::__private::Tracked<Shop>,
}
#[allow(
    deprecated,
    dead_code,
    non_snake_case,
    non_upper_case_globals,
    private_interfaces,
    unreachable_pub,
    unused_qualifications,
    clippy::absolute_paths,
)]
#[automatically_derived]
impl Shop {
    /// The typed key of `user`.
    pub const USER: ::session::Key<Shop, Option<UserId>> = ::session::Key::new(
        0usize,
        |of| &of.user,
        |of| &mut of.user,
    );
    /// The typed key of `admin`.
    pub const ADMIN: ::session::Key<Shop, bool> = ::session::Key::new(
        1usize,
        |of| &of.admin,
        |of| &mut of.admin,
    );
}
#[allow(
    deprecated,
    dead_code,
    non_snake_case,
    non_upper_case_globals,
    private_interfaces,
    unreachable_pub,
    unused_qualifications,
    clippy::absolute_paths,
)]
#[automatically_derived]
impl ShopSession {
    /// Who is logged in.
    #[inline]
    pub fn user(&self) -> &Option<UserId> {
        &self.__tracked.get().user
    }
    /// Sets `user`.
    #[inline]
    pub fn set_user(&mut self, value: Option<UserId>) {
        self.__tracked.field_mut(0usize).user = value;
    }
    /// Borrows `user` mutably.
    #[inline]
    pub fn user_mut(&mut self) -> &mut Option<UserId> {
        &mut self.__tracked.field_mut(0usize).user
    }
    /// Takes `user` out of the session, if it is there.
    pub fn take_user(&mut self) -> ::core::option::Option<UserId> {
        if ::core::option::Option::is_some(&self.__tracked.get().user) {
            ::core::option::Option::take(&mut self.__tracked.field_mut(0usize).user)
        } else {
            ::core::option::Option::None
        }
    }
    /// The field `admin`.
    #[inline]
    pub fn admin(&self) -> bool {
        self.__tracked.get().admin
    }
    /// Sets `admin`.
    #[inline]
    pub fn set_admin(&mut self, value: bool) {
        self.__tracked.field_mut(1usize).admin = value;
    }
    /// Borrows `admin` mutably.
    #[inline]
    pub fn admin_mut(&mut self) -> &mut bool {
        &mut self.__tracked.field_mut(1usize).admin
    }
    /// Makes `user` the one who is logged in: at the end of the request the session gets a new id and the old one is
    /// dead. Fields that do not survive a login become their defaults now; what is set after this call stays.
    pub fn login(&mut self, user: UserId) {
        self.__tracked.login(user)
    }
    /// Makes nobody the one who is logged in: the session gets a new id, and fields that do not survive a logout
    /// become their defaults now. If nothing is left, the session is removed, and its cookie too.
    pub fn logout(&mut self) {
        self.__tracked.logout()
    }
    /// Gives the session a new id at the end of the request; the old one is dead at once.
    pub fn rotate(&mut self) {
        self.__tracked.rotate()
    }
    /// Removes the session, for good, at the end of the request.
    pub fn destroy(self) {
        self.__tracked.destroy()
    }
    /// Saves what has changed now, instead of at the end of the request.
    ///
    /// # Errors
    ///
    /// When it could not be saved. After `ErrorKind::Unavailable` nothing was, and the end of the request tries once more.
    pub async fn commit(&mut self) -> ::core::result::Result<(), ::session::Error> {
        self.__tracked.commit().await
    }
    /// Runs `change` on the session as it is stored now, and saves it only if nobody else has meanwhile; else again.
    /// Until the future is done or dropped, other changes of the session wait.
    ///
    /// # Errors
    ///
    /// When it could not be saved: nothing of it was, nor is it in the session any more. Only after `ErrorKind::Unknown` it may
    /// be stored.
    pub async fn update<__R>(
        &mut self,
        change: impl ::core::ops::FnMut(&mut Self) -> __R,
    ) -> ::core::result::Result<__R, ::session::Error> {
        ::session::__private::update::<Shop, __R>(self, change).await
    }
    /// A handle on the session that outlives the request.
    pub fn detach(&self) -> ::session::Detached<Shop> {
        self.__tracked.detach()
    }
    /// What the session is filed under: not a secret. `None` until it is first saved.
    pub fn id(&self) -> ::core::option::Option<::session::SessionId> {
        self.__tracked.id()
    }
    /// Whether the session has never been saved.
    pub fn is_new(&self) -> ::core::primitive::bool {
        self.__tracked.is_new()
    }
    /// Stored fields that could not be read, and so are their defaults.
    pub fn problems(&self) -> &[::session::FieldError] {
        self.__tracked.problems()
    }
    /// The field of `key`.
    pub fn get<__V>(&self, key: ::session::Key<Shop, __V>) -> &__V {
        self.__tracked.get_key(key)
    }
    /// Sets the field of `key`.
    pub fn set<__V>(&mut self, key: ::session::Key<Shop, __V>, value: __V) {
        *self.__tracked.key_mut(key) = value;
    }
    /// Makes the field of `key` its default.
    pub fn reset<__V>(&mut self, key: ::session::Key<Shop, __V>) {
        self.__tracked.reset_key(key)
    }
}
#[allow(
    deprecated,
    dead_code,
    non_snake_case,
    non_upper_case_globals,
    private_interfaces,
    unreachable_pub,
    unused_qualifications,
    clippy::absolute_paths,
)]
const _: () = {
    use ::session::__private as __p;
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
    impl __p::Schema for Shop {
        type Handle = ShopSession;
        const NAME: &'static ::core::primitive::str = "shop";
        const VERSION: ::core::primitive::u32 = 1u32;
        const FIELDS: &'static [__p::FieldDescriptor<Self>] = &[
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
        type Target = Shop;
        #[inline]
        fn deref(&self) -> &Shop {
            self.__tracked.get()
        }
    }
    #[automatically_derived]
    impl ::core::ops::DerefMut for ShopSession {
        #[inline]
        fn deref_mut(&mut self) -> &mut Shop {
            self.__tracked.all_mut()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<__p::Tracked<Shop>> for ShopSession {
        fn from(__tracked: __p::Tracked<Shop>) -> Self {
            Self { __tracked }
        }
    }
    #[automatically_derived]
    impl __p::Handle<Shop> for ShopSession {
        fn tracked(&self) -> &__p::Tracked<Shop> {
            &self.__tracked
        }
        fn tracked_mut(&mut self) -> &mut __p::Tracked<Shop> {
            &mut self.__tracked
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for ShopSession {
        fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            __f.debug_struct("ShopSession").finish_non_exhaustive()
        }
    }
    const _: ::core::option::Option<&::core::primitive::str> = ::core::option_env!(
        "SESSION_LOCK"
    );
    const _: () = __p::lock::readable(
        "user",
        ::session::__shape_of!(Option < UserId >, "Option<UserId>"),
        <Shop as __p::Schema>::SECTION.codec,
    );
    ::session::__impl_extractor!(ShopSession, Shop);
};
