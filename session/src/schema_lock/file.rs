//! The lock file in the file system.

use std::path::Path;
use std::{fs, io};

use crate::data::lock_grammar::{Release, parse};

/// The text of the file; `None` if it cannot be read.
pub(super) fn read(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok()
}

/// Replaces the file as a whole, so that a reader never sees a part of it.
pub(super) fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = file.with_extension("lock.new");
    fs::write(&new, text)?;
    fs::rename(new, file)
}

/// Explains why a session type has no lock although others in the same folder have one: it is new, it was renamed, or
/// its file was deleted.
pub(super) fn check_presence(file: &Path, path: &str, name: &str) -> Result<(), String> {
    if file.exists() {
        return Ok(());
    }
    let entries = file.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let locks = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "lock"));
    let mut others: Vec<_> = locks.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    others.sort_unstable();
    Err(format!(
        "session `{name}` has no lock: there is no {path}, but there are locks of {}\n\
         if the struct was renamed, its sessions are stored under the old name: write `#[session(name = \"{}\")]`\n\
         if the struct is new, run `SESSION_LOCK=write cargo test`\n\
         if the file was deleted, restore it\n\
         if no session of this type lives longer than a release, write `#[session(lock = off)]`",
        others.join(", "),
        others.first().map_or("old_name", String::as_str),
    ))
}

/// Checks that `releases` contains every release of the lock in `folder`, unchanged. `SESSION_LOCK_AGAINST` names that
/// folder: the locks of the main branch, for example.
pub(super) fn check_against_main(
    releases: &[Release<'_>],
    file: &Path,
    folder: &Path,
    name: &str,
) -> Result<(), String> {
    let Some(file_name) = file.file_name() else { return Ok(()) };
    if !folder.is_dir() {
        return Err(format!("SESSION_LOCK_AGAINST={}: there is no such folder", folder.display()));
    }
    let main_file = folder.join(file_name);
    let Some(text) = read(&main_file) else { return Ok(()) };
    let on_main =
        parse(&text, name).map_err(|damage| format!("{}:{}: {}", main_file.display(), damage.line, damage.message))?;
    for main in on_main {
        let is_unchanged = releases.iter().any(|own| own.version == main.version && own.facts == main.facts);
        if !is_unchanged {
            return Err(format!(
                "{}: version {} was released, but is changed or missing here",
                file.display(),
                main.version
            ));
        }
    }
    Ok(())
}
