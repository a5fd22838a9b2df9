::core::compile_error! {
    "unknown merge strategy `couter`; did you mean `counter`?"
}
::core::compile_error! {
    "a `user` field must be an `Option`: it is `None` while nobody is logged in; write `Option<UserId>`"
}
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
    pub const USER: ::session::Key<Shop, UserId> = ::session::Key::new(
        0usize,
        |of| &of.user,
        |of| &mut of.user,
    );
    /// The typed key of `visits`.
    pub const VISITS: ::session::Key<Shop, u64> = ::session::Key::new(
        1usize,
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
    /// The field `user`.
    #[inline]
    pub fn user(&self) -> &UserId {
        ::core::unimplemented!()
    }
    /// Sets `user`.
    #[inline]
    pub fn set_user(&mut self, value: UserId) {
        ::core::unimplemented!()
    }
    /// Borrows `user` mutably.
    #[inline]
    pub fn user_mut(&mut self) -> &mut UserId {
        ::core::unimplemented!()
    }
    /// The field `visits`.
    ///
    /// - what parallel requests add is added up
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
    /// Adds `amount` to `visits`, which stops at the largest number of its type.
    pub fn add_visits(&mut self, amount: u64) {
        ::core::unimplemented!()
    }
    /// Makes `user` the one who is logged in: at the end of the request the session gets a new id and the old one is
    /// dead. Fields that do not survive a login become their defaults now; what is set after this call stays.
    pub fn login(&mut self, user: UserId) {
        ::core::unimplemented!()
    }
    /// Makes nobody the one who is logged in: the session gets a new id, and fields that do not survive a logout
    /// become their defaults now. If nothing is left, the session is removed, and its cookie too.
    pub fn logout(&mut self) {
        ::core::unimplemented!()
    }
    /// Gives the session a new id at the end of the request; the old one is dead at once.
    pub fn rotate(&mut self) {
        ::core::unimplemented!()
    }
    /// Removes the session, for good, at the end of the request.
    pub fn destroy(self) {
        ::core::unimplemented!()
    }
    /// Saves what has changed now, instead of at the end of the request.
    ///
    /// # Errors
    ///
    /// When it could not be saved. After `ErrorKind::Unavailable` nothing was, and the end of the request tries once more.
    pub async fn commit(&mut self) -> ::core::result::Result<(), ::session::Error> {
        ::core::unimplemented!()
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
        ::core::unimplemented!()
    }
    /// A handle on the session that outlives the request.
    pub fn detach(&self) -> ::session::Detached<Shop> {
        ::core::unimplemented!()
    }
    /// What the session is filed under: not a secret. `None` until it is first saved.
    pub fn id(&self) -> ::core::option::Option<::session::SessionId> {
        ::core::unimplemented!()
    }
    /// Whether the session has never been saved.
    pub fn is_new(&self) -> ::core::primitive::bool {
        ::core::unimplemented!()
    }
    /// Stored fields that could not be read, and so are their defaults.
    pub fn problems(&self) -> &[::session::FieldError] {
        ::core::unimplemented!()
    }
    /// The field of `key`.
    pub fn get<__V>(&self, key: ::session::Key<Shop, __V>) -> &__V {
        ::core::unimplemented!()
    }
    /// Sets the field of `key`.
    pub fn set<__V>(&mut self, key: ::session::Key<Shop, __V>, value: __V) {
        ::core::unimplemented!()
    }
    /// Makes the field of `key` its default.
    pub fn reset<__V>(&mut self, key: ::session::Key<Shop, __V>) {
        ::core::unimplemented!()
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
    #[automatically_derived]
    impl __p::Schema for Shop {
        type Handle = ShopSession;
        const NAME: &'static ::core::primitive::str = "shop";
        const VERSION: ::core::primitive::u32 = 1u32;
        const FIELDS: &'static [__p::FieldDescriptor<Self>] = &[];
        const USER: ::core::option::Option<::core::primitive::usize> = ::core::option::Option::None;
        fn load(_: &mut __p::SectionReader<'_>) -> Self {
            ::core::unimplemented!()
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
        type Target = Shop;
        #[inline]
        fn deref(&self) -> &Shop {
            ::core::unimplemented!()
        }
    }
    #[automatically_derived]
    impl ::core::ops::DerefMut for ShopSession {
        #[inline]
        fn deref_mut(&mut self) -> &mut Shop {
            ::core::unimplemented!()
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
    ::session::__impl_extractor!(ShopSession, Shop);
};
