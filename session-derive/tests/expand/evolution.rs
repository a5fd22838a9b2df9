/// A session with the fields of [`Shop`]: see [`Tracked`](::session::Tracked) for its methods.
pub struct ShopSession {
    __tracked: ::session::Tracked<Shop>,
}
#[allow(deprecated, dead_code, non_snake_case, private_interfaces)]
const _: () = {
    use ::session::__private::{self as __p, DebugFallback as _};
    #[automatically_derived]
    impl Shop {
        /// The typed key of `visits`.
        pub const VISITS: __p::Key<Shop, u64> = __p::Key::of::<__Field0>(0usize);
    }
    #[automatically_derived]
    impl ShopSession {
        /// The field `visits`.
        #[inline]
        pub fn visits(&self) -> u64 {
            self.__tracked.visits
        }
        /// Sets `visits`.
        #[inline]
        pub fn set_visits(&mut self, value: u64) {
            __p::Tracked::field_mut(&mut self.__tracked, 0usize).visits = value;
        }
        /// Borrows `visits` mutably.
        #[inline]
        pub fn visits_mut(&mut self) -> &mut u64 {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 0usize).visits
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
    impl __p::SchemaData for Shop {
        const SECTION: __p::SectionInfo = __p::SectionInfo::new("shop", 3u32)
            .newer(__p::Newer::Readonly)
            .min_reader(2u32)
            .purge(&["token"])
            .codec(__p::__codec!(msgpack));
        const FIELDS: __p::Fields<Self> = &[__p::FieldDescriptor::of::<__Field0>()];
        const PREVIOUS: ::core::option::Option<__p::Previous<Self>> = ::core::option::Option::Some(
            __p::Previous::try_of::<v2::Shop>(),
        );
        fn load(stored: &mut __p::SectionReader<'_>) -> Self {
            Self {
                visits: stored.field::<Self, __Field0>(),
            }
        }
        fn debug(&self, out: &mut ::core::fmt::DebugStruct<'_, '_>) {
            out.field("visits", __p::DebugProbe(&self.visits).get());
        }
        const VALIDATES: ::core::primitive::bool = true;
        fn validate(&self) -> ::core::result::Result<(), __p::Violations> {
            __p::__garde!(self)
        }
    }
    #[automatically_derived]
    impl __p::Schema for Shop {
        type Handle = ShopSession;
        fn handle(tracked: __p::Tracked<Self>) -> ShopSession {
            ShopSession { __tracked: tracked }
        }
    }
    const _: () = __p::check_previous::<
        Shop,
        v2::Shop,
    >(
        "`v2::Shop` has another session name than `Shop`: write `name = \"shop\"` on it",
        "`v2::Shop` must be version 2, because `Shop` is version 3: no version can be left out",
    );
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
    ::session::__impl_extractor!(ShopSession, Shop);
    ::session::__not_serializable!(ShopSession);
};
