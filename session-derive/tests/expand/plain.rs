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
struct ShopSession {
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
    /// The typed key of `visits`.
    const VISITS: ::session::Key<Shop, u64> = ::session::Key::new(
        0usize,
        |of| &of.visits,
        |of| &mut of.visits,
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
    /// The field `visits`.
    #[inline]
    fn visits(&self) -> u64 {
        self.__tracked.get().visits
    }
    /// Sets `visits`.
    #[inline]
    fn set_visits(&mut self, value: u64) {
        self.__tracked.field_mut(0usize).visits = value;
    }
    /// Borrows `visits` mutably.
    #[inline]
    fn visits_mut(&mut self) -> &mut u64 {
        &mut self.__tracked.field_mut(0usize).visits
    }
    /// Gives the session a new id at the end of the request; the old one is dead at once.
    fn rotate(&mut self) {
        self.__tracked.rotate()
    }
    /// Removes the session, for good, at the end of the request.
    fn destroy(self) {
        self.__tracked.destroy()
    }
    /// Saves what has changed now, instead of at the end of the request.
    ///
    /// # Errors
    ///
    /// When it could not be saved. After `ErrorKind::Unavailable` nothing was, and the end of the request tries once more.
    async fn commit(&mut self) -> ::core::result::Result<(), ::session::Error> {
        self.__tracked.commit().await
    }
    /// Runs `change` on the session as it is stored now, and saves it only if nobody else has meanwhile; else again.
    /// Until the future is done or dropped, other changes of the session wait.
    ///
    /// # Errors
    ///
    /// When it could not be saved: nothing of it was, nor is it in the session any more. Only after `ErrorKind::Unknown` it may
    /// be stored.
    async fn update<__R>(
        &mut self,
        change: impl ::core::ops::FnMut(&mut Self) -> __R,
    ) -> ::core::result::Result<__R, ::session::Error> {
        ::session::__private::update::<Shop, __R>(self, change).await
    }
    /// A handle on the session that outlives the request.
    fn detach(&self) -> ::session::Detached<Shop> {
        self.__tracked.detach()
    }
    /// What the session is filed under: not a secret. `None` until it is first saved.
    fn id(&self) -> ::core::option::Option<::session::SessionId> {
        self.__tracked.id()
    }
    /// Whether the session has never been saved.
    fn is_new(&self) -> ::core::primitive::bool {
        self.__tracked.is_new()
    }
    /// Stored fields that could not be read, and so are their defaults.
    fn problems(&self) -> &[::session::FieldError] {
        self.__tracked.problems()
    }
    /// The field of `key`.
    fn get<__V>(&self, key: ::session::Key<Shop, __V>) -> &__V {
        self.__tracked.get_key(key)
    }
    /// Sets the field of `key`.
    fn set<__V>(&mut self, key: ::session::Key<Shop, __V>, value: __V) {
        *self.__tracked.key_mut(key) = value;
    }
    /// Makes the field of `key` its default.
    fn reset<__V>(&mut self, key: ::session::Key<Shop, __V>) {
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
        type Value = u64;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("visits", "visits");
        fn get(of: &Shop) -> &u64 {
            &of.visits
        }
        fn get_mut(of: &mut Shop) -> &mut u64 {
            &mut of.visits
        }
        fn default() -> u64 {
            <u64 as __p::FieldDefault>::field_default()
        }
    }
    #[automatically_derived]
    impl __p::Schema for Shop {
        type Handle = ShopSession;
        const NAME: &'static ::core::primitive::str = "shop";
        const VERSION: ::core::primitive::u32 = 1u32;
        const FIELDS: &'static [__p::FieldDescriptor<Self>] = &[__p::FieldDescriptor::of::<__Field0>()];
        const USER: ::core::option::Option<::core::primitive::usize> = ::core::option::Option::None;
        fn load(stored: &mut __p::SectionReader<'_>) -> Self {
            Self {
                visits: stored.field::<Self, __Field0>(),
            }
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
    ::session::__impl_extractor!(ShopSession, Shop);
};
