//! [`Folder`]: the files of one folder, with atomic operations on them.
//!
//! All operations go through the folder's open descriptor: replacing the folder by another one, or by a link, has no
//! effect on them. The last component of a path is never followed if it is a link. A file is read only if it is a
//! regular file with mode 0600 that belongs to this user.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::base::error::Corrupt;
use crate::port::StoreError;

/// The suffix of a record's name while it is being written.
pub(super) const UNFINISHED: &str = ".new";

const FILE_MODE: Mode = Mode::from_raw_mode(0o600);
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o700);
/// The permissions of group and others.
const OTHERS: rustix::fs::RawMode = 0o077;
/// No store writes a longer file: the largest `max_bytes` is 16 MiB.
const MAX_LENGTH: u64 = 17 << 20;
const MIN_PAUSE: Duration = Duration::from_micros(100);
const MAX_PAUSE: Duration = Duration::from_millis(2);

/// A folder, by its open descriptor.
pub(super) struct Folder(File);

impl Folder {
    /// Opens the folder at `path`, and creates it if it does not exist.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::prepare(rustix::fs::CWD, path).map_err(|what| misconfigured(path, &what))
    }

    /// As [`open`](Self::open), for the folder `name` in this one, whose path is `path`.
    pub(super) fn open_subfolder(&self, name: &str, path: &Path) -> Result<Self, StoreError> {
        Self::prepare(&self.0, Path::new(name)).map_err(|what| misconfigured(&path.join(name), &what))
    }

    /// Opens or creates the folder. The error is the reason in words.
    fn prepare(at: impl AsFd, path: &Path) -> Result<Self, String> {
        let in_words = |error: Errno| io::Error::from(error).to_string();
        match rustix::fs::mkdirat(&at, path, FOLDER_MODE) {
            Ok(()) | Err(Errno::EXIST) => {},
            Err(error) => return Err(in_words(error)),
        }
        let folder = match open_folder(&at, path) {
            Ok(folder) => folder,
            Err(Errno::LOOP | Errno::NOTDIR) => {
                return Err("it is not a folder, or it is a symbolic link, which is not followed".into());
            },
            Err(error) => return Err(in_words(error)),
        };
        let stat = rustix::fs::fstat(&folder.0).map_err(in_words)?;
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err("it belongs to another user".into());
        }
        if stat.st_mode & OTHERS != 0 {
            return Err("group or others have access to it; use `chmod 700`".into());
        }
        Ok(folder)
    }

    /// The folder `name` in this one, if it exists.
    pub(super) fn subfolder(&self, name: &str) -> Result<Option<Self>, StoreError> {
        match open_folder(&self.0, name) {
            Ok(folder) => Ok(Some(folder)),
            Err(Errno::NOENT) => self.absent(),
            Err(error) => Err(failed(error)),
        }
    }

    /// The folder `name` in this one, created if it does not exist. `None` if it was removed again at once.
    pub(super) fn create_subfolder(&self, name: &str) -> Result<Option<Self>, StoreError> {
        match rustix::fs::mkdirat(&self.0, name, FOLDER_MODE) {
            Ok(()) | Err(Errno::EXIST) => self.subfolder(name),
            Err(error) => Err(failed(error)),
        }
    }

    /// The content of the file `name`, if it exists.
    pub(super) fn read(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        // Without `NONBLOCK`, opening a pipe would wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return self.absent(),
            Err(Errno::LOOP | Errno::NXIO) => {
                return Err(Corrupt::new("a link or a socket is in the place of the record").into());
            },
            Err(error) => return Err(failed(error)),
        };
        let stat = rustix::fs::fstat(&file).map_err(failed)?;
        let length = trusted_length(&stat)?;
        let mut bytes = Vec::with_capacity(length);
        file.read_to_end(&mut bytes).map_err(StoreError::unavailable)?;
        Ok(Some(bytes.into()))
    }

    /// Replaces the file `name` by one with these bytes. Every reader sees either the old file or the new one, whole,
    /// and so does the next process after a power failure.
    ///
    /// The caller holds the lock of `name`, because the unfinished file has a fixed name.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let unfinished = format!("{name}{UNFINISHED}");
        let _ = self.remove(&unfinished)?;
        // Until the unfinished file is renamed, the old one is in place.
        let written = self
            .new_file(&unfinished, bytes)
            .map_err(refused)
            .and_then(|()| rustix::fs::renameat(&self.0, &*unfinished, &self.0, name).map_err(change_failed));
        if let Err(error) = written {
            let _ = self.remove(&unfinished);
            return Err(error);
        }
        self.sync()
    }

    /// Removes the file `name`, and returns whether it existed. Of a link, the link itself is removed.
    pub(super) fn remove(&self, name: &str) -> Result<bool, StoreError> {
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(self.absent::<()>()?.is_some()),
            Err(Errno::ISDIR | Errno::PERM) => Err(Corrupt::new("a folder is in the place of the record").into()),
            Err(error) => Err(change_failed(error)),
        }
    }

    /// Removes the folder `name`, if it is empty.
    pub(super) fn remove_empty(&self, name: &str) {
        let _ = rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR);
    }

    /// Creates an empty file. `None` if this folder was removed in the meantime.
    pub(super) fn create_empty(&self, name: &str) -> Result<Option<()>, StoreError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.0, name, flags, FILE_MODE) {
            Ok(_) => Ok(Some(())),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Calls `visit` with each name in the folder, in no particular order, until it returns `false`.
    pub(super) fn for_each_name(&self, mut visit: impl FnMut(&str) -> bool) -> Result<(), StoreError> {
        for entry in Dir::read_from(&self.0).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if let Ok(name) = entry.file_name().to_str()
                && !visit(name)
            {
                break;
            }
        }
        Ok(())
    }

    /// Flushes the folder, so that created, renamed and removed names survive a power failure.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        // The names have changed already; whether the change is durable is not known.
        self.0.sync_all().map_err(StoreError::unknown)
    }

    /// Waits at most `deadline` for the lock file `name`. The lock is held until the returned file is dropped, or the
    /// process ends.
    pub(super) fn lock(&self, name: &str, deadline: Duration) -> Result<File, StoreError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.0, name, flags, FILE_MODE).map_err(failed)?);
        let (mut waited, mut pause) = (Duration::ZERO, MIN_PAUSE);
        // Not `File::lock`: it has no deadline, and would wait for ever for a process that was stopped.
        while waited < deadline {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => std::thread::sleep(pause),
                Err(TryLockError::Error(error)) => return Err(StoreError::unavailable(error)),
            }
            waited += pause;
            pause = (pause * 2).min(MAX_PAUSE);
        }
        Err(StoreError::unavailable(format!(
            "FileStore: another process held `{name}` for longer than the deadline of {deadline:?}"
        )))
    }

    fn new_file(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&self.0, name, flags, FILE_MODE)?);
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// `None`, for a name that does not exist; an error if the reason is that the folder itself was removed.
    fn absent<T>(&self) -> Result<Option<T>, StoreError> {
        match rustix::fs::fstat(&self.0) {
            Ok(stat) if stat.st_nlink > 0 => Ok(None),
            Ok(_) => Err(StoreError::unavailable(
                "FileStore: the session folder was removed while it was in use; restart the server",
            )),
            Err(error) => Err(failed(error)),
        }
    }
}

