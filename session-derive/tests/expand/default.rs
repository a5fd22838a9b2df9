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
    /// The typed key of `page`.
    pub const PAGE: ::session::Key<Shop, u32> = ::session::Key::new(
        0usize,
        |of| &of.page,
        |of| &mut of.page,
    );
    /// The typed key of `offset`.
    pub const OFFSET: ::session::Key<Shop, f64> = ::session::Key::new(
        1usize,
        |of| &of.offset,
        |of| &mut of.offset,
    );
    /// The typed key of `name`.
    pub const NAME: ::session::Key<Shop, String> = ::session::Key::new(
        2usize,
        |of| &of.name,
        |of| &mut of.name,
    );
    /// The typed key of `theme`.
    pub const THEME: ::session::Key<Shop, Theme> = ::session::Key::new(
        3usize,
        |of| &of.theme,
        |of| &mut of.theme,
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
    /// The field `page`.
    ///
    /// - a new session has `20`
    #[inline]
    pub fn page(&self) -> u32 {
        self.__tracked.get().page
    }
    /// Sets `page`.
    #[inline]
    pub fn set_page(&mut self, value: u32) {
        self.__tracked.field_mut(0usize).page = value;
    }
    /// Borrows `page` mutably.
    #[inline]
    pub fn page_mut(&mut self) -> &mut u32 {
        &mut self.__tracked.field_mut(0usize).page
    }
    /// The field `offset`.
    ///
    /// - a new session has `- 1.5`
    #[inline]
    pub fn offset(&self) -> f64 {
        self.__tracked.get().offset
    }
    /// Sets `offset`.
    #[inline]
    pub fn set_offset(&mut self, value: f64) {
        self.__tracked.field_mut(1usize).offset = value;
    }
    /// Borrows `offset` mutably.
    #[inline]
    pub fn offset_mut(&mut self) -> &mut f64 {
        &mut self.__tracked.field_mut(1usize).offset
    }
    /// The field `name`.
    ///
    /// - a new session has `"guest"`
    #[inline]
    pub fn name(&self) -> &String {
        &self.__tracked.get().name
    }
    /// Sets `name`.
    #[inline]
    pub fn set_name(&mut self, value: impl ::core::convert::Into<String>) {
        self.__tracked.field_mut(2usize).name = ::core::convert::Into::into(value);
    }
    /// Borrows `name` mutably.
    #[inline]
    pub fn name_mut(&mut self) -> &mut String {
        &mut self.__tracked.field_mut(2usize).name
    }
    /// The field `theme`.
    ///
    /// - a new session has `Shop :: LIGHT`
    #[inline]
    pub fn theme(&self) -> &Theme {
        &self.__tracked.get().theme
    }
    /// Sets `theme`.
    #[inline]
    pub fn set_theme(&mut self, value: Theme) {
        self.__tracked.field_mut(3usize).theme = value;
    }
    /// Borrows `theme` mutably.
    #[inline]
    pub fn theme_mut(&mut self) -> &mut Theme {
        &mut self.__tracked.field_mut(3usize).theme
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
        type Value = u32;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("page", "page");
        fn get(of: &Shop) -> &u32 {
            &of.page
        }
        fn get_mut(of: &mut Shop) -> &mut u32 {
            &mut of.page
        }
        fn default() -> u32 {
            20
        }
    }
    struct __Field1;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field1 {
        type Value = f64;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("offset", "offset");
        fn get(of: &Shop) -> &f64 {
            &of.offset
        }
        fn get_mut(of: &mut Shop) -> &mut f64 {
            &mut of.offset
        }
        fn default() -> f64 {
            -1.5
        }
    }
    struct __Field2;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field2 {
        type Value = String;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("name", "name");
        fn get(of: &Shop) -> &String {
            &of.name
        }
        fn get_mut(of: &mut Shop) -> &mut String {
            &mut of.name
        }
        fn default() -> String {
            ::core::convert::Into::<String>::into("guest")
        }
    }
    struct __Field3;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field3 {
        type Value = Theme;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("theme", "theme");
        fn get(of: &Shop) -> &Theme {
            &of.theme
        }
        fn get_mut(of: &mut Shop) -> &mut Theme {
            &mut of.theme
        }
        fn default() -> Theme {
            ::core::convert::Into::<Theme>::into(Shop::LIGHT)
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
            __p::FieldDescriptor::of::<__Field3>(),
        ];
        const USER: ::core::option::Option<::core::primitive::usize> = ::core::option::Option::None;
        fn load(stored: &mut __p::SectionReader<'_>) -> Self {
            Self {
                name: stored.field::<Self, __Field2>(),
                offset: stored.field::<Self, __Field1>(),
                page: stored.field::<Self, __Field0>(),
                theme: stored.field::<Self, __Field3>(),
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
    const _: () = __p::lock::readable(
        "theme",
        ::session::__shape_of!(Theme, "Theme"),
        <Shop as __p::Schema>::SECTION.codec,
    );
    ::session::__impl_extractor!(ShopSession, Shop);
};
