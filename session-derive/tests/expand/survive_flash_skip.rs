/// A session with the fields of [`Shop`]: see [`Tracked`](::session::Tracked) for its methods.
pub struct ShopSession {
    __tracked: ::session::Tracked<Shop>,
}
#[allow(deprecated, dead_code, non_snake_case, private_interfaces)]
const _: () = {
    use ::session::__private::{self as __p, DebugFallback as _};
    #[automatically_derived]
    impl Shop {
        /// The typed key of `theme`.
        pub const THEME: __p::Key<Shop, u8> = __p::Key::of::<__Field0>(0usize);
        /// The typed key of `cart`.
        pub const CART: __p::Key<Shop, Vec<u32>> = __p::Key::of::<__Field1>(1usize);
        /// The typed key of `notice`.
        pub const NOTICE: __p::Key<Shop, Option<String>> = __p::Key::of::<
            __Field2,
        >(2usize);
    }
    #[automatically_derived]
    impl ShopSession {
        /// The field `theme`.
        ///
        /// - survives login and logout
        #[inline]
        pub fn theme(&self) -> u8 {
            self.__tracked.theme
        }
        /// Sets `theme`.
        #[inline]
        pub fn set_theme(&mut self, value: u8) {
            __p::Tracked::field_mut(&mut self.__tracked, 0usize).theme = value;
        }
        /// Borrows `theme` mutably.
        #[inline]
        pub fn theme_mut(&mut self) -> &mut u8 {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 0usize).theme
        }
        /// The field `cart`.
        ///
        /// - survives login
        #[inline]
        pub fn cart(&self) -> &Vec<u32> {
            &self.__tracked.cart
        }
        /// Sets `cart`.
        #[inline]
        pub fn set_cart(&mut self, value: Vec<u32>) {
            __p::Tracked::field_mut(&mut self.__tracked, 1usize).cart = value;
        }
        /// Borrows `cart` mutably.
        #[inline]
        pub fn cart_mut(&mut self) -> &mut Vec<u32> {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 1usize).cart
        }
        /// The field `notice`.
        ///
        /// - a flash value: read it with its `take_` method
        #[inline]
        pub fn notice(&self) -> &Option<String> {
            &self.__tracked.notice
        }
        /// Sets `notice`.
        #[inline]
        pub fn set_notice(&mut self, value: Option<String>) {
            __p::Tracked::field_mut(&mut self.__tracked, 2usize).notice = value;
        }
        /// Borrows `notice` mutably.
        #[inline]
        pub fn notice_mut(&mut self) -> &mut Option<String> {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 2usize).notice
        }
        /// Takes the value of `notice` and leaves `None`.
        pub fn take_notice(&mut self) -> ::core::option::Option<String> {
            if ::core::option::Option::is_some(&self.__tracked.notice) {
                ::core::option::Option::take(
                    &mut __p::Tracked::field_mut(&mut self.__tracked, 2usize).notice,
                )
            } else {
                ::core::option::Option::None
            }
        }
        /// The field `scratch`.
        ///
        /// - `3` in a new session
        ///
        /// - not stored: every request starts with the default
        #[inline]
        pub fn scratch(&self) -> u8 {
            self.__tracked.scratch
        }
        /// Sets `scratch`.
        #[inline]
        pub fn set_scratch(&mut self, value: u8) {
            __p::Tracked::unstored_mut(&mut self.__tracked).scratch = value;
        }
        /// Borrows `scratch` mutably.
        #[inline]
        pub fn scratch_mut(&mut self) -> &mut u8 {
            &mut __p::Tracked::unstored_mut(&mut self.__tracked).scratch
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
    impl __p::SchemaData for Shop {
        const SECTION: __p::SectionInfo = __p::SectionInfo::new("shop", 1u32);
        const FIELDS: __p::Fields<Self> = &[
            __p::FieldDescriptor::of::<__Field0>(),
            __p::FieldDescriptor::of::<__Field1>(),
            __p::FieldDescriptor::of::<__Field2>(),
        ];
        fn load(stored: &mut __p::SectionReader<'_>) -> Self {
            Self {
                scratch: 3,
                cart: stored.field::<Self, __Field1>(),
                notice: stored.field::<Self, __Field2>(),
                theme: stored.field::<Self, __Field0>(),
            }
        }
        fn debug(&self, out: &mut ::core::fmt::DebugStruct<'_, '_>) {
            out.field("theme", __p::DebugProbe(&self.theme).get())
                .field("cart", __p::DebugProbe(&self.cart).get())
                .field("notice", __p::DebugProbe(&self.notice).get())
                .field("scratch", __p::DebugProbe(&self.scratch).get());
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
    ::session::__impl_extractor!(ShopSession, Shop);
    ::session::__not_serializable!(ShopSession);
};
