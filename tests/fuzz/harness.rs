//! Mutates the inputs of a corpus. A failure prints its input as a line of the corpus.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// `SplitMix64`, after Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
pub struct SeededRng(u64);

impl SeededRng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if `end` is 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap()
    }

    fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }

    /// A range within `len`, mostly a short one.
    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.below(len + 1);
        let longest = if self.below(4) == 0 { len } else { 4 };
        let end = (start + self.below(longest + 1)).min(len);
        start..end
    }
}

/// A fuzz target.
pub struct Target {
    name: &'static str,
    seeds: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    inputs: u64,
}

/// Inputs that had a new outcome are mutated too, up to this number.
const MAX_POOL: usize = 4_096;
const MAX_LEN: usize = 8_192;

impl Target {
    /// The target `name`, with the corpus of that name. `words` are inserted into inputs.
    pub fn new(name: &'static str, words: &[&str]) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(format!("{name}.txt"));
        let text = std::fs::read_to_string(&path).expect("a corpus");
        let seeds = text.lines().filter(|line| !line.starts_with('#')).map(unescape).collect();
        Self { name, seeds, words: words.iter().map(|word| word.as_bytes().to_vec()).collect(), inputs: 2_000 }
    }

    pub fn seed(mut self, seed: impl Into<Vec<u8>>) -> Self {
        self.seeds.push(seed.into());
        self
    }

    /// The number of mutated inputs of a bounded run. Default: 2,000.
    pub fn inputs(mut self, inputs: u64) -> Self {
        self.inputs = inputs;
        self
    }

    /// Runs `check`, which panics if the property does not hold. It returns the outcome of the parser, such as its
    /// error: inputs with a new outcome join the corpus of this run.
    #[expect(clippy::disallowed_methods, reason = "a run is limited by real time")]
    pub fn run(self, mut check: impl FnMut(&[u8]) -> String) {
        let seconds = std::env::var("FUZZ_SECONDS").ok().map(|seconds| seconds.parse().expect("FUZZ_SECONDS"));
        let seed = match std::env::var("FUZZ_SEED") {
            Ok(seed) => seed.parse().expect("FUZZ_SEED"),
            Err(_) if seconds.is_some() => getrandom::u64().expect("randomness"),
            Err(_) => 1,
        };
        let Self { name, seeds, words, inputs } = self;
        let (mut rng, started) = (SeededRng(seed), Instant::now());
        let mut outcomes = HashSet::new();
        let mut count = 0_u64;
        let mut run = |input: &[u8]| {
            let failure = Failure { name, seed, input };
            let is_new = outcomes.insert(check(failure.input));
            std::mem::forget(failure);
            is_new
        };
        for seed in &seeds {
            run(seed);
        }
        let mut pool = seeds;
        let is_over = |count: u64| match seconds {
            Some(seconds) => started.elapsed() >= Duration::from_secs(seconds),
            None => count >= inputs,
        };
        while !is_over(count) {
            let input = mutated(&mut rng, &pool, &words);
            count += 1;
            if run(&input) && pool.len() < MAX_POOL {
                pool.push(input);
            }
        }
        println!(
            "{name}: {count} inputs in {:.1} s, {} outcomes, FUZZ_SEED={seed}",
            started.elapsed().as_secs_f64(),
            outcomes.len()
        );
    }
}

/// Dropped only by a panic of the target.
struct Failure<'a> {
    name: &'static str,
    seed: u64,
    input: &'a [u8],
}

impl Drop for Failure<'_> {
    fn drop(&mut self) {
        let Self { name, seed, input } = self;
        eprintln!("FUZZ_SEED={seed}; add this line to fuzz/corpus/{name}.txt:\n{}", input.escape_ascii());
    }
}

fn mutated(rng: &mut SeededRng, pool: &[Vec<u8>], words: &[Vec<u8>]) -> Vec<u8> {
    let mut input = rng.pick(pool).clone();
    loop {
        let range = rng.range(input.len());
        let byte = u8::try_from(rng.below(256)).unwrap();
        match rng.below(10) {
            0 | 1 if !input.is_empty() => {
                let at = rng.below(input.len());
                input[at] ^= 1 << rng.below(8);
            },
            2 if !input.is_empty() => {
                let at = rng.below(input.len());
                input[at] = *rng.pick(&[byte, 0, 1, 0x7f, 0x80, 0xff, b' ', b'%', b'a', b'0']);
            },
            3 => drop(input.splice(range.start..range.start, [byte])),
            4 => drop(input.drain(range)),
            5 => {
                let part = input[range].to_vec();
                let at = rng.below(input.len() + 1);
                drop(input.splice(at..at, part));
            },
            6 => {
                let other = rng.pick(pool);
                let part = other[rng.range(other.len())].to_vec();
                drop(input.splice(range, part));
            },
            7 => {
                let other = rng.pick(pool);
                let at = rng.below(input.len().max(other.len()));
                input.truncate(at);
                input.extend_from_slice(&other[at.min(other.len())..]);
            },
            8 if !words.is_empty() => drop(input.splice(range, rng.pick(words).iter().copied())),
            9 if !words.is_empty() => drop(input.splice(range.start..range.start, rng.pick(words).iter().copied())),
            _ => {},
        }
        if rng.below(3) == 0 {
            input.truncate(MAX_LEN);
            return input;
        }
    }
}

/// The reverse of `escape_ascii`.
fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next().expect("a character after `\\`") {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'x' => {
                let digits = [rest.next(), rest.next()].map(|digit| char::from(digit.expect("two digits")));
                u8::from_str_radix(&digits.iter().collect::<String>(), 16).expect("hexadecimal digits")
            },
            other => other,
        });
    }
    bytes
}

#[test]
fn a_printed_input_is_read_back() {
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(unescape(&all.escape_ascii().to_string()), all);
}

pub fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The records of the published vectors, each with its cookie.
pub fn records() -> Vec<(String, Vec<u8>)> {
    let files = [include_str!("../it/vectors/format_1.txt"), include_str!("../it/vectors/bound_1.txt")];
    let lines = files.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split(' ');
            (words.next().unwrap().to_owned(), unhex(words.next().unwrap()))
        })
        .collect()
}
