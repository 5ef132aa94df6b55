//! A folder with a source, and runs of the program on it that are cut short and gone on with.

use crate::common::clips::{SMALL, SMALL_HEAD, y4m};
use crate::common::texture::texture;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Frames of the Y4M source: enough for seven segments of the output.
pub const FRAMES: usize = 450;
pub const FACTOR: usize = 4;

/// The same in all runs: without cuts.
const SETTINGS: &[&str] = &["--threads", "2", "--cuts", "no cuts"];
/// The cheapest in-betweens, where what is tested is what is kept.
pub const CHEAP: [&str; 2] = ["--method", "crossfade"];

/// A folder with a source, and runs of the program in it.
pub struct Resumable {
    _dir: Option<tempfile::TempDir>,
    pub folder: PathBuf,
    source: String,
    settings: Vec<String>,
}

impl Resumable {
    /// With a source in Y4M, for four times its frames.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().to_owned();
        Self::within(folder, Some(dir))
    }

    /// The same, in a folder that is there.
    pub fn within(folder: PathBuf, dir: Option<tempfile::TempDir>) -> Self {
        fs::write(folder.join("clip.y4m"), y4m(SMALL_HEAD, SMALL, 8, FRAMES)).unwrap();
        let settings = [&["--factor", "4"][..], &CHEAP].concat();
        Self::of(folder, dir, "clip.y4m", &settings)
    }

    /// With grey frames of a texture that shakes, so that its paths are bent, for 20 times its 40 frames.
    pub fn shaking() -> Self {
        const SIDE: usize = 96;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().to_owned();
        let mut clip = format!("YUV4MPEG2 W{SIDE} H{SIDE} F25:1 Ip A1:1 Cmono\n").into_bytes();
        for frame in 0..40 {
            let time = f64::from(frame);
            let (dx, dy) = (6.0 * (0.9 * time).sin(), 5.0 * (1.1 * time).cos());
            clip.extend(b"FRAME\n");
            for at in 0..SIDE * SIDE {
                let (x, y) = ((at % SIDE) as f64 - dx, (at / SIDE) as f64 - dy);
                clip.push(texture(x, y, 0).clamp(16.0, 235.0) as u8);
            }
        }
        fs::write(folder.join("clip.y4m"), clip).unwrap();
        let settings = ["--factor", "20", "--preset", "fast"];
        Self::of(folder, Some(dir), "clip.y4m", &settings)
    }

    /// With a source that the caller puts into the folder.
    pub fn of(
        folder: PathBuf,
        dir: Option<tempfile::TempDir>,
        source: &str,
        settings: &[&str],
    ) -> Self {
        fs::write(folder.join("no cuts"), "").unwrap();
        let settings = SETTINGS.iter().chain(settings);
        Self {
            _dir: dir,
            source: source.to_owned(),
            settings: settings.map(|&s| s.to_owned()).collect(),
            folder,
        }
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn command(&self, output: &str, more: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"));
        command
            .current_dir(&self.folder)
            .args(["retime", &self.source, "-o", output])
            .args(&self.settings)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn start(&self, output: &str, more: &[&str]) -> Child {
        self.command(output, more).spawn().unwrap()
    }

    /// Runs to the end: the exit code, and what was said.
    pub fn run(&self, output: &str, more: &[&str]) -> (i32, String) {
        let done = self.command(output, more).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        (done.status.code().unwrap(), said)
    }

    pub fn ok(&self, output: &str, more: &[&str]) {
        let (code, said) = self.run(output, more);
        assert_eq!(code, 0, "{said}");
    }

    pub fn work_folder(&self, output: &str) -> PathBuf {
        self.at(&format!(".{output}.otinterp"))
    }

    /// How many finished segments are kept.
    pub fn segments(&self, output: &str) -> usize {
        let journal = fs::read_to_string(self.work_folder(output).join("journal"));
        journal.map_or(0, |text| text.lines().count().saturating_sub(1))
    }

    /// Starts a run and kills it when it has kept at least `segments`.
    pub fn cut_short(&self, output: &str, segments: usize, more: &[&str]) {
        let mut child = self.start(output, &[&["-q"], more].concat());
        wait_until(|| self.segments(output) >= segments);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(self.segments(output) >= segments);
        assert!(!self.at(output).exists());
    }
}

pub fn wait_until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}
