//! The folder itself: made by its user alone, open to nobody else, with nothing in it that leads elsewhere.

use super::error::Error;
use crate::files::{cannot_create_in, folder_of};
use crate::temporary;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// The one folder that may stand in a work folder.
pub(super) const IMAGES: &str = "images";

/// A run that ends removes the folder that another one is opening; so often it is opened again.
const ATTEMPTS: usize = 16;

/// Makes the folder, or takes one that an earlier run of the same user has left, and locks it: it is held until the file is dropped.
pub(super) fn hold(folder: &Path) -> Result<File, Error> {
    let place = folder_of(folder);
    temporary::sweep(place);
    for _ in 0..ATTEMPTS {
        match private().create(folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                match check_own(folder, place) {
                    Err(Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => continue,
                    checked => checked?,
                }
            }
            Err(error) => return Err(cannot_create_in(place, &error).into()),
        }
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        let lock = match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(Error::InUse(folder.to_owned())),
            // A file system without locks: nobody can be kept out.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        if temporary::is_at(&lock, &path)? {
            return Ok(lock);
        }
    }
    Err(Error::InUse(folder.to_owned()))
}

/// A new and empty file in a folder that is held, in place of what has its name.
pub fn create_anew(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::create_new(path)
}

fn private() -> DirBuilder {
    #[allow(unused_mut, reason = "elsewhere there is no mode to set")]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// That a folder could be one that [`private`] made for this user, and holds plain files that have no other name. Nobody else can
/// change that afterwards.
fn check_own(folder: &Path, place: &Path) -> Result<(), Error> {
    let foreign = || Error::Foreign(folder.to_owned());
    // Whatever owners and modes the file system knows, a folder made now has the same.
    let mine = temporary::Folder::create_in(place).map_err(|e| cannot_create_in(place, &e))?;
    let (found, mine) = (folder.symlink_metadata()?, mine.path().symlink_metadata()?);
    if !found.is_dir() || !is_alike(&found, &mine) {
        return Err(foreign());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.path().symlink_metadata()?;
        let is_images = found.is_dir() && entry.file_name() == IMAGES;
        let is_plain = found.is_file() && has_one_name(&found);
        if !is_images && !is_plain {
            return Err(foreign());
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_alike(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.uid(), a.mode() & 0o777) == (b.uid(), b.mode() & 0o777)
}

#[cfg(not(unix))]
fn is_alike(_a: &Metadata, _b: &Metadata) -> bool {
    true
}

#[cfg(unix)]
fn has_one_name(file: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(file) == 1
}

#[cfg(not(unix))]
fn has_one_name(_file: &Metadata) -> bool {
    true
}