fn misconfigured(path: &Path, what: &str) -> StoreError {
    StoreError::Misconfigured(format!("session folder {}: {what}", path.display()))
}

fn open_folder(at: impl AsFd, path: impl rustix::path::Arg) -> Result<Folder, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(at, path, flags, Mode::empty()).map(|folder| Folder(folder.into()))
}

/// The length of a file that only a store of this user can have written.
fn trusted_length(stat: &Stat) -> Result<usize, Corrupt> {
    let length = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        Err(Corrupt::new("it is not a regular file"))
    } else if stat.st_uid != rustix::process::geteuid().as_raw() {
        Err(Corrupt::new("the file belongs to another user"))
    } else if stat.st_mode & OTHERS != 0 {
        Err(Corrupt::new("group or others have access to the file"))
    } else if length > MAX_LENGTH {
        Err(Corrupt::new("the file is larger than any record"))
    } else {
        Ok(usize::try_from(length).unwrap_or_default())
    }
}

fn failed(error: Errno) -> StoreError {
    StoreError::unavailable(io::Error::from(error))
}

/// The error of an operation that leaves the record as it was.
fn refused(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::full(error),
        _ => StoreError::unavailable(error),
    }
}

/// The error of a name that could not be changed. Those that are not listed, such as an I/O error, leave open whether
/// it was.
fn change_failed(error: Errno) -> StoreError {
    let is_refused = matches!(
        error,
        Errno::ACCESS
            | Errno::BUSY
            | Errno::DQUOT
            | Errno::ISDIR
            | Errno::LOOP
            | Errno::MLINK
            | Errno::NAMETOOLONG
            | Errno::NOENT
            | Errno::NOMEM
            | Errno::NOSPC
            | Errno::NOTDIR
            | Errno::PERM
            | Errno::ROFS
    );
    let error = io::Error::from(error);
    if is_refused { refused(error) } else { StoreError::unknown(error) }
}
