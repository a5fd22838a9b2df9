//! Foreign files in the place of a record, and unsafe folders: they are errors, and are not changed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use session::store::{Destroyed, Store as _, StoreError};
use session::{Clock as _, FileStore, SessionId, SystemClock};
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::servers::TempDir;

use super::{names, store};
use crate::faults::assert_refused;

struct World {
    dir: TempDir,
    store: FileStore,
    client: Client,
    /// The only record.
    path: PathBuf,
    id: SessionId,
    bytes: Vec<u8>,
}

impl World {
    async fn new() -> Self {
        let dir = TempDir::new("hostile");
        let store = store(&dir).await;
        let client = Client::new(app(store.clone()));
        client.get("/visit").await;
        let name = names(&dir).remove(0);
        let id = SessionId::from_bytes(u128::from_str_radix(&name, 16).unwrap().to_be_bytes());
        let path = dir.path().join("sessions").join(name);
        let bytes = fs::read(&path).unwrap();
        Self { dir, store, client, path, id, bytes }
    }

    /// Replaces the record by something else.
    fn plant(&self, put: impl FnOnce(&Path)) {
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_dir(&self.path);
        put(&self.path);
    }

    /// Asserts that the record is corrupt, that the visitor gets a new session, and that the file is not changed.
    async fn assert_unchanged(&self, what: &str) {
        let meta = |path: &Path| {
            let meta = fs::symlink_metadata(path).unwrap();
            (meta.ino(), meta.mode(), meta.size(), meta.mtime_nsec())
        };
        let before = meta(&self.path);
        let loaded = self.store.load(self.id, SystemClock::default().now()).await;
        assert!(matches!(loaded, Err(StoreError::Corrupt(_))), "{what}: {loaded:?}");
        let visitor = Client::new(app(self.store.clone()));
        visitor.set_cookie(self.client.cookie());
        assert_eq!(visitor.get("/visit").await.status, 200, "{what}: a new session");
        assert_ne!(visitor.cookie(), self.client.cookie(), "{what}");
        assert_eq!(self.store.sweep(100, SystemClock::default().now()).await.unwrap(), 0, "{what}");
        assert_eq!(meta(&self.path), before, "{what}: not changed");
    }
}

#[tokio::test]
async fn foreign_file_types_are_corrupt_and_not_changed() {
    let world = World::new().await;
    let precious = world.dir.path().join("precious");
    fs::write(&precious, &world.bytes).unwrap();
    fs::set_permissions(&precious, Permissions::from_mode(0o600)).unwrap();
    world.plant(|path| symlink("/etc/passwd", path).unwrap());
    world.assert_unchanged("a link to a file of the system").await;
    world.plant(|path| symlink(&precious, path).unwrap());
    world.assert_unchanged("a link to a good record").await;
    world.plant(|path| symlink(path, path).unwrap());
    world.assert_unchanged("a link to itself").await;
    world.plant(|path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()));
    world.assert_unchanged("a pipe without a writer").await;
    world.plant(|path| fs::create_dir(path).unwrap());
    world.assert_unchanged("a folder").await;
    let _ = fs::remove_dir(&world.path);
    world.plant(|path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()));
    world.assert_unchanged("a socket").await;
    for mode in [0o666, 0o640, 0o604, 0o620] {
        world.plant(|path| {
            fs::write(path, &world.bytes).unwrap();
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        });
        world.assert_unchanged("a file that others may open").await;
    }
    assert_eq!(fs::read(&precious).unwrap(), world.bytes, "the target of a link is neither written nor removed");
}

#[tokio::test]
async fn foreign_bytes_are_corrupt_and_not_changed() {
    let world = World::new().await;
    let write = |bytes: &[u8]| {
        fs::write(&world.path, bytes).unwrap();
        fs::set_permissions(&world.path, Permissions::from_mode(0o600)).unwrap();
    };
    let [mut high, mut cut, mut longer] = [0; 3].map(|_| world.bytes.clone());
    high[5] ^= 0x80;
    cut.pop();
    longer.push(0);
    for (what, bytes) in [
        ("nothing", &b""[..]),
        ("a byte", b"\xa5"),
        ("one value", &[0xff; 1024]),
        ("text", b"{\"visits\":1}"),
        ("a flipped bit", &high),
        ("a byte too few", &cut),
        ("a byte too many", &longer),
        ("half of it", &world.bytes[..world.bytes.len() / 2]),
        ("many brackets", &[b'['; 1_000_000]),
    ] {
        write(bytes);
        world.assert_unchanged(what).await;
    }
    // A sparse file: no byte of it is on the disk, and none must be read.
    fs::File::options().write(true).open(&world.path).unwrap().set_len(1 << 40).unwrap();
    world.assert_unchanged("a terabyte").await;
    write(&world.bytes);
    assert_eq!(world.client.get("/show").await.text, "nobody 1 0 0 0 0", "the original record is valid");
}

/// A logout removes the name, whatever file it is, and never the target of a link.
#[tokio::test]
async fn destroy_removes_a_link_and_not_its_target() {
    let world = World::new().await;
    let precious = world.dir.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    world.plant(|path| symlink(&precious, path).unwrap());
    assert_eq!(world.store.destroy(world.id, SystemClock::default().now()).await.unwrap(), Destroyed::Existed);
    assert_eq!(world.store.destroy(world.id, SystemClock::default().now()).await.unwrap(), Destroyed::Absent);
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    // A link in the place of the unfinished file is not followed either.
    let unfinished = world.path.with_extension("new");
    fs::write(&world.path, &world.bytes).unwrap();
    fs::set_permissions(&world.path, Permissions::from_mode(0o600)).unwrap();
    symlink(&precious, &unfinished).unwrap();
    assert_eq!(world.client.get("/visit").await.status, 200);
    assert_eq!(world.client.get("/show").await.text, "nobody 2 0 0 0 0");
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    assert!(!unfinished.exists());
}

