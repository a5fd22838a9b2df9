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
    /// The typed key of `visits`.
    pub const VISITS: ::session::Key<Shop, u64> = ::session::Key::new(
        0usize,
        |of| &of.visits,
        |of| &mut of.visits,
    );
    /// The typed key of `tags`.
    pub const TAGS: ::session::Key<Shop, BTreeSet<String>> = ::session::Key::new(
        1usize,
        |of| &of.tags,
        |of| &mut of.tags,
    );
    /// The typed key of `seen`.
    pub const SEEN: ::session::Key<Shop, Vec<u32>> = ::session::Key::new(
        2usize,
        |of| &of.seen,
        |of| &mut of.seen,
    );
    /// The typed key of `best`.
    pub const BEST: ::session::Key<Shop, u32> = ::session::Key::new(
        3usize,
        |of| &of.best,
        |of| &mut of.best,
    );
    /// The typed key of `first`.
    pub const FIRST: ::session::Key<Shop, u32> = ::session::Key::new(
        4usize,
        |of| &of.first,
        |of| &mut of.first,
    );
    /// The typed key of `notes`.
    pub const NOTES: ::session::Key<Shop, String> = ::session::Key::new(
        5usize,
        |of| &of.notes,
        |of| &mut of.notes,
    );
    /// The typed key of `order`.
    pub const ORDER: ::session::Key<Shop, u32> = ::session::Key::new(
        6usize,
        |of| &of.order,
        |of| &mut of.order,
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
    /// The field `visits`.
    ///
    /// - what parallel requests add is added up
    #[inline]
    pub fn visits(&self) -> u64 {
        self.__tracked.get().visits
    }
    /// Sets `visits`.
    #[inline]
    pub fn set_visits(&mut self, value: u64) {
        self.__tracked.field_mut(0usize).visits = value;
    }
    /// Borrows `visits` mutably.
    #[inline]
    pub fn visits_mut(&mut self) -> &mut u64 {
        &mut self.__tracked.field_mut(0usize).visits
    }
    /// Adds `amount` to `visits`, which stops at the largest number of its type.
    pub fn add_visits(&mut self, amount: u64) {
        let __value = &mut self.__tracked.field_mut(0usize).visits;
        *__value = <u64 as ::session::__private::merge::Counter>::plus(*__value, amount);
    }
    /// The field `tags`.
    ///
    /// - what parallel requests add and remove is joined
    #[inline]
    pub fn tags(&self) -> &BTreeSet<String> {
        &self.__tracked.get().tags
    }
    /// Sets `tags`.
    #[inline]
    pub fn set_tags(&mut self, value: BTreeSet<String>) {
        self.__tracked.field_mut(1usize).tags = value;
    }
    /// Borrows `tags` mutably.
    #[inline]
    pub fn tags_mut(&mut self) -> &mut BTreeSet<String> {
        &mut self.__tracked.field_mut(1usize).tags
    }
    /// The field `seen`.
    ///
    /// - what parallel requests append is kept in order of commit, the newest 50 of it
    #[inline]
    pub fn seen(&self) -> &Vec<u32> {
        &self.__tracked.get().seen
    }
    /// Sets `seen`.
    #[inline]
    pub fn set_seen(&mut self, value: Vec<u32>) {
        self.__tracked.field_mut(2usize).seen = value;
    }
    /// Borrows `seen` mutably.
    #[inline]
    pub fn seen_mut(&mut self) -> &mut Vec<u32> {
        &mut self.__tracked.field_mut(2usize).seen
    }
    /// The field `best`.
    ///
    /// - of parallel changes, the largest stays
    #[inline]
    pub fn best(&self) -> u32 {
        self.__tracked.get().best
    }
    /// Sets `best`.
    #[inline]
    pub fn set_best(&mut self, value: u32) {
        self.__tracked.field_mut(3usize).best = value;
    }
    /// Borrows `best` mutably.
    #[inline]
    pub fn best_mut(&mut self) -> &mut u32 {
        &mut self.__tracked.field_mut(3usize).best
    }
    /// The field `first`.
    ///
    /// - of parallel changes, the smallest stays
    #[inline]
    pub fn first(&self) -> u32 {
        self.__tracked.get().first
    }
    /// Sets `first`.
    #[inline]
    pub fn set_first(&mut self, value: u32) {
        self.__tracked.field_mut(4usize).first = value;
    }
    /// Borrows `first` mutably.
    #[inline]
    pub fn first_mut(&mut self) -> &mut u32 {
        &mut self.__tracked.field_mut(4usize).first
    }
    /// The field `notes`.
    ///
    /// - parallel changes are merged by `Shop :: joined`
    #[inline]
    pub fn notes(&self) -> &String {
        &self.__tracked.get().notes
    }
    /// Sets `notes`.
    #[inline]
    pub fn set_notes(&mut self, value: impl ::core::convert::Into<String>) {
        self.__tracked.field_mut(5usize).notes = ::core::convert::Into::into(value);
    }
    /// Borrows `notes` mutably.
    #[inline]
    pub fn notes_mut(&mut self) -> &mut String {
        &mut self.__tracked.field_mut(5usize).notes
    }
    /// The field `order`.
    ///
    /// - of two requests that change it, the later one fails
    #[inline]
    pub fn order(&self) -> u32 {
        self.__tracked.get().order
    }
    /// Sets `order`.
    #[inline]
    pub fn set_order(&mut self, value: u32) {
        self.__tracked.field_mut(6usize).order = value;
    }
    /// Borrows `order` mutably.
    #[inline]
    pub fn order_mut(&mut self) -> &mut u32 {
        &mut self.__tracked.field_mut(6usize).order
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
            <u64 as __p::merge::Counter>::combined(base, ours, theirs)
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
            <BTreeSet<String> as __p::merge::Union>::combined(base, ours, theirs)
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
            <Vec<u32> as __p::merge::Log>::combined(base, ours, theirs, 50usize)
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
            <u32 as __p::merge::Ordered>::larger(ours, theirs)
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
            <u32 as __p::merge::Ordered>::smaller(ours, theirs)
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
    impl __p::Schema for Shop {
        type Handle = ShopSession;
        const NAME: &'static ::core::primitive::str = "shop";
        const VERSION: ::core::primitive::u32 = 1u32;
        const FIELDS: &'static [__p::FieldDescriptor<Self>] = &[
            __p::FieldDescriptor::of::<__Field0>(),
            __p::FieldDescriptor::of::<__Field1>(),
            __p::FieldDescriptor::of::<__Field2>(),
            __p::FieldDescriptor::of::<__Field3>(),
            __p::FieldDescriptor::of::<__Field4>(),
            __p::FieldDescriptor::of::<__Field5>(),
            __p::FieldDescriptor::of::<__Field6>(),
        ];
        const USER: ::core::option::Option<::core::primitive::usize> = ::core::option::Option::None;
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
