//! The expansion is independent of its place: with the runtime under another name, without a prelude, among names that
//! it uses too, and under strict lints.

#![deny(missing_docs, unreachable_pub, unused, warnings)]
#![deny(clippy::all, clippy::pedantic)]
#![deny(elided_lifetimes_in_paths, single_use_lifetimes, unused_qualifications, unnameable_types)]
#![deny(missing_debug_implementations, missing_copy_implementations, unused_results, unused_lifetimes)]

/// Everything at once, and public, so that every generated item needs a doc comment.
#[deny(clippy::nursery)]
pub mod everything {
    use std::collections::{BTreeMap, BTreeSet};

    use session_renamed::Session;

    /// What the shop remembers.
    #[derive(Session, Debug)]
    #[session(version = 2, idle = "30m", absolute = "12h", crate = "::session_renamed")]
    pub struct Shop {
        /// Who is logged in.
        #[session(user)]
        pub user: Option<u64>,
        /// A right.
        #[session(rotate)]
        pub admin: bool,
        /// A counter.
        #[session(merge = counter)]
        pub visits: u64,
        /// A set.
        #[session(merge = union)]
        pub tags: BTreeSet<String>,
        /// A map.
        #[session(merge = union)]
        pub prices: BTreeMap<String, i64>,
        /// A list.
        #[session(merge = log(50))]
        pub seen: Vec<u32>,
        /// The best.
        #[session(merge = max)]
        pub best: u32,
        /// The first.
        #[session(merge = min)]
        pub first: u32,
        /// Notes.
        #[session(merge = with(Self::joined))]
        pub notes: String,
        /// An order.
        #[session(conflict = "reject", default = Self::NO_ORDER)]
        pub order: i64,
        /// Half of it.
        #[session(default = -0.5)]
        pub offset: f64,
        /// A notice.
        #[session(flash, survive)]
        pub notice: Option<String>,
        /// Where to.
        #[session(survive = login, into)]
        pub target: Box<str>,
        /// Not stored.
        #[session(skip)]
        pub scratch: u8,
        /// A keyword.
        pub r#type: u8,
        /// The name of a method of every session.
        #[session(accessor = changes, key = "u")]
        pub update: u8,
        private: u8,
    }

    /// A value.
    #[derive(session_renamed::SessionValue, Debug, Clone, Copy)]
    #[session(crate = "::session_renamed")]
    #[non_exhaustive]
    pub struct Line<T> {
        /// How many.
        pub quantity: u32,
        /// What.
        pub item: T,
    }

    /// One of several values.
    #[derive(session_renamed::SessionValue, Debug, Clone)]
    #[session(crate = "::session_renamed")]
    #[non_exhaustive]
    pub enum Tree {
        /// Contains itself.
        Node(Vec<Self>),
        /// With members.
        Leaf {
            /// One.
            line: Line<u8>,
            /// Opaque.
            #[session(opaque)]
            other: u8,
        },
        /// Nothing.
        Nothing,
    }

    impl Shop {
        const NO_ORDER: i64 = -1;

        fn joined(_: String, ours: String, theirs: String) -> String {
            [ours, theirs].concat()
        }
    }
}

/// Without a prelude, and with other types under the names in it.
#[expect(non_camel_case_types, reason = "they are the names of primitive types")]
mod without_prelude {
    #![no_implicit_prelude]

    macro_rules! shadows {
        ($($name:ident)*) => {$(
            #[expect(dead_code, reason = "only the name matters")]
            struct $name;
        )*};
    }
    shadows! {
        Option Some None Result Ok Err String Vec Into From Fn FnMut FnOnce Default Send Sync Sized Drop Clone Copy
        Debug Deref DerefMut Handle Field Key Session Schema Tracked FieldDescriptor SectionReader Stored Error
        u8 u16 u32 u64 usize i8 i32 i64 f64 bool str char
        Shape Member Variant Tagging SessionValue
    }
    #[expect(unused_macros, reason = "only the name matters")]
    macro_rules! unimplemented {
        () => {};
    }

    #[::core::prelude::v1::derive(::session_renamed::Session)]
    #[session(crate = "::session_renamed")]
    pub(super) struct Shop {
        #[session(user)]
        pub(super) user: ::core::option::Option<::core::primitive::u64>,
        #[session(merge = counter, default = 3)]
        pub(super) visits: ::core::primitive::u64,
        #[session(default = "guest", survive)]
        pub(super) name: ::std::string::String,
        #[session(flash)]
        pub(super) notice: ::core::option::Option<::std::string::String>,
        #[session(merge = log(3))]
        pub(super) seen: ::std::vec::Vec<::core::primitive::u8>,
        #[session(skip)]
        pub(super) core: ::core::primitive::u8,
        #[session(conflict = "reject")]
        pub(super) session: ::core::primitive::bool,
    }
}

