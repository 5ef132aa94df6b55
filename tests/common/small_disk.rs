//! A disk that is soon full, or read-only.

use std::path::Path;
use std::process::Command;

/// A file system of its own, of so many bytes; `None`, and a line, where none can be made.
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    pub fn new(test: &str, bytes: usize) -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        if disk.mount(&format!("size={bytes}")) {
            return Some(disk);
        }
        println!("skipped: {test}: no tmpfs can be mounted here");
        None
    }

    pub fn mount(&self, options: &str) -> bool {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]);
        let output = command.arg(self.0.path()).output();
        output.is_ok_and(|o| o.status.success())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a killed child may still hold a file.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}
