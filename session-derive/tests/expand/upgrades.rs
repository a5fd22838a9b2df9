/// A session with the fields of [`Shop`]: see [`Tracked`](::session::Tracked) for its methods.
pub struct ShopSession {
    __tracked: ::session::Tracked<Shop>,
}
#[allow(deprecated, dead_code, non_snake_case, private_interfaces)]
const _: () = {
    use ::session::__private::{self as __p, DebugFallback as _};
    #[automatically_derived]
    impl Shop {
        /// The typed key of `account`.
        pub const ACCOUNT: __p::Key<Shop, String> = __p::Key::of::<__Field0>(0usize);
        /// The typed key of `level`.
        pub const LEVEL: __p::Key<Shop, Level> = __p::Key::of::<__Field1>(1usize);
        /// The typed key of `name`.
        pub const NAME: __p::Key<Shop, String> = __p::Key::of::<__Field2>(2usize);
        /// The typed key of `plan`.
        pub const PLAN: __p::Key<Shop, String> = __p::Key::of::<__Field3>(3usize);
    }
    #[automatically_derived]
    impl ShopSession {
        /// The field `account`.
        #[inline]
        pub fn account(&self) -> &String {
            &self.__tracked.account
        }
        /// Sets `account`.
        #[inline]
        pub fn set_account(&mut self, value: impl ::core::convert::Into<String>) {
            __p::Tracked::field_mut(&mut self.__tracked, 0usize).account = ::core::convert::Into::into(
                value,
            );
        }
        /// Borrows `account` mutably.
        #[inline]
        pub fn account_mut(&mut self) -> &mut String {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 0usize).account
        }
        /// The field `level`.
        #[inline]
        pub fn level(&self) -> &Level {
            &self.__tracked.level
        }
        /// Sets `level`.
        #[inline]
        pub fn set_level(&mut self, value: Level) {
            __p::Tracked::field_mut(&mut self.__tracked, 1usize).level = value;
        }
        /// Borrows `level` mutably.
        #[inline]
        pub fn level_mut(&mut self) -> &mut Level {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 1usize).level
        }
        /// The field `name`.
        ///
        /// - since version 3
        #[inline]
        pub fn name(&self) -> &String {
            &self.__tracked.name
        }
        /// Sets `name`.
        #[inline]
        pub fn set_name(&mut self, value: impl ::core::convert::Into<String>) {
            __p::Tracked::field_mut(&mut self.__tracked, 2usize).name = ::core::convert::Into::into(
                value,
            );
        }
        /// Borrows `name` mutably.
        #[inline]
        pub fn name_mut(&mut self) -> &mut String {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 2usize).name
        }
        /// The field `plan`.
        #[inline]
        pub fn plan(&self) -> &String {
            &self.__tracked.plan
        }
        /// Sets `plan`.
        #[inline]
        pub fn set_plan(&mut self, value: impl ::core::convert::Into<String>) {
            __p::Tracked::field_mut(&mut self.__tracked, 3usize).plan = ::core::convert::Into::into(
                value,
            );
        }
        /// Borrows `plan` mutably.
        #[inline]
        pub fn plan_mut(&mut self) -> &mut String {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 3usize).plan
        }
        /// Sets the field of `key`.
        pub fn set<__V>(&mut self, key: __p::Key<Shop, __V>, value: __V) {
            self.__tracked.set(key, value)
        }
        /// Removes the session at the end of the request.
        pub fn destroy(self) {
            self.__tracked.destroy()
        }
    }
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
        ) -> ::core::option::Option<
            ::core::result::Result<String, __p::FieldErrorCause>,
        > {
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
        ) -> ::core::option::Option<
            ::core::result::Result<Level, __p::FieldErrorCause>,
        > {
            fn __in_2(
                __value: u16,
            ) -> ::core::result::Result<u32, __p::FieldErrorCause> {
                let __step: fn(u16) -> u32 = widen;
                ::core::result::Result::Ok(__step(__value))
            }
            fn __in_4(
                __value: u32,
            ) -> ::core::result::Result<Level, __p::FieldErrorCause> {
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
        ) -> ::core::option::Option<
            ::core::result::Result<String, __p::FieldErrorCause>,
        > {
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
    impl __p::SchemaData for Shop {
        const SECTION: __p::SectionInfo = __p::SectionInfo::new("shop", 4u32);
        const FIELDS: __p::Fields<Self> = &[
            __p::FieldDescriptor::of::<__Field0>(),
            __p::FieldDescriptor::of::<__Field1>(),
            __p::FieldDescriptor::of::<__Field2>(),
            __p::FieldDescriptor::of::<__Field3>(),
        ];
        fn load(stored: &mut __p::SectionReader<'_>) -> Self {
            Self {
                account: stored.field::<Self, __Field0>(),
                level: stored.field::<Self, __Field1>(),
                name: stored.field::<Self, __Field2>(),
                plan: stored.field::<Self, __Field3>(),
            }
        }
        fn debug(&self, out: &mut ::core::fmt::DebugStruct<'_, '_>) {
            out.field("account", __p::DebugProbe(&self.account).get())
                .field("level", __p::DebugProbe(&self.level).get())
                .field("name", __p::DebugProbe(&self.name).get())
                .field("plan", __p::DebugProbe(&self.plan).get());
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
        "level",
        ::session::__shape_of!(Level, "Level"),
        <Shop as __p::SchemaData>::SECTION.codec,
    );
    ::session::__impl_extractor!(ShopSession, Shop);
    ::session::__not_serializable!(ShopSession);
};
