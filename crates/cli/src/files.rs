//! Output files: written beside their final name, renamed when whole.

use crate::temporary::{self, Standing};
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::{NamedTempFile, TempPath};

/// A file that takes its final name only when [`PendingFile::commit`] is called.
///
/// Until then it lies under a hidden name in the same folder, and it is removed when dropped. So
/// an error, a panic or Ctrl-C never leaves a broken file under the final name. What a killed process leaves is removed by
/// the next one that writes into the folder ([`temporary`]).
#[derive(Debug)]
pub struct PendingFile {
    file: NamedTempFile,
    target: PathBuf,
    overwrite: bool,
    /// The file that is to be replaced.
    replaced: Option<Box<Metadata>>,
    /// Where it lies in no folder that is removed as a whole.
    _standing: Option<Standing>,
}

impl PendingFile {
    /// Opens a pending file for `target`, whose folder must exist.
    ///
    /// The hidden name keeps the extension of `target`, from which FFmpeg takes the container.
    /// Fails as [`refuse_taken`]; else with the error of the system.
    pub fn create(target: &Path, overwrite: bool) -> io::Result<Self> {
        let target = writable(target, overwrite)?;
        let replaced = target.metadata().ok().map(Box::new);
        // Who could not read the old file reads nothing of the new one while it is made.
        let mode = replaced
            .as_ref()
            .map_or(DEFAULT_MODE, |file| mode_of(file) | OWNER_WRITES);
        let extension = target.extension().map(|e| e.to_string_lossy());
        let suffix = extension.map_or_else(String::new, |e| format!(".{e}"));
        let folder = folder_of(&target);
        let made = temporary::file_in(folder, &suffix, mode);
        let made = made.map_err(|e| cannot_create_in(folder, &e))?;
        Ok(Self {
            file: made.file,
            _standing: Some(made.standing),
            replaced,
            target,
            overwrite,
        })
    }

    /// A file that `open` finds or makes under a path in the same file system as `target`, whose name it is to take.
    pub fn adopt(
        path: &Path,
        open: impl FnOnce(&Path) -> io::Result<File>,
        target: &Path,
        overwrite: bool,
    ) -> io::Result<Self> {
        let target = writable(target, overwrite)?;
        let (file, path) = (open(path)?, TempPath::try_from_path(path)?);
        Ok(Self {
            file: NamedTempFile::from_parts(file, path),
            _standing: None,
            replaced: target.metadata().ok().map(Box::new),
            target,
            overwrite,
        })
    }

    /// Where the bytes go for now.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The open file.
    pub fn file_mut(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Gives the file its final name, once all its bytes are on the disk. A file that it replaces leaves it its mode and, as
    /// far as the system lets it, its owner.
    /// Fails with `AlreadyExists` if the name was taken meanwhile and may not be overwritten; else what the
    /// system says. The pending file is removed in either case.
    pub fn commit(self) -> io::Result<()> {
        let folder = folder_of(&self.target).to_owned();
        self.rename()?;
        sync_folder(&folder)
    }

    /// The same for one of many files, whose folder is put on the disk after the last.
    pub fn rename(self) -> io::Result<()> {
        if let Some(replaced) = &self.replaced {
            take_over(replaced, self.file.as_file())?;
        }
        // A rename may reach the disk before the bytes do.
        self.file.as_file().sync_all()?;
        match self.overwrite {
            true => self.file.persist(&self.target),
            false => self.file.persist_noclobber(&self.target),
        }
        .map_err(|e| e.error)?;
        Ok(())
    }
}

/// Of a new file, before the user's mask.
const DEFAULT_MODE: u32 = 0o666;
/// Its owner may write a file, however it was, until it is whole.
const OWNER_WRITES: u32 = 0o200;

/// The permission bits. Those that make a program run as its owner are none: writing takes them away.
#[cfg(unix)]
fn mode_of(file: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    file.permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode_of(_file: &Metadata) -> u32 {
    DEFAULT_MODE
}

#[cfg(unix)]
fn take_over(replaced: &Metadata, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let now = file.metadata()?;
    if (now.uid(), now.gid()) != (replaced.uid(), replaced.gid()) {
        // Only the superuser can give a file away, and then the mode counts for the new owner.
        let _ = fchown(file, Some(replaced.uid()), Some(replaced.gid()));
    }
    file.set_permissions(fs::Permissions::from_mode(mode_of(replaced)))
}

#[cfg(not(unix))]
fn take_over(_replaced: &Metadata, _file: &File) -> io::Result<()> {
    Ok(())
}

/// The file that a name stands for, links followed, also where the last one leads to no file yet.
/// Fails after [`MOST_LINKS`].
pub fn resolve(target: &Path) -> io::Result<PathBuf> {
    let mut path = target.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(to) => path = folder_of(&path).join(to),
            // No link.
            Err(_) => return Ok(path.canonicalize().unwrap_or(path)),
        }
    }
    Err(io::Error::other("its links lead to one another"))
}

