//! Identity of a piece of work: what must be the same for it to be resumed.

use super::journal::Header;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Bytes hashed at a time.
const BLOCK_BYTES: usize = 1 << 20;

/// All that the result follows from.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Settings by the names that the user knows.
    pub settings: BTreeMap<String, String>,
    /// The files that are read, whose content counts and not their names.
    pub sources: Vec<PathBuf>,
}

/// What is not the same.
#[derive(Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// A setting: its name, what it was, what it is.
    Setting(String, String, String),
    /// The content of the source.
    Source,
    /// The source cannot be read to its end.
    Unreadable(String),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Setting(name, was, is) => {
                write!(
                    f,
                    "the work was begun with {name} {was}, and now it is {is}"
                )
            }
            Self::Source => f.write_str("the source is not the one with which the work was begun"),
            Self::Unreadable(why) => write!(f, "the source cannot be read: {why}"),
        }
    }
}

impl Header {
    /// Whether the work under this header is the one that is wanted. Reads all sources.
    pub(super) fn compare(&self, wanted: &Identity) -> Result<(), Mismatch> {
        let names = self.settings.keys().chain(wanted.settings.keys());
        for name in names {
            let value = |settings: &BTreeMap<String, String>| {
                settings
                    .get(name)
                    .map_or("not set".to_owned(), Clone::clone)
            };
            let (was, is) = (value(&self.settings), value(&wanted.settings));
            if was != is {
                return Err(Mismatch::Setting(name.clone(), was, is));
            }
        }
        match hash(&wanted.sources, &AtomicBool::new(false)) {
            Ok(hash) if hash == self.source => Ok(()),
            Ok(_) => Err(Mismatch::Source),
            Err(error) => Err(Mismatch::Unreadable(error.to_string())),
        }
    }
}

/// Sources being hashed beside other work.
#[derive(Debug, Default)]
pub(super) struct Hashing {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<String>>>,
}

impl Hashing {
    pub(super) fn start(sources: &[PathBuf]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (sources, stopped) = (sources.to_vec(), Arc::clone(&stop));
        // Without a thread there is no hash, and so no journal: nothing else is the worse for it.
        let thread = thread::Builder::new()
            .name("hash".into())
            .spawn(move || hash(&sources, &stopped))
            .ok();
        Self { stop, thread }
    }

    /// The hash, once it is there; after that nothing.
    pub(super) fn result(&mut self) -> io::Result<Option<String>> {
        match self.thread.take_if(|thread| thread.is_finished()) {
            Some(thread) => thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the hash failed")))
                .map(Some),
            None => Ok(None),
        }
    }
}

impl Drop for Hashing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// BLAKE3 over the contents of all files, each with its length before it.
fn hash(files: &[PathBuf], stop: &AtomicBool) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; BLOCK_BYTES];
    for path in files {
        let mut file = File::open(path)?;
        hasher.update(&file.metadata()?.len().to_le_bytes());
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            match file.read(&mut block)? {
                0 => break,
                bytes => hasher.update(&block[..bytes]),
            };
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}
