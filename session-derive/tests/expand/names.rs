/// A session that remembers a [`r#Shop`].
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
    __tracked: ::session::__private::Tracked<r#Shop>,
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
impl r#Shop {
    /// The typed key of `type`.
    pub const TYPE: ::session::Key<r#Shop, u64> = ::session::Key::new(
        0usize,
        |of| &of.r#type,
        |of| &mut of.r#type,
    );
    /// The typed key of `update`.
    pub const UPDATE: ::session::Key<r#Shop, u64> = ::session::Key::new(
        1usize,
        |of| &of.update,
        |of| &mut of.update,
    );
    /// The typed key of `email`.
    pub const EMAIL: ::session::Key<r#Shop, Email> = ::session::Key::new(
        2usize,
        |of| &of.email,
        |of| &mut of.email,
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
    /// The field `type`.
    #[inline]
    pub fn r#type(&self) -> u64 {
        self.__tracked.get().r#type
    }
    /// Sets `type`.
    #[inline]
    pub fn set_type(&mut self, value: u64) {
        self.__tracked.field_mut(0usize).r#type = value;
    }
    /// Borrows `type` mutably.
    #[inline]
    pub fn type_mut(&mut self) -> &mut u64 {
        &mut self.__tracked.field_mut(0usize).r#type
    }
    /// The field `update`.
    #[inline]
    pub fn change(&self) -> u64 {
        self.__tracked.get().update
    }
    /// Sets `update`.
    #[inline]
    pub fn set_change(&mut self, value: u64) {
        self.__tracked.field_mut(1usize).update = value;
    }
    /// Borrows `update` mutably.
    #[inline]
    pub fn change_mut(&mut self) -> &mut u64 {
        &mut self.__tracked.field_mut(1usize).update
    }
    /// The field `email`.
    #[inline]
    pub fn email(&self) -> &Email {
        &self.__tracked.get().email
    }
    /// Sets `email`.
    #[inline]
    pub fn set_email(&mut self, value: impl ::core::convert::Into<Email>) {
        self.__tracked.field_mut(2usize).email = ::core::convert::Into::into(value);
    }
    /// Borrows `email` mutably.
    #[inline]
    pub fn email_mut(&mut self) -> &mut Email {
        &mut self.__tracked.field_mut(2usize).email
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
        ::session::__private::update::<r#Shop, __R>(self, change).await
    }
    /// A handle on the session that outlives the request.
    pub fn detach(&self) -> ::session::Detached<r#Shop> {
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
    pub fn get<__V>(&self, key: ::session::Key<r#Shop, __V>) -> &__V {
        self.__tracked.get_key(key)
    }
    /// Sets the field of `key`.
    pub fn set<__V>(&mut self, key: ::session::Key<r#Shop, __V>, value: __V) {
        *self.__tracked.key_mut(key) = value;
    }
    /// Makes the field of `key` its default.
    pub fn reset<__V>(&mut self, key: ::session::Key<r#Shop, __V>) {
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
    impl __p::Field<r#Shop> for __Field0 {
        type Value = u64;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("type", "type");
        fn get(of: &r#Shop) -> &u64 {
            &of.r#type
        }
        fn get_mut(of: &mut r#Shop) -> &mut u64 {
            &mut of.r#type
        }
        fn default() -> u64 {
            <u64 as __p::FieldDefault>::field_default()
        }
    }
    struct __Field1;
    #[automatically_derived]
    impl __p::Field<r#Shop> for __Field1 {
        type Value = u64;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("update", "u");
        fn get(of: &r#Shop) -> &u64 {
            &of.update
        }
        fn get_mut(of: &mut r#Shop) -> &mut u64 {
            &mut of.update
        }
        fn default() -> u64 {
            <u64 as __p::FieldDefault>::field_default()
        }
    }
    struct __Field2;
    #[automatically_derived]
    impl __p::Field<r#Shop> for __Field2 {
        type Value = Email;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("email", "email");
        fn get(of: &r#Shop) -> &Email {
            &of.email
        }
        fn get_mut(of: &mut r#Shop) -> &mut Email {
            &mut of.email
        }
        fn default() -> Email {
            <Email as __p::FieldDefault>::field_default()
        }
    }
    #[automatically_derived]
    impl __p::Schema for r#Shop {
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
                email: stored.field::<Self, __Field2>(),
                r#type: stored.field::<Self, __Field0>(),
                update: stored.field::<Self, __Field1>(),
            }
        }
    }
    #[automatically_derived]
    impl ::core::ops::Deref for ShopSession {
        type Target = r#Shop;
        #[inline]
        fn deref(&self) -> &r#Shop {
            self.__tracked.get()
        }
    }
    #[automatically_derived]
    impl ::core::ops::DerefMut for ShopSession {
        #[inline]
        fn deref_mut(&mut self) -> &mut r#Shop {
            self.__tracked.all_mut()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<__p::Tracked<r#Shop>> for ShopSession {
        fn from(__tracked: __p::Tracked<r#Shop>) -> Self {
            Self { __tracked }
        }
    }
    #[automatically_derived]
    impl __p::Handle<r#Shop> for ShopSession {
        fn tracked(&self) -> &__p::Tracked<r#Shop> {
            &self.__tracked
        }
        fn tracked_mut(&mut self) -> &mut __p::Tracked<r#Shop> {
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
        "email",
        ::session::__shape_of!(Email, "Email"),
        <r#Shop as __p::Schema>::SECTION.codec,
    );
    ::session::__impl_extractor!(ShopSession, r#Shop);
};
