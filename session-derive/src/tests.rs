//! Snapshots of the expansion: one formatted file for each feature in `tests/expand/`.
//!
//! After a change of the generators, `UPDATE_EXPECT=1 cargo test -p session-derive` rewrites the files. Read the diff
//! as you would review code.

use expect_test::{ExpectFile, expect_file};
use proc_macro2::TokenStream;
use quote::quote;

use crate::derive;
use crate::value;

fn expand(input: TokenStream) -> String {
    let input = syn::parse2(input).expect("a struct");
    pretty(derive(&input))
}

fn expand_value(input: TokenStream) -> String {
    let input = syn::parse2(input).expect("a type");
    pretty(value::derive(&input))
}

fn pretty(tokens: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens).expect("items"))
}

fn check(input: TokenStream, expected: &ExpectFile) {
    expected.assert_eq(&expand(input));
}

#[test]
fn plain() {
    let input = quote! {
        struct Shop {
            visits: u64,
        }
    };
    check(input, &expect_file!["../tests/expand/plain.rs"]);
}

#[test]
fn settings() {
    let input = quote! {
        #[session(version = 2, name = "store", idle = "90s", absolute = "30d", crate = "crate::web::session")]
        pub(crate) struct Shop {
            pub(super) visits: u64,
        }
    };
    check(input, &expect_file!["../tests/expand/settings.rs"]);
}

#[test]
fn user() {
    let input = quote! {
        pub struct Shop {
            /// Who is logged in.
            #[session(user)]
            pub user: Option<UserId>,
            #[session(rotate)]
            pub admin: bool,
        }
    };
    check(input, &expect_file!["../tests/expand/user.rs"]);
}

#[test]
fn merge() {
    let input = quote! {
        pub struct Shop {
            #[session(merge = counter)]
            pub visits: u64,
            #[session(merge = union)]
            pub tags: BTreeSet<String>,
            #[session(merge = log(50))]
            pub seen: Vec<u32>,
            #[session(merge = max)]
            pub best: u32,
            #[session(merge = min)]
            pub first: u32,
            #[session(merge = with(Self::joined))]
            pub notes: String,
            #[session(conflict = "reject")]
            pub order: u32,
        }
    };
    check(input, &expect_file!["../tests/expand/merge.rs"]);
}

#[test]
fn default() {
    let input = quote! {
        pub struct Shop {
            #[session(default = 20)]
            pub page: u32,
            #[session(default = -1.5)]
            pub offset: f64,
            #[session(default = "guest")]
            pub name: String,
            #[session(default = Self::LIGHT)]
            pub theme: Theme,
        }
    };
    check(input, &expect_file!["../tests/expand/default.rs"]);
}

#[test]
fn survive_flash_skip() {
    let input = quote! {
        pub struct Shop {
            #[session(survive)]
            pub theme: u8,
            #[session(survive = login)]
            pub cart: Vec<u32>,
            #[session(flash)]
            pub notice: Option<String>,
            #[session(skip, default = 3)]
            pub scratch: u8,
        }
    };
    check(input, &expect_file!["../tests/expand/survive_flash_skip.rs"]);
}

#[test]
fn names() {
    let input = quote! {
        pub struct r#Shop {
            pub r#type: u64,
            #[session(accessor = change, key = "u")]
            pub update: u64,
            #[session(into)]
            pub email: Email,
        }
    };
    check(input, &expect_file!["../tests/expand/names.rs"]);
}

#[test]
fn upgrades() {
    let input = quote! {
        #[session(version = 4)]
        pub struct Shop {
            #[session(was = "username", was = "nick")]
            pub account: String,
            #[session(upgrade(in = 2, from = u16, with = widen), upgrade(in = 4, from = u32, try_with = Level::new))]
            pub level: Level,
            #[session(since = 3, upgrade(in = 3, from("first": String, "last": Option<String>), with = join))]
            pub name: String,
            #[session(on_corrupt = "reject")]
            pub plan: String,
        }
    };
    check(input, &expect_file!["../tests/expand/upgrades.rs"]);
}

#[test]
fn evolution() {
    let input = quote! {
        #[session(
            version = 3, try_previous = v2::Shop, reserved("coupon"), purge("token"), newer = "readonly",
            min_reader = 2, codec = msgpack, validate = garde, lock = off
        )]
        pub struct Shop {
            pub visits: u64,
        }
    };
    check(input, &expect_file!["../tests/expand/evolution.rs"]);
}

/// Beside an error: the same items, without a bound that a field's type might not fulfil.
#[test]
fn stub() {
    let input = quote! {
        pub struct Shop {
            #[session(user)]
            pub user: UserId,
            #[session(merge = couter)]
            pub visits: u64,
        }
    };
    check(input, &expect_file!["../tests/expand/stub.rs"]);
}

