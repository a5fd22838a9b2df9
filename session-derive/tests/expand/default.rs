/// A session with the fields of [`Shop`]: see [`Tracked`](::session::Tracked) for its methods.
pub struct ShopSession {
    __tracked: ::session::Tracked<Shop>,
}
#[allow(deprecated, dead_code, non_snake_case, private_interfaces)]
const _: () = {
    use ::session::__private::{self as __p, DebugFallback as _};
    #[automatically_derived]
    impl Shop {
        /// The typed key of `page`.
        pub const PAGE: __p::Key<Shop, u32> = __p::Key::of::<__Field0>(0usize);
        /// The typed key of `offset`.
        pub const OFFSET: __p::Key<Shop, f64> = __p::Key::of::<__Field1>(1usize);
        /// The typed key of `name`.
        pub const NAME: __p::Key<Shop, String> = __p::Key::of::<__Field2>(2usize);
        /// The typed key of `theme`.
        pub const THEME: __p::Key<Shop, Theme> = __p::Key::of::<__Field3>(3usize);
    }
    #[automatically_derived]
    impl ShopSession {
        /// The field `page`.
        ///
        /// - `20` in a new session
        #[inline]
        pub fn page(&self) -> u32 {
            self.__tracked.page
        }
        /// Sets `page`.
        #[inline]
        pub fn set_page(&mut self, value: u32) {
            __p::Tracked::field_mut(&mut self.__tracked, 0usize).page = value;
        }
        /// Borrows `page` mutably.
        #[inline]
        pub fn page_mut(&mut self) -> &mut u32 {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 0usize).page
        }
        /// The field `offset`.
        ///
        /// - `-1.5` in a new session
        #[inline]
        pub fn offset(&self) -> f64 {
            self.__tracked.offset
        }
        /// Sets `offset`.
        #[inline]
        pub fn set_offset(&mut self, value: f64) {
            __p::Tracked::field_mut(&mut self.__tracked, 1usize).offset = value;
        }
        /// Borrows `offset` mutably.
        #[inline]
        pub fn offset_mut(&mut self) -> &mut f64 {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 1usize).offset
        }
        /// The field `name`.
        ///
        /// - `"guest"` in a new session
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
        /// The field `theme`.
        ///
        /// - `Shop::LIGHT` in a new session
        #[inline]
        pub fn theme(&self) -> &Theme {
            &self.__tracked.theme
        }
        /// Sets `theme`.
        #[inline]
        pub fn set_theme(&mut self, value: Theme) {
            __p::Tracked::field_mut(&mut self.__tracked, 3usize).theme = value;
        }
        /// Borrows `theme` mutably.
        #[inline]
        pub fn theme_mut(&mut self) -> &mut Theme {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 3usize).theme
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
    impl __p::SchemaData for Shop {
        const SECTION: __p::SectionInfo = __p::SectionInfo::new("shop", 1u32);
        const FIELDS: __p::Fields<Self> = &[
            __p::FieldDescriptor::of::<__Field0>(),
            __p::FieldDescriptor::of::<__Field1>(),
            __p::FieldDescriptor::of::<__Field2>(),
            __p::FieldDescriptor::of::<__Field3>(),
        ];
        fn load(stored: &mut __p::SectionReader<'_>) -> Self {
            Self {
                name: stored.field::<Self, __Field2>(),
                offset: stored.field::<Self, __Field1>(),
                page: stored.field::<Self, __Field0>(),
                theme: stored.field::<Self, __Field3>(),
            }
        }
        fn debug(&self, out: &mut ::core::fmt::DebugStruct<'_, '_>) {
            out.field("page", __p::DebugProbe(&self.page).get())
                .field("offset", __p::DebugProbe(&self.offset).get())
                .field("name", __p::DebugProbe(&self.name).get())
                .field("theme", __p::DebugProbe(&self.theme).get());
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
        "theme",
        ::session::__shape_of!(Theme, "Theme"),
        <Shop as __p::SchemaData>::SECTION.codec,
    );
    ::session::__impl_extractor!(ShopSession, Shop);
    ::session::__not_serializable!(ShopSession);
};
