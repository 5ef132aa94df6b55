//! Record of a finished output: what it was made from, with which settings.
//!
//! It is an extended attribute of the file, which goes with it where it is moved; where the file system has none, a hidden file
//! beside it. It holds the hash of the output, so it says nothing of what was put in its place.

use super::error::Error;
use super::identity::{Identity, Settings, Stop, hash, same_settings};
use super::name::hidden;
use crate::files::{PendingFile, resolve};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Of the record's form.
const VERSION: u32 = 1;
/// Systems leave names that begin with `user.` to programs (xattr(7)).
const ATTRIBUTE: &str = "user.otinterp.made";
/// Command lines, which it repeats, are shorter (on Linux 2 MiB, execve(2)).
const MOST_BYTES: u64 = 1 << 22;

/// What a finished output is.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    version: u32,
    settings: Settings,
    /// Hash of the sources.
    source: String,
    /// Hash of the output.
    output: String,
}

impl Record {
    pub(super) fn new(
        settings: Settings,
        source: String,
        output: &Path,
        stop: Stop,
    ) -> io::Result<Self> {
        Ok(Self {
            version: VERSION,
            settings,
            source,
            output: hash(&[output.to_owned()], stop)?,
        })
    }

    /// Keeps it with an output that still has a hidden name and is to be called `target`.
    /// Fails with what the system says.
    pub fn keep(&self, output: &Path, target: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec(self)?;
        let beside = beside(target);
        if xattr::set(output, ATTRIBUTE, &bytes).is_ok() {
            return match fs::remove_file(beside) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let mut file = PendingFile::create(&beside, true)?;
        file.file_mut().write_all(&bytes)?;
        file.commit()
    }

    fn of(target: &Path) -> Option<Self> {
        let bytes = match xattr::get_deref(target, ATTRIBUTE) {
            Ok(Some(bytes)) => bytes,
            _ => {
                let beside = beside(target);
                let is_file = beside.symlink_metadata().is_ok_and(|m| m.is_file());
                let mut bytes = Vec::new();
                let file = is_file.then(|| File::open(beside).ok()).flatten()?;
                file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
                bytes
            }
        };
        let record: Self = serde_json::from_slice(&bytes).ok()?;
        (record.version == VERSION).then_some(record)
    }
}

fn beside(target: &Path) -> PathBuf {
    hidden(
        &resolve(target).unwrap_or(target.to_owned()),
        ".otinterp-made",
    )
}

/// That a finished output is what is wanted: made from the same sources with the same settings, and not changed since. Reads
/// all of it and of the sources.
///
/// # Errors
/// [`Error::Unknown`] if nothing tells, [`Error::Other`] if it is another run's result, [`Error::Touched`], or what the system says.
pub fn check_finished(target: &Path, wanted: Option<&Identity>, stop: Stop) -> Result<(), Error> {
    let (Some(wanted), Some(record)) = (wanted, Record::of(target)) else {
        return Err(Error::Unknown);
    };
    same_settings(&record.settings, &wanted.settings).map_err(Error::Other)?;
    if hash(&wanted.sources, stop)? != record.source {
        return Err(Error::Other(super::identity::Mismatch::Source));
    }
    match hash(&[target.to_owned()], stop)? == record.output {
        true => Ok(()),
        false => Err(Error::Touched),
    }
}