/// A file of another user, with the right mode. Only root can create one.
#[tokio::test]
async fn a_file_of_another_user_is_corrupt() {
    let world = World::new().await;
    if std::os::unix::fs::chown(&world.path, Some(65_534), None).is_err() {
        return only_root("a file of another user");
    }
    world.assert_unchanged("a file of another user").await;
}

#[tokio::test]
async fn an_unsafe_folder_is_refused_at_the_start() {
    let dir = TempDir::new("hostile");
    let at = |name: &str| dir.path().join(name);
    for mode in [0o755, 0o770, 0o701] {
        fs::create_dir_all(at("open")).unwrap();
        fs::set_permissions(at("open"), Permissions::from_mode(mode)).unwrap();
        assert_misconfigured(&at("open"), "chmod 700").await;
    }
    fs::create_dir(at("real")).unwrap();
    fs::set_permissions(at("real"), Permissions::from_mode(0o700)).unwrap();
    symlink(at("real"), at("link")).unwrap();
    assert_misconfigured(&at("link"), "symbolic link").await;
    fs::write(at("file"), "").unwrap();
    assert_misconfigured(&at("file"), "not a folder").await;
    assert_misconfigured(&at("no/such/parent"), "parent").await;
    symlink(dir.path(), at("real/users")).unwrap();
    assert_misconfigured(&at("real"), "users").await;
    assert_misconfigured(Path::new("/proc/sessions"), "/proc/sessions").await;
}

async fn assert_misconfigured(path: &Path, named: &str) {
    let error = FileStore::open(path).await.unwrap_err();
    assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains(named)), "{}: {error}", path.display());
}

/// If the folder was removed, requests fail: the sessions must not look as if they had ended.
#[tokio::test]
async fn requests_fail_after_the_folder_was_removed() {
    let world = World::new().await;
    fs::remove_dir_all(world.dir.path().join("sessions")).unwrap();
    for path in ["/show", "/visit"] {
        assert_refused(&world.client.get(path).await);
    }
    for path in ["/login/7", "/logout", "/destroy"] {
        assert_refused(&world.client.post(path).await);
    }
    // The store keeps the removed folder open and does not use one that takes its place.
    symlink("/etc", world.dir.path().join("sessions")).unwrap();
    assert_refused(&world.client.get("/visit").await);
}

/// On a full disk writes fail, records stay unchanged, and a logout works.
#[tokio::test]
async fn on_a_full_disk_writes_fail_and_logouts_work() {
    let dir = TempDir::new("hostile");
    let Some(disk) = SmallDisk::mount(dir.path()) else {
        return only_root("a full disk");
    };
    let client = Client::new(app(store(&dir).await));
    let other = client.at(app(store(&dir).await));
    client.get("/visit").await;
    let leaving = Client::new(app(store(&dir).await));
    leaving.post("/login/7").await;
    let filler = dir.path().join("filler");
    let mut room = fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut room, &[1; 512]).is_ok() {}
    drop(room);
    assert_refused(&client.get("/visit").await);
    assert_refused(&Client::new(app(store(&dir).await)).get("/visit").await);
    assert_eq!(other.get("/show").await.text, "nobody 1 0 0 0 0", "the old record is complete");
    assert!(names(&dir).iter().all(|name| !name.ends_with(".new")), "no unfinished files: {:?}", names(&dir));
    assert_eq!(leaving.post("/destroy").await.status, 200);
    fs::remove_file(filler).unwrap();
    assert_eq!(client.get("/visit").await.status, 200);
    assert_eq!(other.get("/show").await.text, "nobody 2 0 0 0 0");
    drop(disk);
}

/// What is no file of the store stays, and keeps nothing else from being removed.
#[tokio::test]
async fn stray_folders_do_not_stop_the_sweep() {
    let dir = TempDir::new("file");
    let open = store(&dir).await;
    for _ in 0..5 {
        Client::new(app(open.clone())).post("/login/7").await;
    }
    let sessions = dir.path().join("sessions");
    let stray = |name: String| {
        fs::create_dir_all(sessions.join(name)).unwrap();
    };
    for digit in ['0', '7', 'f'] {
        let name = digit.to_string().repeat(32);
        stray(format!("{name}.new/within"));
        stray(format!("{name}/within"));
        stray(format!("users/{name}/{name}/within"));
        stray(format!("users/{}/{name}/within", name.repeat(2)));
    }
    let late = SystemClock::default().now().saturating_add(std::time::Duration::from_hours(99));
    assert_eq!(open.sweep(100, late).await.unwrap(), 5);
    assert_eq!(names(&dir).len(), 6, "the stray folders stay: {:?}", names(&dir));
}

/// Some tests need root. They are skipped for other users, except in CI, where they must run.
fn only_root(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "only root can try {what}, and CI must");
    println!("not root: {what} was not tried");
}

/// A file system of 128 KiB.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=128k", "tmpfs"]).arg(at);
        let mounted = command.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
