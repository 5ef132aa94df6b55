//! A folder to work in, and the program run in it.

use assert_cmd::Command;
use image::{Rgb, RgbImage};
use std::path::{Path, PathBuf};
use std::process::Output;

/// A temporary folder in which the program runs.
pub struct Room(tempfile::TempDir);

impl Room {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders that lead to it.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Writes a picture of one grey, as RGB.
    pub fn flat(&self, name: &str, size: (u32, u32), code: u8) {
        let mut png = std::io::Cursor::new(Vec::new());
        RgbImage::from_pixel(size.0, size.1, Rgb([code; 3]))
            .write_to(&mut png, image::ImageFormat::Png)
            .unwrap();
        self.write(name, png.get_ref());
    }

    /// Runs `otinterp` with arguments separated by blanks.
    pub fn run(&self, args: &str) -> Output {
        self.run_with_stdin(args, Vec::new())
    }

    pub fn run_with_stdin(&self, args: &str, stdin: Vec<u8>) -> Output {
        Command::new(assert_cmd::cargo::cargo_bin!("otinterp"))
            .current_dir(self.folder())
            .args(args.split_whitespace())
            .write_stdin(stdin)
            .output()
            .unwrap()
    }

    /// Runs it, sees that it went well, and returns standard output.
    pub fn ok(&self, args: &str) -> Vec<u8> {
        let output = self.run(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args}: {said}");
        output.stdout
    }

    /// Runs it with `--json` and returns the report.
    pub fn json(&self, args: &str) -> serde_json::Value {
        serde_json::from_slice(&self.ok(&format!("{args} --json"))).unwrap()
    }

    /// Runs it and sees that it fails with `code` and one line that holds all of `words`, prints
    /// nothing else, and makes or changes no file or folder.
    pub fn fails(&self, args: &str, code: i32, words: &[&str]) {
        let before = self.listing();
        let output = self.run(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args}: {said}");
        assert!(said.starts_with("otinterp: "), "{args}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{args}: {said}");
        for word in words {
            assert!(said.contains(word), "{args}: {word:?} is not in: {said}");
        }
        assert!(output.stdout.is_empty(), "{args}");
        assert_eq!(self.listing(), before, "{args}");
    }

    /// All files with their content, folders with an empty one, sorted.
    pub fn listing(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path.clone());
                    found.push((path, Vec::new()));
                } else {
                    // A link may lead nowhere.
                    let content = std::fs::read(&path).unwrap_or_default();
                    found.push((path, content));
                }
            }
        }
        found.sort();
        found
    }
}
