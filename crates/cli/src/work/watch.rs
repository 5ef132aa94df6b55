//! Watch on input files: whether they stay what they are while they are read.

use super::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

/// Files with their sizes and times at one moment.
#[derive(Debug, Clone)]
pub struct Watched(Vec<(PathBuf, Stamp)>);

type Stamp = (u64, Option<SystemTime>);

impl Watched {
    /// The files as they are now. Pipes and devices are left out: they have neither.
    pub fn new(files: &[PathBuf]) -> io::Result<Self> {
        let mut watched = Vec::new();
        for file in files {
            let metadata = file.metadata()?;
            if metadata.is_file() {
                watched.push((file.clone(), (metadata.len(), metadata.modified().ok())));
            }
        }
        Ok(Self(watched))
    }

    /// Whether they still are.
    /// Fails with [`Error::Moving`] that names the first that is not.
    pub fn check(&self) -> Result<(), Error> {
        for (file, stamp) in &self.0 {
            let now = file.metadata().map(|m| (m.len(), m.modified().ok()));
            if now.ok().as_ref() != Some(stamp) {
                return Err(Error::Moving(file.clone()));
            }
        }
        Ok(())
    }
}
