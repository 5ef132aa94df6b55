//! What a retimed clip must be, told from what ffprobe says of its source.

pub mod kept;
pub mod probe;
pub mod times;

use probe::Clip;
use serde_json::Value;

/// What became of one property of a clip.
#[derive(Debug, PartialEq)]
pub enum Fate {
    Kept,
    /// It is lost, and a warning says so.
    Named,
    Broken(String),
}

/// A property and what became of it.
pub type Finding = (&'static str, Fate);

/// An output beside its source, and what the program said.
pub struct Case<'a> {
    pub source: &'a Clip,
    pub output: &'a Clip,
    /// The `done` line of the report.
    pub done: &'a Value,
    /// How many times the frames per second of the source are asked for.
    pub factor: i128,
    /// How many source frames are shown, where it is not all.
    pub limit: Option<usize>,
}

impl Case<'_> {
    /// Whether a warning holds a word.
    pub fn is_named(&self, word: &str) -> bool {
        let warnings = self.done["warnings"].as_array().unwrap();
        warnings.iter().any(|w| w.as_str().unwrap().contains(word))
    }

    /// Kept where `is_kept`; else it must be named with `word`.
    pub fn kept_or_named(&self, is_kept: bool, word: &str, what: impl FnOnce() -> String) -> Fate {
        match (is_kept, self.is_named(word)) {
            (true, _) => Fate::Kept,
            (false, true) => Fate::Named,
            (false, false) => Fate::Broken(what()),
        }
    }

    /// The streams of the source beside the main one, each with its place in the output: none if it is named.
    pub fn copies(&self) -> Vec<(usize, Option<usize>)> {
        let mut next = 0;
        let mut found = Vec::new();
        for index in 0..self.source.streams().len() {
            let is_left_out = self.is_named(&format!("stream {index} ("));
            if index != self.source.main {
                found.push((index, (!is_left_out).then_some(next)));
            }
            next += usize::from(!is_left_out);
        }
        found
    }

    /// All that is checked.
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = times::check(self);
        found.extend(kept::check(self));
        found
    }
}
