//! Work folder of an output that takes long: finished segments and their journal, which outlive a crash.
//!
//! Work is cut in segments. The data of all finished segments stands in one file, which only grows; the journal beside
//! it says, a line for each segment, how long that file was when it ended and what else a later run must know. A
//! segment counts once its line is on the disk, and that is written after its data. So whatever ends a run, a later one
//! cuts the file where the last line says and goes on from there.

mod error;
mod identity;
mod journal;
mod watch;

pub use error::Error;
pub use identity::Identity;
pub use watch::Watched;

use crate::files::sync_folder;
use identity::Hashing;
use journal::{Header, Journal, Segment, data_in};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Longest name of a work folder, in bytes: file systems allow 255.
const LONGEST_NAME: usize = 200;

/// What is to become of the work of an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// It is an error, if there is any.
    Refuse,
    /// It is deleted.
    Discard,
    /// It is resumed.
    Resume,
}

/// An output's work folder, held by one process at a time.
///
/// Dropped before [`Work::finish`], it stays if there is a finished segment in it, and is removed if there is none.
#[derive(Debug)]
pub struct Work {
    folder: PathBuf,
    /// Locked as long as the work is held.
    _lock: File,
    journal: Journal,
    hashing: Hashing,
    identity: Identity,
    watched: Watched,
    is_finished: bool,
}

/// The work folder of an output, beside it; beside the file itself where the output is a link.
pub fn folder_of(target: &Path) -> PathBuf {
    let target = &target.canonicalize().unwrap_or(target.to_owned());
    let name = target.file_name().unwrap_or_default();
    let mut hidden = OsString::from(".");
    if name.len() <= LONGEST_NAME {
        hidden.push(name);
    } else {
        hidden.push(blake3::hash(name.as_encoded_bytes()).to_hex().as_str());
    }
    hidden.push(".otinterp");
    target.with_file_name(hidden)
}

/// Whether an earlier run left finished segments for this output.
pub fn has_segments(target: &Path) -> bool {
    let folder = folder_of(target);
    Journal::read(&folder).is_ok_and(|journal| journal.last().is_some())
}

/// Whether the text of a journal, beside data of so many bytes, has finished segments.
pub fn tells_segments(text: &[u8], data_bytes: u64) -> bool {
    Journal::of(PathBuf::new(), text, data_bytes)
        .last()
        .is_some()
}

impl Work {
    /// Opens the work folder of `target`, whose own folder must exist.
    /// Fails with [`Error`]: the folder cannot be made, is in use, or holds what `earlier` does not allow.
    pub fn open(target: &Path, identity: Identity, earlier: Earlier) -> Result<Self, Error> {
        let folder = folder_of(target);
        let place = folder.parent().unwrap_or(Path::new(""));
        let watched = Watched::new(&identity.sources)?;
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(crate::files::cannot_create_in(place, &error).into());
            }
            _ => {}
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(Error::InUse(folder)),
            // A file system without locks: nobody can be kept out.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let mut journal = Journal::read(&folder)?;
        match (&journal.header, journal.last(), earlier) {
            (Some(header), Some(_), Earlier::Resume) => {
                header.compare(&identity).map_err(Error::Changed)?;
                journal.cut()?;
                let data = OpenOptions::new().write(true).open(data_in(&folder))?;
                data.set_len(journal.last().map_or(0, |s| s.data_bytes))?;
            }
            (_, Some(_), Earlier::Refuse) => return Err(Error::Unfinished(folder)),
            _ => {
                journal.clear()?;
                File::create(data_in(&folder))?;
                sync_folder(&folder)?;
                sync_folder(place)?;
            }
        }
        let hashing = match journal.header {
            Some(_) => Hashing::default(),
            None => Hashing::start(&identity.sources),
        };
        Ok(Self {
            hashing,
            folder,
            _lock: lock,
            journal,
            identity,
            watched,
            is_finished: false,
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that holds the data of the finished segments, and to which more is to be appended.
    pub fn data(&self) -> PathBuf {
        data_in(&self.folder)
    }

    /// A file or folder in the work folder for what is made anew in every run.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What [`Work::commit`] was given last, in this run or an earlier one.
    /// Fails with `InvalidData` if it is of another shape.
    pub fn state<T: DeserializeOwned>(&self) -> io::Result<Option<T>> {
        let Some(segment) = self.journal.last() else {
            return Ok(None);
        };
        Ok(Some(serde_json::from_value(segment.state.clone())?))
    }

    /// Whether a later run could go on from here.
    pub fn is_begun(&self) -> bool {
        self.journal.last().is_some()
    }

    /// A segment is finished: all its data is in the file. `state` is what a later run must know to go on.
    /// Fails with [`Error::Moving`] if a source is no longer what it was, and then the segment does not count; else what the
    /// system says.
    pub fn commit<T: Serialize>(&mut self, state: &T) -> Result<(), Error> {
        let hash = self.hashing.result();
        // After the hash: so it is that of the files that were read.
        self.check_sources()?;
        let data = File::open(self.data())?;
        data.sync_data()?;
        self.journal.add(Segment {
            data_bytes: data.metadata()?.len(),
            state: serde_json::to_value(state).map_err(io::Error::from)?,
        });
        // Without its header no line means anything; they wait for it.
        if let Some(source) = hash? {
            let settings = self.identity.settings.clone();
            self.journal.header = Some(Header::new(settings, source));
        }
        Ok(self.journal.write()?)
    }

    /// Whether the sources still are what they were when the work was opened.
    pub fn check_sources(&self) -> Result<(), Error> {
        self.watched.check()
    }

    /// The output has its name: removes the folder.
    pub fn finish(mut self) -> io::Result<()> {
        self.is_finished = true;
        self.remove()
    }

    /// Throws away what is done.
    pub fn discard(mut self) {
        self.is_finished = true;
        // What cannot be removed is in nobody's way but the disk's; the next run tries again.
        let _ = self.remove();
    }

    fn remove(&self) -> io::Result<()> {
        // The journal first: without it the rest is no work that could be gone on with.
        self.journal.remove()?;
        fs::remove_dir_all(&self.folder)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if !self.is_finished && !self.is_begun() {
            let _ = self.remove();
        }
    }
}
