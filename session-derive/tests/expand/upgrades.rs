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
    /// The typed key of `account`.
    pub const ACCOUNT: ::session::Key<Shop, String> = ::session::Key::new(
        0usize,
        |of| &of.account,
        |of| &mut of.account,
    );
    /// The typed key of `level`.
    pub const LEVEL: ::session::Key<Shop, Level> = ::session::Key::new(
        1usize,
        |of| &of.level,
        |of| &mut of.level,
    );
    /// The typed key of `name`.
    pub const NAME: ::session::Key<Shop, String> = ::session::Key::new(
        2usize,
        |of| &of.name,
        |of| &mut of.name,
    );
    /// The typed key of `plan`.
    pub const PLAN: ::session::Key<Shop, String> = ::session::Key::new(
        3usize,
        |of| &of.plan,
        |of| &mut of.plan,
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
    /// The field `account`.
    #[inline]
    pub fn account(&self) -> &String {
        &self.__tracked.get().account
    }
    /// Sets `account`.
    #[inline]
    pub fn set_account(&mut self, value: impl ::core::convert::Into<String>) {
        self.__tracked.field_mut(0usize).account = ::core::convert::Into::into(value);
    }
    /// Borrows `account` mutably.
    #[inline]
    pub fn account_mut(&mut self) -> &mut String {
        &mut self.__tracked.field_mut(0usize).account
    }
    /// The field `level`.
    #[inline]
    pub fn level(&self) -> &Level {
        &self.__tracked.get().level
    }
    /// Sets `level`.
    #[inline]
    pub fn set_level(&mut self, value: Level) {
        self.__tracked.field_mut(1usize).level = value;
    }
    /// Borrows `level` mutably.
    #[inline]
    pub fn level_mut(&mut self) -> &mut Level {
        &mut self.__tracked.field_mut(1usize).level
    }
    /// The field `name`.
    ///
    /// - since version 3
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
    /// The field `plan`.
    #[inline]
    pub fn plan(&self) -> &String {
        &self.__tracked.get().plan
    }
    /// Sets `plan`.
    #[inline]
    pub fn set_plan(&mut self, value: impl ::core::convert::Into<String>) {
        self.__tracked.field_mut(3usize).plan = ::core::convert::Into::into(value);
    }
    /// Borrows `plan` mutably.
    #[inline]
    pub fn plan_mut(&mut self) -> &mut String {
        &mut self.__tracked.field_mut(3usize).plan
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
        type Value = String;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("account", "account")
            .sources(&["username", "nick"]);
        fn get(of: &Shop) -> &String {
            &of.account
        }
        fn get_mut(of: &mut Shop) -> &mut String {
            &mut of.account
        }
        fn default() -> String {
            <String as __p::FieldDefault>::field_default()
        }
        fn older(
            __old: &__p::LegacyFields<'_>,
        ) -> ::core::option::Option<::core::result::Result<String, __p::FieldErrorCause>> {
            if let ::core::option::Option::Some(__value) = __old
                .first::<String>(&["username", "nick"])
            {
                return ::core::option::Option::Some(__value);
            }
            ::core::option::Option::None
        }
    }
    struct __Field1;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field1 {
        type Value = Level;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("level", "level@4")
            .sources(&["level@2", "level"]);
        fn get(of: &Shop) -> &Level {
            &of.level
        }
        fn get_mut(of: &mut Shop) -> &mut Level {
            &mut of.level
        }
        fn default() -> Level {
            <Level as __p::FieldDefault>::field_default()
        }
        fn older(
            __old: &__p::LegacyFields<'_>,
        ) -> ::core::option::Option<::core::result::Result<Level, __p::FieldErrorCause>> {
            fn __in_2(__value: u16) -> ::core::result::Result<u32, __p::FieldErrorCause> {
                let __step: fn(u16) -> u32 = widen;
                ::core::result::Result::Ok(__step(__value))
            }
            fn __in_4(__value: u32) -> ::core::result::Result<Level, __p::FieldErrorCause> {
                let __step: fn(u32) -> ::core::result::Result<Level, _> = Level::new;
                ::core::result::Result::map_err(
                    __step(__value),
                    |__error| __p::FieldErrorCause::step(4u32, &__error),
                )
            }
            if let ::core::option::Option::Some(__value) = __old
                .first::<u32>(&["level@2"])
            {
                return ::core::option::Option::Some(__value.and_then(__in_4));
            }
            if let ::core::option::Option::Some(__value) = __old.first::<u16>(&["level"])
            {
                return ::core::option::Option::Some(
                    __value.and_then(__in_2).and_then(__in_4),
                );
            }
            ::core::option::Option::None
        }
    }
    struct __Field2;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field2 {
        type Value = String;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("name", "name")
            .sources(&["first", "last"]);
        fn get(of: &Shop) -> &String {
            &of.name
        }
        fn get_mut(of: &mut Shop) -> &mut String {
            &mut of.name
        }
        fn default() -> String {
            <String as __p::FieldDefault>::field_default()
        }
        fn older(
            __old: &__p::LegacyFields<'_>,
        ) -> ::core::option::Option<::core::result::Result<String, __p::FieldErrorCause>> {
            fn __in_3(
                __old: &__p::LegacyFields<'_>,
            ) -> ::core::result::Result<String, __p::FieldErrorCause> {
                let __step: fn(String, Option<String>) -> String = join;
                ::core::result::Result::Ok(
                    __step(__old.required("first")?, __old.optional("last")?),
                )
            }
            if __old.has(&["first"]) {
                return ::core::option::Option::Some(__in_3(__old));
            }
            ::core::option::Option::None
        }
    }
    struct __Field3;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field3 {
        type Value = String;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("plan", "plan").rejects();
        fn get(of: &Shop) -> &String {
            &of.plan
        }
        fn get_mut(of: &mut Shop) -> &mut String {
            &mut of.plan
        }
        fn default() -> String {
            <String as __p::FieldDefault>::field_default()
        }
    }
    #[automatically_derived]
    impl __p::Schema for Shop {
        type Handle = ShopSession;
        const NAME: &'static ::core::primitive::str = "shop";
        const VERSION: ::core::primitive::u32 = 4u32;
        const FIELDS: &'static [__p::FieldDescriptor<Self>] = &[
            __p::FieldDescriptor::of::<__Field0>(),
            __p::FieldDescriptor::of::<__Field1>(),
            __p::FieldDescriptor::of::<__Field2>(),
            __p::FieldDescriptor::of::<__Field3>(),
        ];
        const USER: ::core::option::Option<::core::primitive::usize> = ::core::option::Option::None;
        fn load(stored: &mut __p::SectionReader<'_>) -> Self {
            Self {
                account: stored.field::<Self, __Field0>(),
                level: stored.field::<Self, __Field1>(),
                name: stored.field::<Self, __Field2>(),
                plan: stored.field::<Self, __Field3>(),
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
        "level",
        ::session::__shape_of!(Level, "Level"),
        <Shop as __p::Schema>::SECTION.codec,
    );
    ::session::__impl_extractor!(ShopSession, Shop);
};