/// As many as Linux follows (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// The file that `target` stands for, if it may be written.
fn writable(target: &Path, overwrite: bool) -> io::Result<PathBuf> {
    refuse_taken(target, overwrite)?;
    resolve(target)
}

/// What tells one file from another, whatever its names.
#[cfg(unix)]
type FileId = (u64, u64);
#[cfg(not(unix))]
type FileId = PathBuf;

#[cfg(unix)]
fn id_of(path: &Path) -> io::Result<FileId> {
    use std::os::{fd::AsFd, unix::fs::MetadataExt};
    let file = match path.as_os_str() == "-" {
        // Standard input may be a file.
        true => File::from(io::stdin().as_fd().try_clone_to_owned()?).metadata(),
        false => path.metadata(),
    };
    file.map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn id_of(path: &Path) -> io::Result<FileId> {
    path.canonicalize()
}

/// Files that this process reads.
static INPUTS: Mutex<Vec<FileId>> = Mutex::new(Vec::new());

/// From now on these files, `-` for standard input, are inputs: no output of this process takes the place of one, under
/// whatever name. Those that are not there are passed over.
pub fn protect<'a>(inputs: impl IntoIterator<Item = &'a Path>) {
    let ids = inputs.into_iter().filter_map(|input| id_of(input).ok());
    let mut all = INPUTS.lock().unwrap_or_else(PoisonError::into_inner);
    all.extend(ids);
}

fn is_input(target: &Path) -> bool {
    let all = INPUTS.lock().unwrap_or_else(PoisonError::into_inner);
    id_of(target).is_ok_and(|id| all.contains(&id))
}

/// Puts the names in a folder on the disk, where the system can.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = or_here(folder);
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Not all systems and file systems can.
        Err(e) if matches!(e.kind(), InvalidInput | PermissionDenied | Unsupported) => Ok(()),
        synced => synced,
    }
}

/// Whether a file may be written under this name; to be asked before the work starts.
/// Fails with `IsADirectory` for a folder; `InvalidInput` for a device or a named pipe, which a rename would
/// replace, and for an input ([`protect`]); `AlreadyExists` for a file or a link unless `overwrite`.
pub fn refuse_taken(target: &Path, overwrite: bool) -> io::Result<()> {
    let error = match (target.metadata(), target.symlink_metadata()) {
        (Ok(meta), _) if meta.is_dir() => (io::ErrorKind::IsADirectory, "it is a folder"),
        (Ok(meta), _) if !meta.is_file() => (
            io::ErrorKind::InvalidInput,
            "it is not a regular file; -o - writes to standard output",
        ),
        (Ok(_), _) if is_input(target) => (
            io::ErrorKind::InvalidInput,
            "it is an input of this run; an output needs another name",
        ),
        (Ok(_), _) if !overwrite => (
            io::ErrorKind::AlreadyExists,
            "it exists already; -y overwrites",
        ),
        (Err(_), Ok(_)) if !overwrite => (
            io::ErrorKind::AlreadyExists,
            "it is a link to a file that is not there; -y makes that",
        ),
        _ => return Ok(()),
    };
    Err(io::Error::new(error.0, error.1))
}