fn check_value(input: TokenStream, expected: &ExpectFile) {
    expected.assert_eq(&expand_value(input));
}

#[test]
fn value_struct() {
    let input = quote! {
        #[serde(rename_all = "camelCase")]
        pub struct Item {
            pub sku: String,
            pub list_price: Option<u32>,
            #[serde(default)]
            pub gift: bool,
            #[session(opaque)]
            pub colours: HashMap<String, [u8; 3]>,
            #[serde(skip)]
            pub scratch: u8,
        }
    };
    check_value(input, &expect_file!["../tests/expand/value_struct.rs"]);
}

#[test]
fn value_enum() {
    let input = quote! {
        #[serde(tag = "type", content = "of", rename_all = "snake_case")]
        enum Payment {
            Cash,
            OnAccount(u32),
            Split(u8, Item),
            Card { number: String },
        }
    };
    check_value(input, &expect_file!["../tests/expand/value_enum.rs"]);
}

#[test]
fn value_generic_and_recursive() {
    let input = quote! {
        #[session(crate = "crate::web::session")]
        struct List<T, const N: usize>
        where
            T: Clone,
        {
            head: [T; N],
            tail: Option<Box<List<T, N>>>,
        }
    };
    check_value(input, &expect_file!["../tests/expand/value_generic_and_recursive.rs"]);
}

/// Beside an error: the trait, without a bound on the members.
#[test]
fn value_stub() {
    let input = quote! {
        struct Item<T> {
            #[serde(with = "hex")]
            colour: T,
        }
    };
    check_value(input, &expect_file!["../tests/expand/value_stub.rs"]);
}

/// The cost of one more member.
#[test]
fn lines_per_member() {
    let one = expand_value(quote!(
        struct Item {
            a: u64,
            b: Vec<Part>,
        }
    ));
    let two = expand_value(quote!(
        struct Item {
            a: u64,
            b: Vec<Part>,
            c: Option<u8>,
        }
    ));
    let lines = two.lines().count() - one.lines().count();
    assert!(lines <= 3, "{lines} lines");
}

/// The text of an opaque type is independent of the spaces in the source and of the compiler version.
#[test]
fn spelling() {
    let spelled = |ty: TokenStream| crate::spelling::spelled(ty);
    assert_eq!(spelled(quote!(HashMap < String , [ u8 ; 3 ] >)), "HashMap<String, [u8; 3]>");
    assert_eq!(
        spelled(quote!(Box<dyn for<'a> Fn(&'a mut u8) -> bool + Send>)),
        "Box<dyn for<'a> Fn(&'a mut u8) -> bool + Send>"
    );
    assert_eq!(spelled(quote!(::a::B<Item = (u8, r#type)>)), "::a::B<Item = (u8, r#type)>");
    assert_eq!(spelled(quote!(<T as a::B>::C)), "<T as a::B>::C");
}

/// Default values in messages and docs are written as in the code.
#[test]
fn spelling_of_expressions() {
    let spelled = |expr: TokenStream| crate::spelling::spelled_expression(expr);
    assert_eq!(spelled(quote!(-1.5)), "-1.5");
    assert_eq!(spelled(quote!(2 * SIZE - 1 + -3)), "2 * SIZE - 1 + -3");
    assert_eq!(spelled(quote!(Theme::new("dark", &[1, 2], *A))), r#"Theme::new("dark", &[1, 2], *A)"#);
    assert_eq!(spelled(quote!(Self::LIGHT)), "Self::LIGHT");
    assert_eq!(spelled(quote!(::a::B { one: 1, two: c::D })), "::a::B { one: 1, two: c::D }");
    assert_eq!(spelled(quote!(vec![1, 2].len() as u32)), "vec![1, 2].len() as u32");
    assert_eq!(spelled(quote!(Vec::<u8>::new())), "Vec::<u8>::new()");
}

/// The expansion of a struct with one field is short enough to read.
#[test]
fn lines_of_one_field() {
    let expansion = expand(quote!(
        struct Shop {
            visits: u64,
        }
    ));
    let lines = expansion.lines().count();
    assert!(lines <= 100, "{lines} lines");
    assert_eq!(expansion.matches("#[allow(").count(), 1, "one list of lints");
    assert_eq!(expansion.matches("const _: () = {").count(), 1, "one enclosing constant");
}

/// The cost of one more field, for a reader of the expansion and for the compiler.
#[test]
fn lines_per_field() {
    let one = expand(quote!(
        struct Shop {
            a: u64,
        }
    ));
    let two = expand(quote!(
        struct Shop {
            a: u64,
            b: u64,
        }
    ));
    let lines = two.lines().count() - one.lines().count();
    assert!(lines <= 40, "{lines} lines");
}
