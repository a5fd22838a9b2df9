//! Deeply nested values: a value that could not be read back is not written, and stored bytes cannot exhaust the stack.

use serde::{Deserialize, Serialize};
use session::{ErrorKind, Session, SessionValue};

use super::World;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, SessionValue)]
enum Tree {
    #[default]
    Leaf,
    Of(Box<Tree>),
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, SessionValue)]
struct Chain {
    next: Option<Box<Chain>>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, SessionValue)]
struct Lists(Vec<Lists>);

/// Nested `Some`s only, without a `SessionValue`. JSON cannot represent them.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Somes(Option<Box<Somes>>);

macro_rules! releases {
    ($($name:ident $codec:ident)*) => {$(
        #[derive(Session)]
        #[session(name = "shop", codec = $codec, lock = off)]
        struct $name {
            #[session(merge = counter)]
            visits: u64,
            tree: Tree,
            chain: Chain,
            lists: Lists,
            somes: Somes,
        }
    )*};
}
releases!(Json json MessagePack msgpack Postcard postcard);

fn tree(levels: u32) -> Tree {
    (0..levels).fold(Tree::Leaf, |inner, _| Tree::Of(Box::new(inner)))
}

/// This many nested structs, with a `Some` between each two of them.
fn chain(levels: u32) -> Chain {
    (1..levels).fold(Chain::default(), |inner, _| Chain { next: Some(Box::new(inner)) })
}

fn lists(levels: u32) -> Lists {
    (1..levels).fold(Lists::default(), |inner, _| Lists(vec![inner]))
}

/// More levels than any stack has room for.
const TOO_MANY_LEVELS: usize = 1_000_000;

/// Fields, each with the bytes that begin one more level of its value.
type Levels = &'static [(&'static str, &'static [u8])];

/// Tests values at the limit, values beyond it, and bytes that would exhaust the stack of a reader without a limit.
macro_rules! deep {
    ($name:ident, $most:literal, $chains:literal, $levels:expr) => {
        let world = World::memory();
        let release = world.release::<$name>();
        release
            .visit(async |shop| {
                (shop.tree, shop.lists, shop.chain) = (tree($most), lists($most), chain($chains));
            })
            .await;
        release
            .visit(async |shop| {
                assert!(shop.problems().is_empty());
                assert!(shop.tree == tree($most) && shop.lists == lists($most) && shop.chain == chain($chains));
            })
            .await;
        let before = world.record().await.encode();
        for field in ["tree", "lists", "chain"] {
            let answer = release.attempt(async |shop| {
                shop.visits += 1;
                match field {
                    "tree" => shop.tree = tree($most + 1),
                    "lists" => shop.lists = lists($most + 1),
                    _ => shop.chain = chain($chains + 1),
                }
                shop.commit().await.unwrap_err()
            });
            let answer = answer.await;
            let error = answer.outcome.unwrap();
            assert_eq!((answer.status.as_u16(), error.kind()), (500, ErrorKind::Unencodable));
            let expected = format!(
                "session `shop`: field `{field}` cannot be encoded: it is nested more than {} levels deep and could \
                 not be read back",
                $most
            );
            assert_eq!(error.to_string(), expected);
        }
        assert_eq!(world.record().await.encode(), before, "nothing is written");
        let levels: Levels = $levels;
        for &(field, level) in levels {
            let bytes = level.repeat(TOO_MANY_LEVELS);
            world.plant(field, &bytes).await;
            release
                .visit(async |shop| {
                    assert_eq!(shop.problems().iter().map(session::FieldError::field).collect::<Vec<_>>(), [field]);
                    shop.visits += 1;
                })
                .await;
            let stored = world.stored(field).await.unwrap();
            assert_eq!(stored.len(), String::from_utf8_lossy(&bytes).len(), "the bytes are kept");
            world.edit(|section| drop(section.fields.remove(field))).await;
        }
        release.visit(async |shop| assert_eq!(shop.visits, levels.len() as u64)).await;
    };
}

#[tokio::test]
async fn in_json() {
    deep!(Json, 127, 127, &[("tree", b"{\"Of\":"), ("chain", b"{\"next\":"), ("lists", b"[")]);
}

#[tokio::test]
async fn in_messagepack() {
    let levels: Levels = &[("tree", b"\x81\xa2Of"), ("chain", b"\x81\xa4next"), ("lists", b"\x91"), ("somes", b"\x91")];
    deep!(MessagePack, 256, 128, levels);
}

/// `postcard` has no limit of its own.
#[tokio::test]
async fn in_postcard() {
    deep!(Postcard, 256, 128, &[("tree", b"\x01"), ("chain", b"\x01"), ("lists", b"\x01"), ("somes", b"\x01")]);
}
