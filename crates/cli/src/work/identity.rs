//! Identity of a piece of work: what must be the same for it to be resumed, or for its result to stand for another run's.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Bytes hashed at a time.
const BLOCK_BYTES: usize = 1 << 20;

/// How often a hash that is waited for is looked at; short beside what a person notices.
const POLL: Duration = Duration::from_millis(5);

/// Settings by their names.
pub type Settings = BTreeMap<String, String>;

/// Whether the user wants no more; asked while files are read.
pub type Stop<'a> = &'a dyn Fn() -> bool;

/// All that the result follows from.
#[derive(Debug, Clone)]
pub struct Identity {
    /// What the user asked for, by the names that the user knows.
    pub settings: Settings,
    /// What else the bits depend on: versions, threads.
    pub environment: Settings,
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
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Setting(name, was, is) => write!(f, "with {name} {was}, and now it is {is}"),
            Self::Source => f.write_str("from a source that is not the one given now"),
        }
    }
}

/// The first setting that differs.
pub(super) fn same_settings(was: &Settings, is: &Settings) -> Result<(), Mismatch> {
    for name in was.keys().chain(is.keys()) {
        let value = |settings: &Settings| settings.get(name).map_or("not set", |s| s).to_owned();
        let (was, is) = (value(was), value(is));
        if was != is {
            return Err(Mismatch::Setting(name.clone(), was, is));
        }
    }
    Ok(())
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
            .spawn(move || hash(&sources, &|| stopped.load(Ordering::Relaxed)))
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

    /// Waits for the hash; nothing if none is on its way.
    pub(super) fn wait(&mut self, stop: Stop) -> io::Result<Option<String>> {
        while self.thread.as_ref().is_some_and(|t| !t.is_finished()) {
            if stop() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            thread::sleep(POLL);
        }
        self.result()
    }
}

impl Drop for Hashing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// BLAKE3 over the contents of all files, each with its length before it.
/// Fails with `Interrupted` once `stop` says so; else with what the system says.
pub(super) fn hash(files: &[PathBuf], stop: Stop) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    for path in files {
        let mut file = File::open(path)?;
        hasher.update(&file.metadata()?.len().to_le_bytes());
        take_in(&mut hasher, &mut file, stop)?;
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Hashes what is left of a stream.
pub(super) fn take_in(
    hasher: &mut blake3::Hasher,
    stream: &mut impl Read,
    stop: Stop,
) -> io::Result<()> {
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        if stop() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match stream.read(&mut block)? {
            0 => return Ok(()),
            bytes => hasher.update(&block[..bytes]),
        };
    }
}
