//! Work folder of an output that takes long: finished segments and their journal, which outlive a crash; and the record that stays
//! with the output when it is finished.
//!
//! Work is cut in segments. The data of all finished segments stands in one file, which only grows; the journal beside
//! it says, a line for each segment, how long that file was when it ended, its hash, and what else a later run must know. A
//! segment counts once its line is on the disk, and that is written after its data. So whatever ends a run, a later one
//! cuts the file where the last line says and goes on from there.

mod error;
mod folder;
mod identity;
mod journal;
mod name;
mod record;
mod watch;

pub use error::Error;
pub use folder::create_anew;
pub use identity::{Identity, Stop};
pub use record::{Record, check_finished};
pub use watch::Watched;

use crate::files::{resolve, sync_folder};
use crate::temporary::Standing;
use identity::{Hashing, hash, same_settings, take_in};
use journal::{Header, Journal, Segment, data_in};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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
    /// Over the data of the finished segments.
    data_hasher: blake3::Hasher,
    hashing: Hashing,
    identity: Identity,
    watched: Watched,
    is_finished: bool,
    /// As long as there is no finished segment.
    standing: Option<Standing>,
}

/// Work folders with finished segments that this process holds.
static KEPT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The folders that a process that ends now leaves, for a later run to go on with.
pub fn kept() -> Vec<PathBuf> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The work folder of an output, beside it; beside the file itself where the output is a link.
pub fn folder_of(target: &Path) -> PathBuf {
    name::hidden(&resolve(target).unwrap_or(target.to_owned()), ".otinterp")
}

/// Whether the text of a journal, beside data of so many bytes, has finished segments.
pub fn tells_segments(text: &[u8], data_bytes: u64) -> bool {
    Journal::of(PathBuf::new(), text, data_bytes)
        .last()
        .is_some()
}

/// The text of a journal with the seals that its lines would have.
pub fn journal_sealed_anew(text: &[u8]) -> Vec<u8> {
    journal::sealed_anew(text)
}

impl Work {
    /// Opens the work folder of `target`, whose own folder must exist.
    /// Fails with [`Error`]: the folder cannot be made, is in use, is not this user's own, or holds what `earlier` does not
    /// allow; with `Interrupted` once `stop` says so.
    pub fn open(
        target: &Path,
        identity: Identity,
        earlier: Earlier,
        stop: Stop,
    ) -> Result<Self, Error> {
        let folder = folder_of(target);
        let watched = Watched::new(&identity.sources)?;
        let mut work = Self {
            _lock: folder::hold(&folder)?,
            journal: Journal::read(&folder)?,
            data_hasher: blake3::Hasher::new(),
            hashing: Hashing::default(),
            folder,
            identity,
            watched,
            // Until it is known that it may be touched.
            is_finished: true,
            standing: None,
        };
        let is_begun = work.is_begun() || work.journal.is_damaged;
        match earlier {
            Earlier::Resume if is_begun => work.go_on(stop)?,
            Earlier::Refuse if is_begun => return Err(Error::Unfinished(work.folder.clone())),
            _ => {
                work.is_finished = false;
                work.standing = Some(Standing::at(&work.folder));
                work.begin()?;
            }
        }
        work.is_finished = false;
        work.outlives();
        Ok(work)
    }

    /// Begins anew.
    fn begin(&mut self) -> io::Result<()> {
        self.journal.clear()?;
        create_anew(&self.data())?;
        sync_folder(&self.folder)?;
        sync_folder(crate::files::folder_of(&self.folder))?;
        self.hashing = Hashing::start(&self.identity.sources);
        Ok(())
    }

    /// Takes what an earlier run has left, if it is what is wanted and as it was written.
    fn go_on(&mut self, stop: Stop) -> Result<(), Error> {
        let damaged = || Error::Damaged(self.folder.clone());
        let (Some(header), Some(last)) = (&self.journal.header, self.journal.last()) else {
            return Err(damaged());
        };
        if self.journal.is_damaged {
            return Err(damaged());
        }
        same_settings(&header.settings, &self.identity.settings)
            .and_then(|()| same_settings(&header.environment, &self.identity.environment))
            .map_err(Error::Changed)?;
        if hash(&self.identity.sources, stop)? != header.source {
            return Err(Error::Changed(identity::Mismatch::Source));
        }
        let mut data = OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.data())?;
        data.set_len(last.data_bytes)?;
        take_in(&mut self.data_hasher, &mut data, stop)?;
        if self.data_hasher.finalize().to_hex().as_str() != last.data_hash {
            return Err(damaged());
        }
        Ok(self.journal.cut()?)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that holds the data of the finished segments, and to which more is to be appended.
    pub fn data(&self) -> PathBuf {
        data_in(&self.folder)
    }

    /// A file in the work folder for what is made anew in every run, with [`create_anew`].
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder in the work folder for pictures that are made anew in every run, empty.
    /// Fails with what the system says.
    pub fn images(&self) -> io::Result<PathBuf> {
        let folder = self.folder.join(folder::IMAGES);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir(&folder)?;
        Ok(folder)
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
        let mut data = File::open(self.data())?;
        data.sync_data()?;
        let data_bytes = data.metadata()?.len();
        data.seek(SeekFrom::Start(self.data_hasher.count()))?;
        // The encoder waits: what it wrote last is in memory, and there is little of it.
        let new = &mut data.take(data_bytes - self.data_hasher.count());
        take_in(&mut self.data_hasher, new, &|| false)?;
        self.journal.add(Segment {
            data_bytes,
            data_hash: self.data_hasher.finalize().to_hex().to_string(),
            state: serde_json::to_value(state).map_err(io::Error::from)?,
        });
        // Without its header no line means anything; they wait for it.
        if let Some(source) = hash? {
            self.journal.header = Some(self.header(source));
        }
        self.journal.write()?;
        self.outlives();
        Ok(())
    }

    /// From the first finished segment on the folder stays, whatever ends the process.
    fn outlives(&mut self) {
        if self.is_begun() {
            self.standing = None;
            let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
            if !kept.contains(&self.folder) {
                kept.push(self.folder.clone());
            }
        }
    }

    fn header(&self, source: String) -> Header {
        let (settings, environment) = (&self.identity.settings, &self.identity.environment);
        Header::new(settings.clone(), environment.clone(), source)
    }

    /// What the whole output, which has not its name yet, is made from. Waits for the hash of the sources.
    /// Fails with what the system says; with `Interrupted` once `stop` says so.
    pub fn record(&mut self, output: &Path, stop: Stop) -> Result<Record, Error> {
        if self.journal.header.is_none() {
            let source = match self.hashing.wait(stop)? {
                Some(source) => source,
                None => hash(&self.identity.sources, stop)?,
            };
            self.journal.header = Some(self.header(source));
        }
        // After the hash: so it is that of the files that were read.
        self.check_sources()?;
        let source = self.journal.header.as_ref().map(|h| h.source.clone());
        let settings = self.identity.settings.clone();
        Ok(Record::new(
            settings,
            source.unwrap_or_default(),
            output,
            stop,
        )?)
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
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|folder| *folder != self.folder);
        drop(kept);
        if !self.is_finished && !self.is_begun() {
            let _ = self.remove();
        }
    }
}
