//! Measures the figures of `session/docs/figures.md`, and writes its table.
//!
//! ```sh
//! cargo run -p session-tests --bin figures               # all rows
//! cargo run -p session-tests --bin figures -- requests   # the rows whose command contains `requests`
//! ```
//!
//! Tests and benches print lines `figure: NAME = VALUE`. A row has a command, which runs once for all its rows, and a
//! template, which takes values by their names. A row whose command did not run or has failed keeps its line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use rows::ROWS;

mod rows;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../session/docs/figures.md");
const BEGIN: &str = "<!-- Written by `cargo run -p session-tests --bin figures`: begin -->\n";
const END: &str = "<!-- end -->\n";

struct Row {
    what: &'static str,
    /// `{NAME}` is the value of that name. `{START*}` are the values of all names that begin with START, each with the
    /// rest of its names behind it.
    figure: &'static str,
    command: &'static str,
}

type Figures = BTreeMap<String, String>;

fn main() -> ExitCode {
    let wanted = env::args().nth(1).unwrap_or_default();
    let commands: Vec<_> = ROWS.iter().map(|row| row.command).filter(|command| command.contains(&wanted)).collect();
    if commands.is_empty() {
        eprintln!("no command contains {wanted:?}");
        return ExitCode::FAILURE;
    }
    let mut failed = false;
    for (index, command) in commands.iter().enumerate() {
        if commands[..index].contains(command) {
            continue;
        }
        println!("$ {command}");
        // The file is written after each command: the others may take an hour.
        let result = run(command).and_then(|figures| {
            let old = fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
            let new = update(&old, command, &figures, &today())?;
            fs::write(FILE, new).map_err(|error| format!("{FILE}: {error}"))
        });
        if let Err(error) = result {
            eprintln!("error: {error}");
            failed = true;
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs a command as it stands in the table, and collects the figures that it prints.
fn run(command: &str) -> Result<Figures, String> {
    let mut words = command.split(' ').peekable();
    let mut process = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
        process.env(name, value);
        words.next();
    }
    if words.next() != Some("cargo") {
        return Err(format!("no command of cargo: {command}"));
    }
    process.args(words).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).stdout(Stdio::piped());
    let mut child = process.spawn().map_err(|error| error.to_string())?;
    let output = child.stdout.take().ok_or("no output")?;
    let mut figures = Figures::new();
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|error| error.to_string())?;
        println!("{line}");
        if let Some((name, value)) = figure(&line)
            && let Some(other) = figures.insert(name.clone(), value.clone())
            && other != value
        {
            return Err(format!("`{name}` is both `{other}` and `{value}`"));
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(figures) } else { Err(format!("{status}: {command}")) }
}

/// Of a line of output. With one thread, the test's name stands before the figure.
fn figure(line: &str) -> Option<(String, String)> {
    if let Some(passed) = line.strip_prefix("test result: ok. ") {
        // Binaries of other tests, of which the filter has selected none, print such a line too.
        let passed = passed.split(' ').next().filter(|passed| *passed != "0")?;
        return Some(("tests passed".to_owned(), passed.to_owned()));
    }
    let (_, figure) = line.split_once("figure: ")?;
    let (name, value) = figure.rsplit_once(" = ")?;
    Some((name.to_owned(), with_separators(value)))
}

/// `12345` becomes `12,345`.
fn with_separators(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
        let is_fraction = before.ends_with('.');
        out += before;
        for (index, digit) in digits[..end].char_indices() {
            if index > 0 && (end - index).is_multiple_of(3) && !is_fraction {
                out.push(',');
            }
            out.push(digit);
        }
        rest = &digits[end..];
    }
    out + rest
}

/// The file with the rows of this command written anew.
fn update(old: &str, command: &str, figures: &Figures, date: &str) -> Result<String, String> {
    let (before, rest) = old.split_once(BEGIN).ok_or("no begin of the table")?;
    let (table, after) = rest.split_once(END).ok_or("no end of the table")?;
    let mut out = format!("{before}{BEGIN}| what | figure | command | measured |\n|---|---|---|---|\n");
    for row in ROWS {
        let start = format!("| {} |", row.what);
        if row.command == command {
            let figure = fill(row.figure, figures)?;
            let _ = writeln!(out, "{start} {figure} | `{}` | {date} |", row.command);
        } else if let Some(line) = table.lines().find(|line| line.starts_with(&start)) {
            let _ = writeln!(out, "{line}");
        } else {
            let _ = writeln!(out, "{start} not measured yet | `{}` | |", row.command);
        }
    }
    Ok(out + END + after)
}

