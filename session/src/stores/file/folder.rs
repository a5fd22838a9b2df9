//! [`Folder`]: names in one folder, and what is done with them as a whole or not at all.
//!
//! Everything goes through the folder's open descriptor: whoever puts another folder or a link in its place reaches nothing. No last
//! component is followed either, and what is not a plain file of ours with mode 0600 is not read.

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

/// Added to the name of a record that is being written.
pub(super) const UNFINISHED: &str = ".new";

const SHUT: Mode = Mode::from_raw_mode(0o600);
const SHUT_FOLDER: Mode = Mode::from_raw_mode(0o700);
const OTHERS: rustix::fs::RawMode = 0o077;
/// Nothing that a store has written is longer.
const LONGEST: u64 = 17 << 20;
const SHORTEST_PAUSE: Duration = Duration::from_micros(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(2);

pub(super) struct Folder(File);

impl Folder {
    /// Opens the folder at `path`, and makes it if it is not there.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::prepare(rustix::fs::CWD, path).map_err(|what| misfit(path, &what))
    }

    /// As [`open`](Self::open), for the folder `name` in this one, which is at `path`.
    pub(super) fn open_inner(&self, name: &str, path: &Path) -> Result<Self, StoreError> {
        Self::prepare(&self.0, Path::new(name)).map_err(|what| misfit(&path.join(name), &what))
    }

    /// Answers what is wrong with it, in words.
    fn prepare(at: impl AsFd, path: &Path) -> Result<Self, String> {
        let told = |error: Errno| io::Error::from(error).to_string();
        match rustix::fs::mkdirat(&at, path, SHUT_FOLDER) {
            Ok(()) | Err(Errno::EXIST) => {},
            Err(error) => return Err(told(error)),
        }
        let folder = match open_folder(&at, path) {
            Ok(folder) => folder,
            Err(Errno::LOOP | Errno::NOTDIR) => return Err("not a folder; a symbolic link is not followed".into()),
            Err(error) => return Err(told(error)),
        };
        let stat = rustix::fs::fstat(&folder.0).map_err(told)?;
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err("it belongs to another user".into());
        }
        if stat.st_mode & OTHERS != 0 {
            return Err("others than its owner may enter it; use `chmod 700`".into());
        }
        Ok(folder)
    }

    /// The folder `name` in this one, if it is there.
    pub(super) fn inner(&self, name: &str) -> Result<Option<Self>, StoreError> {
        match open_folder(&self.0, name) {
            Ok(folder) => Ok(Some(folder)),
            Err(Errno::NOENT) => self.absent(),
            Err(error) => Err(failed(error)),
        }
    }

    /// The folder `name` in this one, made if it is not there.
    pub(super) fn make_inner(&self, name: &str) -> Result<Option<Self>, StoreError> {
        match rustix::fs::mkdirat(&self.0, name, SHUT_FOLDER) {
            Ok(()) | Err(Errno::EXIST) => self.inner(name),
            Err(error) => Err(failed(error)),
        }
    }

    /// All of the file `name`.
    pub(super) fn read(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        // Without `NONBLOCK`, to open a pipe is to wait for who writes into it.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return self.absent(),
            Err(Errno::LOOP | Errno::NXIO) => return Err(Corrupt::new("a link or a socket in a record's place").into()),
            Err(error) => return Err(failed(error)),
        };
        let stat = rustix::fs::fstat(&file).map_err(failed)?;
        let length = trusted(&stat)?;
        let mut bytes = Vec::with_capacity(length);
        file.read_to_end(&mut bytes).map_err(StoreError::unavailable)?;
        Ok(Some(bytes.into()))
    }

    /// Puts a file with these bytes in the place of `name`, so that every reader sees all of the one or all of the other,
    /// and a power failure leaves one of them.
    ///
    /// Only under the lock of `name`, for the unfinished file has one name.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let unfinished = format!("{name}{UNFINISHED}");
        let _ = self.remove(&unfinished)?;
        let placed = self
            .new_file(&unfinished, bytes)
            .and_then(|()| rustix::fs::renameat(&self.0, &*unfinished, &self.0, name).map_err(io::Error::from));
        if let Err(error) = placed {
            let _ = self.remove(&unfinished);
            return Err(StoreError::unavailable(error));
        }
        self.sync()
    }

    /// Removes the file `name`, and answers whether it was there. A link is removed, not what it names.
    pub(super) fn remove(&self, name: &str) -> Result<bool, StoreError> {
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(self.absent::<()>()?.is_some()),
            Err(Errno::ISDIR | Errno::PERM) => Err(Corrupt::new("a folder in a record's place").into()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Removes the folder `name`, if it is empty.
    pub(super) fn remove_empty(&self, name: &str) {
        let _ = rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR);
    }

    /// Makes an empty file. `None` if this folder was removed meanwhile.
    pub(super) fn mark(&self, name: &str) -> Result<Option<()>, StoreError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.0, name, flags, SHUT) {
            Ok(_) => Ok(Some(())),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Calls `see` with each name in the folder, in no order, until it answers `false`.
    pub(super) fn each(&self, mut see: impl FnMut(&str) -> bool) -> Result<(), StoreError> {
        for entry in Dir::read_from(&self.0).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if let Ok(name) = entry.file_name().to_str()
                && !see(name)
            {
                break;
            }
        }
        Ok(())
    }

    /// Makes the changes of names survive a power failure.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        // The names have changed already: whether they stay so is not known.
        self.0.sync_all().map_err(StoreError::unknown)
    }

    /// Waits for the lock `name`, for this long at most; it is held until the file is dropped, or the process ends.
    pub(super) fn lock(&self, name: &str, deadline: Duration) -> Result<File, StoreError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.0, name, flags, SHUT).map_err(failed)?);
        let (mut waited, mut pause) = (Duration::ZERO, SHORTEST_PAUSE);
        // Not `lock`, which waits for ever for a process that was stopped, and keeps ours from ending.
        while waited < deadline {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => std::thread::sleep(pause),
                Err(TryLockError::Error(error)) => return Err(StoreError::unavailable(error)),
            }
            waited += pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Err(StoreError::unavailable("another process holds the lock of the session's file"))
    }

    fn new_file(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&self.0, name, flags, SHUT)?);
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Nothing by that name; an error if that is because there is no folder any more.
    fn absent<T>(&self) -> Result<Option<T>, StoreError> {
        match rustix::fs::fstat(&self.0) {
            Ok(stat) if stat.st_nlink > 0 => Ok(None),
            Ok(_) => Err(StoreError::unavailable("the session folder was removed while it was in use")),
            Err(error) => Err(failed(error)),
        }
    }
}

fn misfit(path: &Path, what: &str) -> StoreError {
    StoreError::Misconfigured(format!("session folder {}: {what}", path.display()))
}

fn open_folder(at: impl AsFd, path: impl rustix::path::Arg) -> Result<Folder, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(at, path, flags, Mode::empty()).map(|folder| Folder(folder.into()))
}

/// The length of a file that can only be one of ours.
fn trusted(stat: &Stat) -> Result<usize, Corrupt> {
    let length = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        Err(Corrupt::new("not a file"))
    } else if stat.st_uid != rustix::process::geteuid().as_raw() {
        Err(Corrupt::new("the file belongs to another user"))
    } else if stat.st_mode & OTHERS != 0 {
        Err(Corrupt::new("the file is open to others than its owner"))
    } else if length > LONGEST {
        Err(Corrupt::new("the file is larger than any record"))
    } else {
        Ok(usize::try_from(length).unwrap_or_default())
    }
}

fn failed(error: Errno) -> StoreError {
    StoreError::unavailable(io::Error::from(error))
}
