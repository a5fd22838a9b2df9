//! Counting instructions and allocations, by valgrind.

use std::process::Command;

/// Runs `args` of this bench under a tool, and reads the numbers behind `label`.
pub fn valgrind<const N: usize>(tool: &str, args: &[String], label: &str) -> [f64; N] {
    let output = Command::new("valgrind")
        .args([format!("--tool={tool}"), format!("--{tool}-out-file=/dev/null")])
        .arg(std::env::current_exe().expect("this bench"))
        .args(args)
        .output()
        .expect("valgrind, which Debian packages");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let (_, numbers) = text.split_once(label).unwrap_or_else(|| panic!("{text}"));
    let numbers = numbers.lines().next().unwrap_or_default().replace(',', "");
    let mut numbers = numbers.split(' ').filter_map(|word| word.parse().ok());
    std::array::from_fn(|_| numbers.next().expect("a number"))
}