/// Values without a prelude.
mod values_without_prelude {
    #![no_implicit_prelude]

    #[::core::prelude::v1::derive(::session_renamed::SessionValue)]
    #[session(crate = "::session_renamed")]
    #[expect(dead_code, reason = "only its shape is asked for")]
    pub(super) struct Shape {
        member: ::core::option::Option<::std::boxed::Box<Self>>,
        #[session(opaque)]
        variant: ::core::primitive::u8,
    }

    pub(super) struct Unknown;
    pub(super) const DEEP: &::session_renamed::Shape =
        ::session_renamed::__shape_of!(::core::option::Option<::core::primitive::u8>, "");
    pub(super) const OPAQUE: &::session_renamed::Shape = ::session_renamed::__shape_of!(Unknown, "Unknown");

    #[::core::prelude::v1::derive(::session_renamed::SessionValue)]
    #[session(crate = "::session_renamed")]
    #[expect(dead_code, reason = "only its shape is asked for")]
    pub(super) enum Option<T> {
        Some(T),
        Both { one: T, shape: Shape },
        None,
    }
}

#[test]
fn shapes_without_a_prelude() {
    use session_renamed::SessionValue as _;
    assert_eq!(values_without_prelude::DEEP.text().as_str(), "u8?");
    assert_eq!(values_without_prelude::OPAQUE.text().as_str(), "opaque <Unknown>");
    let text = values_without_prelude::Option::<u8>::SHAPE.text();
    let shape = "rec {member: self?, variant: opaque <::core::primitive::u8>}";
    assert_eq!(text.as_str(), format!("enum {{Both: {{one: u8, shape: {shape}}}, None, Some: u8}}"));
}

/// Modules with the names of crates: the expansion writes `::core`, not `core`.
mod shadowed_modules {
    mod core {}
    mod std {}
    mod session_renamed {}
    mod session {}

    #[derive(::session_renamed::Session)]
    #[session(crate = "::session_renamed")]
    struct Private {
        visits: u64,
        #[session(key = "p")]
        __p: u8,
        value: String,
        of: Option<String>,
        stored: u8,
    }

    #[test]
    fn private_structs_have_private_sessions() {
        fn home(session: &mut ::session_renamed::Session<Private>) {
            session.set_value("a");
            session.visits += 1;
            drop(session.take_of());
        }
        let _ = home;
    }
}

/// The runtime, re-exported by another module.
mod reexported {
    use crate::facade::session;

    #[derive(session::Session)]
    #[session(crate = "crate::facade::session")]
    pub(crate) struct Shop {
        visits: u64,
    }
}

mod facade {
    pub(crate) use session_renamed as session;
}

/// A public struct may have fields of private types, and private ones.
mod private_types {
    #[derive(Default, serde::Serialize, serde::Deserialize)]
    struct Inner(u8);

    #[derive(session_renamed::Session)]
    #[session(crate = "::session_renamed")]
    pub(super) struct Shop {
        #[expect(private_interfaces, reason = "the compiler reports it at the field")]
        pub(super) inner: Inner,
    }

    #[test]
    fn private_types_are_possible() {
        let _ = |session: &mut ::session_renamed::Session<Shop>| session.inner_mut().0 = session.inner().0 + 1;
    }
}

/// A deprecated struct or field is stored, and the expansion causes no warnings.
mod deprecated {
    #[deprecated(note = "use another")]
    #[derive(session_renamed::Session)]
    #[session(crate = "::session_renamed")]
    pub(super) struct Old {
        #[deprecated(note = "use another")]
        pub(super) visits: u64,
        #[deprecated(note = "use another")]
        #[session(flash)]
        pub(super) notice: Option<String>,
    }
}

#[test]
fn accessors_work_without_a_prelude() {
    fn home(session: &mut session_renamed::Session<without_prelude::Shop>) -> Option<String> {
        session.add_visits(session.visits());
        session.set_name("a");
        session.core += 1;
        session.set_session(true);
        session.login(7);
        session.take_notice()
    }
    let _ = home;
}
