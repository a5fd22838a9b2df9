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
        /// The typed key of `tags`.
        pub const TAGS: __p::Key<Shop, BTreeSet<String>> = __p::Key::of::<
            __Field1,
        >(1usize);
        /// The typed key of `seen`.
        pub const SEEN: __p::Key<Shop, Vec<u32>> = __p::Key::of::<__Field2>(2usize);
        /// The typed key of `best`.
        pub const BEST: __p::Key<Shop, u32> = __p::Key::of::<__Field3>(3usize);
        /// The typed key of `first`.
        pub const FIRST: __p::Key<Shop, u32> = __p::Key::of::<__Field4>(4usize);
        /// The typed key of `notes`.
        pub const NOTES: __p::Key<Shop, String> = __p::Key::of::<__Field5>(5usize);
        /// The typed key of `order`.
        pub const ORDER: __p::Key<Shop, u32> = __p::Key::of::<__Field6>(6usize);
    }
    #[automatically_derived]
    impl ShopSession {
        /// The field `visits`.
        ///
        /// - parallel additions are summed
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
        /// Adds `amount` to `visits`. The result saturates at the bounds of its type.
        pub fn add_visits(&mut self, amount: u64) {
            let __value = &mut __p::Tracked::field_mut(&mut self.__tracked, 0usize)
                .visits;
            *__value = <u64 as __p::Counter>::plus(*__value, amount);
        }
        /// The field `tags`.
        ///
        /// - parallel insertions and removals are combined
        #[inline]
        pub fn tags(&self) -> &BTreeSet<String> {
            &self.__tracked.tags
        }
        /// Sets `tags`.
        #[inline]
        pub fn set_tags(&mut self, value: BTreeSet<String>) {
            __p::Tracked::field_mut(&mut self.__tracked, 1usize).tags = value;
        }
        /// Borrows `tags` mutably.
        #[inline]
        pub fn tags_mut(&mut self) -> &mut BTreeSet<String> {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 1usize).tags
        }
        /// The field `seen`.
        ///
        /// - parallel appends are kept in the order of their commits, at most the newest 50
        #[inline]
        pub fn seen(&self) -> &Vec<u32> {
            &self.__tracked.seen
        }
        /// Sets `seen`.
        #[inline]
        pub fn set_seen(&mut self, value: Vec<u32>) {
            __p::Tracked::field_mut(&mut self.__tracked, 2usize).seen = value;
        }
        /// Borrows `seen` mutably.
        #[inline]
        pub fn seen_mut(&mut self) -> &mut Vec<u32> {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 2usize).seen
        }
        /// The field `best`.
        ///
        /// - of parallel changes, the largest value stays
        #[inline]
        pub fn best(&self) -> u32 {
            self.__tracked.best
        }
        /// Sets `best`.
        #[inline]
        pub fn set_best(&mut self, value: u32) {
            __p::Tracked::field_mut(&mut self.__tracked, 3usize).best = value;
        }
        /// Borrows `best` mutably.
        #[inline]
        pub fn best_mut(&mut self) -> &mut u32 {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 3usize).best
        }
        /// The field `first`.
        ///
        /// - of parallel changes, the smallest value stays
        #[inline]
        pub fn first(&self) -> u32 {
            self.__tracked.first
        }
        /// Sets `first`.
        #[inline]
        pub fn set_first(&mut self, value: u32) {
            __p::Tracked::field_mut(&mut self.__tracked, 4usize).first = value;
        }
        /// Borrows `first` mutably.
        #[inline]
        pub fn first_mut(&mut self) -> &mut u32 {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 4usize).first
        }
        /// The field `notes`.
        ///
        /// - parallel changes are merged by `Shop::joined`
        #[inline]
        pub fn notes(&self) -> &String {
            &self.__tracked.notes
        }
        /// Sets `notes`.
        #[inline]
        pub fn set_notes(&mut self, value: impl ::core::convert::Into<String>) {
            __p::Tracked::field_mut(&mut self.__tracked, 5usize).notes = ::core::convert::Into::into(
                value,
            );
        }
        /// Borrows `notes` mutably.
        #[inline]
        pub fn notes_mut(&mut self) -> &mut String {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 5usize).notes
        }
        /// The field `order`.
        ///
        /// - if two requests change it, the later one fails
        #[inline]
        pub fn order(&self) -> u32 {
            self.__tracked.order
        }
        /// Sets `order`.
        #[inline]
        pub fn set_order(&mut self, value: u32) {
            __p::Tracked::field_mut(&mut self.__tracked, 6usize).order = value;
        }
        /// Borrows `order` mutably.
        #[inline]
        pub fn order_mut(&mut self) -> &mut u32 {
            &mut __p::Tracked::field_mut(&mut self.__tracked, 6usize).order
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
        const INFO: __p::FieldInfo = __p::FieldInfo::new("visits", "visits")
            .merge(__p::MergeRule::Merge);
        fn get(of: &Shop) -> &u64 {
            &of.visits
        }
        fn get_mut(of: &mut Shop) -> &mut u64 {
            &mut of.visits
        }
        fn default() -> u64 {
            <u64 as __p::FieldDefault>::field_default()
        }
        fn merge(base: u64, ours: u64, theirs: u64) -> u64 {
            <u64 as __p::Counter>::combined(base, ours, theirs)
        }
    }
    struct __Field1;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field1 {
        type Value = BTreeSet<String>;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("tags", "tags")
            .merge(__p::MergeRule::Merge);
        fn get(of: &Shop) -> &BTreeSet<String> {
            &of.tags
        }
        fn get_mut(of: &mut Shop) -> &mut BTreeSet<String> {
            &mut of.tags
        }
        fn default() -> BTreeSet<String> {
            <BTreeSet<String> as __p::FieldDefault>::field_default()
        }
        fn merge(
            base: BTreeSet<String>,
            ours: BTreeSet<String>,
            theirs: BTreeSet<String>,
        ) -> BTreeSet<String> {
            <BTreeSet<String> as __p::Union>::combined(base, ours, theirs)
        }
    }
    struct __Field2;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field2 {
        type Value = Vec<u32>;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("seen", "seen")
            .merge(__p::MergeRule::Merge);
        fn get(of: &Shop) -> &Vec<u32> {
            &of.seen
        }
        fn get_mut(of: &mut Shop) -> &mut Vec<u32> {
            &mut of.seen
        }
        fn default() -> Vec<u32> {
            <Vec<u32> as __p::FieldDefault>::field_default()
        }
        const NORMALIZES: ::core::primitive::bool = true;
        fn merge(base: Vec<u32>, ours: Vec<u32>, theirs: Vec<u32>) -> Vec<u32> {
            <Vec<u32> as __p::Log>::combined(base, ours, theirs, 50usize)
        }
    }
    struct __Field3;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field3 {
        type Value = u32;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("best", "best")
            .merge(__p::MergeRule::Merge);
        fn get(of: &Shop) -> &u32 {
            &of.best
        }
        fn get_mut(of: &mut Shop) -> &mut u32 {
            &mut of.best
        }
        fn default() -> u32 {
            <u32 as __p::FieldDefault>::field_default()
        }
        fn merge(_: u32, ours: u32, theirs: u32) -> u32 {
            <u32 as __p::Ordered>::larger(ours, theirs)
        }
    }
    struct __Field4;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field4 {
        type Value = u32;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("first", "first")
            .merge(__p::MergeRule::Merge);
        fn get(of: &Shop) -> &u32 {
            &of.first
        }
        fn get_mut(of: &mut Shop) -> &mut u32 {
            &mut of.first
        }
        fn default() -> u32 {
            <u32 as __p::FieldDefault>::field_default()
        }
        fn merge(_: u32, ours: u32, theirs: u32) -> u32 {
            <u32 as __p::Ordered>::smaller(ours, theirs)
        }
    }
    struct __Field5;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field5 {
        type Value = String;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("notes", "notes")
            .merge(__p::MergeRule::Merge);
        fn get(of: &Shop) -> &String {
            &of.notes
        }
        fn get_mut(of: &mut Shop) -> &mut String {
            &mut of.notes
        }
        fn default() -> String {
            <String as __p::FieldDefault>::field_default()
        }
        fn merge(base: String, ours: String, theirs: String) -> String {
            let __merge: fn(String, String, String) -> String = Shop::joined;
            __merge(base, ours, theirs)
        }
    }
    struct __Field6;
    #[automatically_derived]
    impl __p::Field<Shop> for __Field6 {
        type Value = u32;
        const INFO: __p::FieldInfo = __p::FieldInfo::new("order", "order")
            .merge(__p::MergeRule::Reject);
        fn get(of: &Shop) -> &u32 {
            &of.order
        }
        fn get_mut(of: &mut Shop) -> &mut u32 {
            &mut of.order
        }
        fn default() -> u32 {
            <u32 as __p::FieldDefault>::field_default()
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
            __p::FieldDescriptor::of::<__Field4>(),
            __p::FieldDescriptor::of::<__Field5>(),
            __p::FieldDescriptor::of::<__Field6>(),
        ];
        fn load(stored: &mut __p::SectionReader<'_>) -> Self {
            Self {
                best: stored.field::<Self, __Field3>(),
                first: stored.field::<Self, __Field4>(),
                notes: stored.field::<Self, __Field5>(),
                order: stored.field::<Self, __Field6>(),
                seen: stored.field::<Self, __Field2>(),
                tags: stored.field::<Self, __Field1>(),
                visits: stored.field::<Self, __Field0>(),
            }
        }
        fn debug(&self, out: &mut ::core::fmt::DebugStruct<'_, '_>) {
            out.field("visits", __p::DebugProbe(&self.visits).get())
                .field("tags", __p::DebugProbe(&self.tags).get())
                .field("seen", __p::DebugProbe(&self.seen).get())
                .field("best", __p::DebugProbe(&self.best).get())
                .field("first", __p::DebugProbe(&self.first).get())
                .field("notes", __p::DebugProbe(&self.notes).get())
                .field("order", __p::DebugProbe(&self.order).get());
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
