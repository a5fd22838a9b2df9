//! What the derive and the schema lock add to `cargo check` of a session type with fifty fields, against serde's
//! derives on the same struct: processor time.
//!
//! ```sh
//! cargo bench -p session-tests --bench check
//! ```
//!
//! Only the crate itself is checked, without incremental compilation; its dependencies are ready. Once each, for
//! [`ROUNDS`] rounds in turn; the least time counts, for other work can only add to it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use session_tests::print_figure;
use session_tests::servers::TempDir;

#[allow(dead_code, reason = "each bench uses its part")]
mod support;

use support::children_time;

const ROUNDS: usize = 7;
const FIELDS: usize = 50;

/// Types as sessions have them; one field in five is a nested struct or an enum.
const TYPES: [&str; 10] = [
    "u64",
    "String",
    "Option<String>",
    "Vec<Item>",
    "bool",
    "BTreeMap<String, u32>",
    "i32",
    "Vec<String>",
    "Option<u64>",
    "Theme",
];

const NESTED: &str = "
#[derive(Default, Serialize, Deserialize SHAPE)]
pub struct Item { pub sku: String, pub quantity: u32, pub price: u64, pub gift: bool, pub options: Vec<Choice> }
#[derive(Default, Serialize, Deserialize SHAPE)]
pub struct Choice { pub name: String, pub value: String }
#[derive(Default, Serialize, Deserialize SHAPE)]
pub enum Theme { #[default] Light, Dark, Contrast }
";

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace");
    let fields = (0..FIELDS).fold(String::new(), |mut fields, index| {
        let _ = writeln!(fields, "    pub field_{index}: {},", TYPES[index % TYPES.len()]);
        fields
    });
    let nothing = NESTED.replace(" SHAPE", "");
    let shapes = NESTED.replace(" SHAPE", ", SessionValue");
    let imports = "#![allow(unused_imports)]\nuse std::collections::BTreeMap;\nuse serde::{Deserialize, Serialize};\n\
                   use session::{Session, SessionValue};\n";
    let programs = [
        (
            "serde's derives",
            format!("{imports}{nothing}#[derive(Default, Serialize, Deserialize)]\npub struct Big {{\n{fields}}}\n"),
            false,
        ),
        ("the derive", format!("{imports}{nothing}#[derive(Session)]\npub struct Big {{\n{fields}}}\n"), false),
        (
            "the derive, shapes and a lock",
            format!("{imports}{shapes}#[derive(Session)]\npub struct Big {{\n{fields}}}\n"),
            true,
        ),
    ];
    let crates: Vec<_> = programs.iter().map(|(_, code, locked)| prepare(&root, code, *locked)).collect();
    let mut least = [f64::MAX; 3];
    for _ in 0..ROUNDS {
        for (dir, least) in crates.iter().zip(&mut least) {
            *least = check(dir.path()).min(*least);
        }
    }
    println!("| `cargo check` of {FIELDS} fields with | processor s | ÷ serde | target |");
    println!("| --- | ---: | ---: | --- |");
    for (index, ((name, ..), least_of)) in programs.iter().zip(least).enumerate() {
        let relative = least_of / least[0];
        let target = if index == 2 { if relative <= 1.5 { "met (≤ 1.50)" } else { "MISSED (≤ 1.50)" } } else { "" };
        println!("| {name} | {least_of:.2} | {relative:.2} | {target} |");
    }
    println!();
    for ((name, ..), least_of) in programs.iter().zip(least) {
        print_figure(name, format_args!("{:.2}", least_of / least[0]));
    }
}

fn prepare(root: &Path, code: &str, locked: bool) -> TempDir {
    let dir = TempDir::new("check");
    fs::create_dir(dir.path().join("src")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"big\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         session = {{ path = {:?}, default-features = false, features = [\"derive\"] }}\n",
        root.join("session")
    );
    fs::write(dir.path().join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(dir.path().join("src/lib.rs"), code).expect("a program");
    fs::copy(root.join("Cargo.lock"), dir.path().join("Cargo.lock")).expect("a lock file");
    if locked {
        let output = cargo(dir.path(), "test").env("SESSION_LOCK", "write").output().expect("cargo");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(dir.path().join("sessions/big.lock").exists(), "a lock");
    }
    check(dir.path());
    dir
}

/// Checks the crate anew.
fn check(dir: &Path) -> f64 {
    let code = fs::read_to_string(dir.join("src/lib.rs")).expect("a program");
    fs::write(dir.join("src/lib.rs"), format!("{code}\n")).expect("a program");
    let before = children_time();
    let output = cargo(dir, "check").output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    children_time() - before
}

fn cargo(dir: &Path, what: &str) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args([what, "--lib", "--offline", "--target-dir", "target"]).current_dir(dir).env("CARGO_INCREMENTAL", "0");
    for name in ["CARGO_TARGET_TMPDIR", "CARGO_MANIFEST_DIR", "RUSTFLAGS"] {
        command.env_remove(name);
    }
    command
}
