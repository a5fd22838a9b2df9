//! Decoding a session from what is stored, against the same struct as one JSON document: instructions, by valgrind.
//!
//! ```sh
//! cargo bench -p session-tests --bench decode                # needs valgrind
//! ```
//!
//! Ours begins with the bytes of the payload, which are checked to the last one, and ends with the struct. Each figure
//! is that of a run of [`LONG`] decodings less one of [`SHORT`], divided by their difference.

#[allow(dead_code, reason = "each bench uses its part")]
mod support;

use std::hint::black_box;

use session::Session;
use session_tests::print_figure;

use support::count::valgrind;
use support::data::{Data, Item, Shop, Theme};

const SHORT: u32 = 300;
const LONG: u32 = 1500;

macro_rules! in_codec {
    ($name:ident, $codec:ident) => {
        #[derive(Session)]
        #[session(codec = $codec)]
        struct $name {
            user_id: Option<u64>,
            name: String,
            cart: Vec<Item>,
            theme: Theme,
            visits: u64,
        }

        impl From<Data> for $name {
            fn from(Data { user_id, name, cart, theme, visits }: Data) -> Self {
                Self { user_id, name, cart, theme, visits }
            }
        }
    };
}
in_codec!(Packed, msgpack);
in_codec!(Compact, postcard);

/// What is decoded, and a function that decodes it the given number of times.
type Row = (&'static str, fn(u32));

const ROWS: [Row; 4] = [
    ("serde_json::from_slice of the plain struct", |times| {
        let bytes = serde_json::to_vec(&Data::sample()).expect("JSON");
        repeat(times, || serde_json::from_slice::<Data>(black_box(&bytes)).expect("a struct"));
    }),
    ("ours, JSON values", |times| ours(times, Shop::sample())),
    ("ours, MessagePack values", |times| ours(times, Packed::from(Data::sample()))),
    ("ours, postcard values", |times| ours(times, Compact::from(Data::sample()))),
];

fn ours<S: session::Schema>(times: u32, sample: S) {
    let bytes = session::testing::to_stored(&sample).expect("bytes");
    repeat(times, || session::testing::from_stored::<S>(black_box(&bytes)).expect("a struct"));
}

fn repeat<T>(times: u32, mut decode: impl FnMut() -> T) {
    for _ in 0..times {
        black_box(decode());
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [run, row, times] = &args[..]
        && run == "run"
    {
        return ROWS[row.parse::<usize>().expect("a row")].1(times.parse().expect("a number"));
    }
    println!("| decoding | instructions | relative | target |");
    println!("| --- | ---: | ---: | --- |");
    let (mut base, mut figures) = (None, Vec::new());
    for (index, (name, _)) in ROWS.iter().enumerate() {
        let [short, long] = [SHORT, LONG].map(|times| {
            let arguments = ["run".to_owned(), index.to_string(), times.to_string()];
            let [instructions] = valgrind("callgrind", &arguments, "Collected :");
            instructions
        });
        let instructions = (long - short) / f64::from(LONG - SHORT);
        let relative = instructions / *base.get_or_insert(instructions);
        let target = if index == 1 { if relative <= 1.0 { "met (≤ 1.00)" } else { "MISSED (≤ 1.00)" } } else { "" };
        println!("| {name} | {instructions:.0} | {relative:.2} | {target} |");
        figures.push((name, relative));
    }
    println!();
    for (name, relative) in figures {
        print_figure(name, format_args!("{relative:.2}"));
    }
}
