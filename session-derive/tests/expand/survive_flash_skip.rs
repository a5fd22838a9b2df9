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
    /// The typed key of `theme`.
    pub const THEME: ::session::Key<Shop, u8> = ::session::Key::new(
        0usize,
        |of| &of.theme,
        |of| &mut of.theme,
    );
    /// The typed key of `cart`.
    pub const CART: ::session::Key<Shop, Vec<u32>> = ::session::Key::new(
        1usize,
        |of| &of.cart,
        |of| &mut of.cart,
    );
    /// The typed key of `notice`.
    pub const NOTICE: ::session::Key<Shop, Option<String>> = ::session::Key::new(
        2usize,
        |of| &of.notice,
        |of| &mut of.notice,
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
    /// The field `theme`.
    ///
    /// - kept across login and logout
    #[inline]
    pub fn theme(&self) -> u8 {
        self.__tracked.get().theme
    }
    /// Sets `theme`.
    #[inline]
    pub fn set_theme(&mut self, value: u8) {
        self.__tracked.field_mut(0usize).theme = value;
    }
    /// Borrows `theme` mutably.
    #[inline]
    pub fn theme_mut(&mut self) -> &mut u8 {
        &mut self.__tracked.field_mut(0usize).theme
    }
    /// The field `cart`.
    ///
    /// - kept across login
    #[inline]
    pub fn cart(&self) -> &Vec<u32> {
        &self.__tracked.get().cart
    }
    /// Sets `cart`.
    #[inline]
    pub fn set_cart(&mut self, value: Vec<u32>) {
        self.__tracked.field_mut(1usize).cart = value;
    }
    /// Borrows `cart` mutably.
    #[inline]
    pub fn cart_mut(&mut self) -> &mut Vec<u32> {
        &mut self.__tracked.field_mut(1usize).cart
    }
    /// The field `notice`.
    ///
    /// - read once, with its `take_` method
    #[inline]
    pub fn notice(&self) -> &Option<String> {
        &self.__tracked.get().notice
    }
    /// Sets `notice`.
    #[inline]
    pub fn set_notice(&mut self, value: Option<String>) {
        self.__tracked.field_mut(2usize).notice = value;
    }
    /// Borrows `notice` mutably.
    #[inline]
    pub fn notice_mut(&mut self) -> &mut Option<String> {
        &mut self.__tracked.field_mut(2usize).notice
    }
    /// Takes `notice` out of the session, if it is there.
    pub fn take_notice(&mut self) -> ::core::option::Option<String> {
        if ::core::option::Option::is_some(&self.__tracked.get().notice) {
            ::core::option::Option::take(&mut self.__tracked.field_mut(2usize).notice)
        } else {
            ::core::option::Option::None
        }
    }
    /// The field `scratch`.
    ///
    /// - a new session has `3`
    ///
    /// - not stored: every request begins with the default
    #[inline]
    pub fn scratch(&self) -> u8 {
        self.__tracked.get().scratch
    }
    /// Sets `scratch`.
    #[inline]
    pub fn set_scratch(&mut self, value: u8) {
        self.__tracked.unstored_mut().scratch = value;
    }
    /// Borrows `scratch` mutably.
    #[inline]
    pub fn scratch_mut(&mut self) -> &mut u8 {
        &mut self.__tracked.unstored_mut().scratch
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
        type Value = u8;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("theme", "theme")
            .survive(__p::Survive::Both);
        fn get(of: &Shop) -> &u8 {
            &of.theme
        }
        fn get_mut(of: &mut Shop) -> &mut u8 {
            &mut of.theme
        }
        fn default() -> u8 {
            <u8 as __p::FieldDefault>::field_default()
        }
    }
    struct __Field1;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field1 {
        type Value = Vec<u32>;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("cart", "cart")
            .survive(__p::Survive::Login);
        fn get(of: &Shop) -> &Vec<u32> {
            &of.cart
        }
        fn get_mut(of: &mut Shop) -> &mut Vec<u32> {
            &mut of.cart
        }
        fn default() -> Vec<u32> {
            <Vec<u32> as __p::FieldDefault>::field_default()
        }
    }
    struct __Field2;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field2 {
        type Value = Option<String>;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("notice", "notice");
        fn get(of: &Shop) -> &Option<String> {
            &of.notice
        }
        fn get_mut(of: &mut Shop) -> &mut Option<String> {
            &mut of.notice
        }
        fn default() -> Option<String> {
            <Option<String> as __p::FieldDefault>::field_default()
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
            __p::FieldDescriptor::of::<__Field2>(),
        ];
        const USER: ::core::option::Option<::core::primitive::usize> = ::core::option::Option::None;
        fn load(stored: &mut __p::SectionReader<'_>) -> Self {
            Self {
                scratch: 3,
                cart: stored.field::<Self, __Field1>(),
                notice: stored.field::<Self, __Field2>(),
                theme: stored.field::<Self, __Field0>(),
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