/// A folder for output. Those of its levels that were made for it go again if they are still empty
/// when it is dropped, so a run that fails before its first file leaves nothing behind.
#[derive(Debug)]
pub struct OutputFolder {
    /// Levels made here, deepest first.
    made: Vec<PathBuf>,
    _standing: Vec<Standing>,
}

impl OutputFolder {
    /// Makes a folder, with the folders that it lies in, or takes an existing one.
    /// Fails with `NotADirectory` if a file has its name or that of a folder above it; else the error of the system.
    pub fn create(path: &Path) -> io::Result<Self> {
        let missing = path
            .ancestors()
            .take_while(|level| !level.as_os_str().is_empty() && !level.exists());
        let made: Vec<PathBuf> = missing.map(Path::to_owned).collect();
        let folder = Self {
            _standing: made
                .iter()
                .rev()
                .map(|level| Standing::empty(level))
                .collect(),
            made,
        };
        fs::create_dir_all(path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                io::Error::new(io::ErrorKind::NotADirectory, "a file is in its way")
            }
            _ => e,
        })?;
        Ok(folder)
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        for level in &self.made {
            // Refused unless it is empty, which is what is wanted.
            if fs::remove_dir(level).is_err() {
                break;
            }
        }
    }
}

/// The folder that a file lies in.
pub fn folder_of(target: &Path) -> &Path {
    or_here(target.parent().unwrap_or(Path::new("")))
}

fn or_here(folder: &Path) -> &Path {
    match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    }
}

/// The system's own words name the hidden file, which means nothing to the user.
pub fn cannot_create_in(folder: &Path, error: &io::Error) -> io::Error {
    let shown = or_here(folder).display();
    let text = match error.kind() {
        io::ErrorKind::NotFound => format!("there is no folder {shown}"),
        io::ErrorKind::PermissionDenied => format!("the folder {shown} cannot be written to"),
        kind => format!("no file can be made in {shown}: {kind}"),
    };
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn nothing_is_left_behind_without_commit() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.png");
        let mut pending = PendingFile::create(&target, false).unwrap();
        pending.file_mut().write_all(b"half").unwrap();
        drop(pending);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_name_taken_meanwhile_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.png");
        let pending = PendingFile::create(&target, false).unwrap();
        fs::write(&target, "theirs").unwrap();
        assert_eq!(
            pending.commit().unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(fs::read(&target).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file.png"), dir.path().join("link.png"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let mut pending = PendingFile::create(&link, true).unwrap();
        pending.file_mut().write_all(b"new").unwrap();
        pending.commit().unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_folders_are_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let kind = |path: &Path| PendingFile::create(path, true).unwrap_err().kind();
        assert_eq!(kind(Path::new("/dev/null")), io::ErrorKind::InvalidInput);
        assert_eq!(kind(dir.path()), io::ErrorKind::IsADirectory);
        assert_eq!(
            kind(&dir.path().join("none/a.png")),
            io::ErrorKind::NotFound
        );
    }

    #[test]
    fn an_output_folder_goes_again_only_if_empty() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b");
        drop(OutputFolder::create(&deep).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

        let folder = OutputFolder::create(&deep).unwrap();
        fs::write(deep.join("1.png"), "1").unwrap();
        drop(folder);
        assert!(deep.join("1.png").exists());
        // One that was there before stays, empty or not.
        fs::remove_file(deep.join("1.png")).unwrap();
        drop(OutputFolder::create(&deep).unwrap());
        assert!(deep.exists());
    }
}
