//! Temporary files and folders beside outputs, and the removal of those that a killed process has left, or that this one would
//! leave when it ends at once.
//!
//! Whoever makes one holds a lock on it until it is gone or renamed, which the system takes away with the process. So one that
//! nobody holds is a leftover. Another process may find a new one before it is locked: then it is made again.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::{Builder, NamedTempFile, TempDir};

/// How their names begin.
const PREFIX: &str = ".otinterp-tmp-";
/// Each attempt fails only if another process sweeps in the instant between two system calls.
const ATTEMPTS: usize = 16;
/// Of a folder that its user alone looks into.
const PRIVATE_MODE: u32 = 0o700;

/// What stands on the disk, and whether it goes only if it is empty, in the order in which it was made.
static STANDING: Mutex<Vec<(PathBuf, bool)>> = Mutex::new(Vec::new());

/// A file or folder that is to be removed if the process ends before this is dropped.
#[derive(Debug)]
pub struct Standing(PathBuf);

impl Standing {
    /// A file, or a folder with all in it.
    pub fn at(path: &Path) -> Self {
        Self::new(path, false)
    }

    /// A folder, which goes only if it is empty.
    pub fn empty(folder: &Path) -> Self {
        Self::new(folder, true)
    }

    fn new(path: &Path, if_empty: bool) -> Self {
        let mut all = STANDING.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((path.to_owned(), if_empty));
        Self(path.to_owned())
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        let mut all = STANDING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = all.iter().rposition(|(path, _)| *path == self.0) {
            all.remove(at);
        }
    }
}

/// Removes all that is [`Standing`], what was made last first, of a process that ends at once.
pub fn remove_all() {
    let all = STANDING.lock().unwrap_or_else(PoisonError::into_inner);
    for (path, if_empty) in all.iter().rev() {
        // What cannot be removed is in nobody's way but the disk's.
        let _ = match (if_empty, path.is_dir()) {
            (true, _) => fs::remove_dir(path),
            (false, true) => fs::remove_dir_all(path),
            (false, false) => fs::remove_file(path),
        };
    }
}

/// A temporary file, removed when dropped.
#[derive(Debug)]
pub struct Temporary {
    /// The file.
    pub file: NamedTempFile,
    /// Ends when it is renamed or gone.
    pub standing: Standing,
}

/// A file with a name of chance that ends in `suffix`, of this mode before the user's mask; removed when dropped.
/// Fails with what the system says.
pub fn file_in(folder: &Path, suffix: &str, mode: u32) -> io::Result<Temporary> {
    sweep(folder);
    let builder = builder(suffix, mode);
    for _ in 0..ATTEMPTS {
        let file = builder.tempfile_in(folder)?;
        if is_held(file.as_file(), file.path())? {
            let standing = Standing::at(file.path());
            return Ok(Temporary { file, standing });
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// A folder that only its user can look into, removed with all in it when dropped.
#[derive(Debug)]
pub struct Folder {
    folder: TempDir,
    _held: Option<File>,
    _standing: Standing,
}

impl Folder {
    /// In `place`. Fails with what the system says.
    pub fn create_in(place: &Path) -> io::Result<Self> {
        sweep(place);
        let builder = builder("", PRIVATE_MODE);
        for _ in 0..ATTEMPTS {
            let folder = builder.tempdir_in(place)?;
            // Not all systems open folders.
            let held = File::open(folder.path()).ok();
            let is_ours = match &held {
                Some(file) => is_held(file, folder.path())?,
                None => cfg!(not(unix)),
            };
            if is_ours {
                return Ok(Self {
                    _standing: Standing::at(folder.path()),
                    folder,
                    _held: held,
                });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn builder(suffix: &str, mode: u32) -> Builder<'static, '_> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(suffix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

/// Locks what was just made; whether it still stands under its name then.
fn is_held(file: &File, path: &Path) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => is_at(file, path),
        Err(TryLockError::WouldBlock) => Ok(false),
        // A file system without locks, on which nobody sweeps.
        Err(TryLockError::Error(_)) => Ok(true),
    }
}

/// Whether an open file is the one under this name.
#[cfg(unix)]
pub fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    let named = path.symlink_metadata();
    Ok(named.is_ok_and(|named| (named.dev(), named.ino()) == (open.dev(), open.ino())))
}

#[cfg(not(unix))]
pub fn is_at(_file: &File, path: &Path) -> io::Result<bool> {
    Ok(path.exists())
}

/// Removes leftovers of killed processes, once for each folder.
pub fn sweep(folder: &Path) {
    static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if !swept.insert(folder.to_owned()) {
        return;
    }
    drop(swept);
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            // What cannot be removed is in nobody's way but the disk's.
            let _ = remove_leftover(&entry.path());
        }
    }
}

fn remove_leftover(path: &Path) -> io::Result<()> {
    let kind = path.symlink_metadata()?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Ok(());
    }
    let file = File::open(path)?;
    if file.try_lock().is_err() {
        return Ok(());
    }
    match kind.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_removed_and_all_else_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let file = file_in(dir.path(), ".png", 0o600).unwrap();
        let folder = Folder::create_in(dir.path()).unwrap();
        for name in [".otinterp-tmp-left.mp4", ".otinterp-mine", "a.png"] {
            fs::write(at(name), "x").unwrap();
        }
        fs::create_dir(at(".otinterp-tmp-images")).unwrap();
        fs::write(at(".otinterp-tmp-images/1.png"), "x").unwrap();
        std::os::unix::fs::symlink(at("a.png"), at(".otinterp-tmp-link")).unwrap();
        // Under another name of the folder, which this process has not swept yet.
        sweep(&at("../").join(dir.path().file_name().unwrap()));
        for name in [".otinterp-tmp-left.mp4", ".otinterp-tmp-images"] {
            assert!(!at(name).exists(), "{name}");
        }
        for name in [".otinterp-mine", "a.png", ".otinterp-tmp-link"] {
            assert!(at(name).exists(), "{name}");
        }
        assert!(file.file.path().exists() && folder.path().exists());
        let mode = std::os::unix::fs::PermissionsExt::mode;
        assert_eq!(
            mode(&folder.path().metadata().unwrap().permissions()) & 0o777,
            0o700
        );
    }
}
