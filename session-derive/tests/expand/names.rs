/// A session with the fields of [`r#Shop`]: see [`Tracked`](::session::Tracked) for its methods.
pub struct ShopSession {
    __tracked: ::session::Tracked<r#Shop>,
}
#[allow(deprecated, dead_code, non_snake_case, private_interfaces)]
const _: () = {
    use ::session::__private::{self as __p, DebugFallback as _};
    #[automatically_derived]
    impl r#Shop {
        /// The typed key of `type`.
        pub const TYPE: __p::Key<r#Shop, u64> = __p::Key::of::<__Field0>(0usize);
        /// The typed key of `update`.
        pub const UPDATE: __p::Key<r#Shop, u64> = __p::Key::of::<__Field1>(1usize);
        /// The typed key of `email`.
        pub const EMAIL: __p::Key<r#Shop, Email> = __p::Key::of::<__Field2>(2usize);
    }
    #[automatically_derived]
    impl ShopSession {
        /// The field `type`.
        #[inline]
        pub fn r#type(&self) -> u64 {
            self.__tracked.r#type
        }
        /// Sets `type`.
        #[inline]
        pub fn set_type(&mut self, value: u64) {
            __p::Tracked::field_mut(&mut self.__tracked, 0usize).r#type = value;
        }
        /// Borrows `type` mutably.
        #[inline]
        pub fn type_mut(&mut self) -> &mut u64 {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 0usize).r#type
        }
        /// The field `update`.
        #[inline]
        pub fn change(&self) -> u64 {
            self.__tracked.update
        }
        /// Sets `update`.
        #[inline]
        pub fn set_change(&mut self, value: u64) {
            __p::Tracked::field_mut(&mut self.__tracked, 1usize).update = value;
        }
        /// Borrows `update` mutably.
        #[inline]
        pub fn change_mut(&mut self) -> &mut u64 {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 1usize).update
        }
        /// The field `email`.
        #[inline]
        pub fn email(&self) -> &Email {
            &self.__tracked.email
        }
        /// Sets `email`.
        #[inline]
        pub fn set_email(&mut self, value: impl ::core::convert::Into<Email>) {
            __p::Tracked::field_mut(&mut self.__tracked, 2usize).email = ::core::convert::Into::into(
                value,
            );
        }
        /// Borrows `email` mutably.
        #[inline]
        pub fn email_mut(&mut self) -> &mut Email {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 2usize).email
        }
        /// Sets the field of `key`.
        pub fn set<__V>(&mut self, key: __p::Key<r#Shop, __V>, value: __V) {
            self.__tracked.set(key, value)
        }
        /// Removes the session at the end of the request.
        pub fn destroy(self) {
            self.__tracked.destroy()
        }
    }
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
    impl __p::SchemaData for r#Shop {
        const SECTION: __p::SectionInfo = __p::SectionInfo::new("shop", 1u32);
        const FIELDS: __p::Fields<Self> = &[
            __p::FieldDescriptor::of::<__Field0>(),
            __p::FieldDescriptor::of::<__Field1>(),
            __p::FieldDescriptor::of::<__Field2>(),
        ];
        fn load(stored: &mut __p::SectionReader<'_>) -> Self {
            Self {
                email: stored.field::<Self, __Field2>(),
                r#type: stored.field::<Self, __Field0>(),
                update: stored.field::<Self, __Field1>(),
            }
        }
        fn debug(&self, out: &mut ::core::fmt::DebugStruct<'_, '_>) {
            out.field("type", __p::DebugProbe(&self.r#type).get())
                .field("update", __p::DebugProbe(&self.update).get())
                .field("email", __p::DebugProbe(&self.email).get());
        }
    }
    #[automatically_derived]
    impl __p::Schema for r#Shop {
        type Handle = ShopSession;
        fn handle(tracked: __p::Tracked<Self>) -> ShopSession {
            ShopSession { __tracked: tracked }
        }
    }
    #[automatically_derived]
    impl ::core::ops::Deref for ShopSession {
        type Target = __p::Tracked<r#Shop>;
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
        "email",
        ::session::__shape_of!(Email, "Email"),
        <r#Shop as __p::SchemaData>::SECTION.codec,
    );
    ::session::__impl_extractor!(ShopSession, r#Shop);
    ::session::__not_serializable!(ShopSession);
};