fn fill(template: &str, figures: &Figures) -> Result<String, String> {
    let mut parts = template.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, text) = part.split_once('}').ok_or("a placeholder without end")?;
        let value = match name.strip_suffix('*') {
            Some(start) => all(start, figures),
            None => figures.get(name).cloned(),
        };
        out += &value.ok_or_else(|| format!("the command prints no figure `{name}`"))?;
        out += text;
    }
    Ok(out)
}

/// Each value once, with the names that have it.
fn all(start: &str, figures: &Figures) -> Option<String> {
    let mut values: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, value) in figures {
        let Some(name) = name.strip_prefix(start) else { continue };
        match values.iter_mut().find(|(other, _)| other == value) {
            Some((_, names)) => names.push(name),
            None => values.push((value, vec![name])),
        }
    }
    let values: Vec<_> = values.iter().map(|(value, names)| format!("{value} ({})", names.join(", "))).collect();
    (!values.is_empty()).then(|| values.join("; "))
}

fn today() -> String {
    let output = Command::new("date").args(["--utc", "+%F"]).output();
    output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        let lines = ["test a ... figure: kept, memory = 6400 of 6400", "figure: kept, redis = 6400 of 6400"];
        lines.into_iter().chain(["figure: kept, files = 1 of 2", "figure: time = 0.9615"]).filter_map(figure).collect()
    }

    #[test]
    fn figures_are_read_from_output() {
        assert_eq!(figures()["kept, memory"], "6,400 of 6,400");
        assert_eq!(figures()["time"], "0.9615");
        assert_eq!(figure("test result: ok. 199 passed; 0 failed;"), Some(("tests passed".into(), "199".into())));
        assert_eq!(figure("test result: ok. 0 passed; 0 failed;"), None);
        assert_eq!(with_separators("1234567 of 12, 0.12345 and 999"), "1,234,567 of 12, 0.12345 and 999");
    }

    #[test]
    fn templates_take_figures_by_name() {
        assert_eq!(fill("{time} of it", &figures()).unwrap(), "0.9615 of it");
        assert_eq!(fill("{kept, *}", &figures()).unwrap(), "1 of 2 (files); 6,400 of 6,400 (memory, redis)");
        assert!(fill("{tim}", &figures()).unwrap_err().contains("`tim`"));
        assert!(fill("{lost, *}", &figures()).is_err());
    }

    #[test]
    fn only_rows_of_the_command_are_written_anew() {
        let (one, other) = (&ROWS[0], ROWS.iter().find(|row| row.command != ROWS[0].command).unwrap());
        let old = format!("a\n{BEGIN}| {} | old | `x` | then |\n| gone | 1 | | |\n{END}b\n", other.what);
        let every = ROWS.iter().flat_map(|row| row.figure.split('{').skip(1)).map(|part| {
            let name = part.split('}').next().unwrap();
            (name.replace('*', "memory"), "7".to_owned())
        });
        let new = update(&old, one.command, &every.collect(), "2026-01-01").unwrap();
        assert!(new.starts_with("a\n") && new.ends_with(&format!("{END}b\n")), "{new}");
        assert!(new.contains(&format!("| {} | old | `x` | then |\n", other.what)), "{new}");
        assert!(new.contains(&format!("| `{}` | 2026-01-01 |\n", one.command)), "{new}");
        assert!(!new.contains("gone"), "{new}");
    }

    /// Else a row is measured that is not shown, or shown under a command that does not measure it.
    #[test]
    fn the_file_has_these_rows_in_this_order() {
        let file = fs::read_to_string(FILE).unwrap();
        let (_, rest) = file.split_once(BEGIN).unwrap();
        let lines: Vec<_> = rest.split_once(END).unwrap().0.lines().skip(2).collect();
        assert_eq!(lines.len(), ROWS.len());
        for (line, row) in lines.iter().zip(ROWS) {
            let command = format!(" | `{}` | ", row.command);
            assert!(line.starts_with(&format!("| {} | ", row.what)) && line.contains(&command), "{line}");
        }
    }
}
