//! The text of keys.

use session::{KeyRing, SecretKey};

use crate::harness::Target;

const ONE: &str = "tsk1_URK9xs5TBMkuPs6Bjr4Ec518IDdrr-9Yzu4TvyR1j9Y_e4YLYA";
const OTHER: &str = "tsk1_GgWKVtaBP7IiE0BOG-xH4Jj-lHOwKvCTg1oqjiKZnH4_Nt3E3A";

/// No part of a key that is long enough to be one occurs in the error.
fn is_not_quoted(text: &str, error: &str) {
    let letters: Vec<char> = text.chars().collect();
    for part in letters.windows(12) {
        let part: String = part.iter().collect();
        assert!(!error.contains(&part), "{error}");
    }
}

/// A key has one text, and no error quotes the text.
#[test]
fn secret_key() {
    let words = ["tsk1_", "_", "=", "-", "A", "\n", " ", "tsk2_", ONE];
    let target = Target::new("secret_key", &words).seed(ONE).seed(OTHER);
    target.inputs(10_000).run(|input| {
        let text = String::from_utf8_lossy(input);
        match SecretKey::parse(&text) {
            Ok(key) => {
                assert_eq!(key.to_text().expose(), text.trim());
                assert!(!format!("{key:?}").contains("tsk1_"));
                "a key".into()
            },
            Err(error) => {
                is_not_quoted(&text, &error.to_string());
                error.to_string().replace(char::is_numeric, "")
            },
        }
    });
}

/// A text is a ring of keys if each of its words is a key, and they are one to five different ones.
#[test]
fn key_ring() {
    let words = ["tsk1_", " ", ",", "\n", "\r\n", "\r", "\t", "#", ", ", "\u{b}", "\u{a0}", ONE, OTHER];
    let target = Target::new("key_ring", &words).seed(format!("# new\n{ONE},{OTHER}\n")).seed(format!("{OTHER} {ONE}"));
    target.inputs(2_000).run(|input| {
        let text = String::from_utf8_lossy(input);
        let lines = text.split('\n').filter(|line| !line.trim_start().starts_with('#'));
        let words: Vec<&str> = lines
            .flat_map(|line| line.split(|letter: char| letter.is_whitespace() || letter == ','))
            .filter(|word| !word.is_empty())
            .collect();
        let keys: Vec<_> = words.iter().filter_map(|word| SecretKey::parse(word).ok()).map(|key| key.id()).collect();
        let are_distinct = keys.iter().enumerate().all(|(at, key)| !keys[..at].contains(key));
        let is_ring = keys.len() == words.len() && are_distinct && (1..=5).contains(&keys.len());
        match KeyRing::parse(&text) {
            Ok(ring) => {
                assert!(is_ring, "{words:?}");
                assert_eq!(ring.primary(), keys[0]);
                format!("{}", keys.len())
            },
            Err(error) => {
                assert!(!is_ring, "{error}");
                let error = error.to_string();
                words.iter().for_each(|word| is_not_quoted(word, &error));
                error.split("key ").map(|part| part.trim_start_matches(char::is_numeric)).take(3).collect()
            },
        }
    });
}
