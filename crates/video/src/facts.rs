//! Frame counts, streams and encoders, as they are told before anything is decoded or encoded.

use crate::time::Rational;
use serde::Serialize;

/// How long a clip is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Frames of the video that is retimed.
    pub frames: u64,
    /// Whether they were counted, packet by packet, because the header does not announce them.
    pub is_counted: bool,
    /// Seconds from the first frame to the end of the last, as far as it can be told.
    pub duration: Option<Rational>,
}

/// What becomes of the streams beside the video that is retimed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// How many are copied.
    pub copied: usize,
    /// How many of sound are slowed with the picture and encoded again.
    pub stretched: usize,
    /// The others, such as `stream 1 (audio, aac)`.
    pub left_out: Vec<String>,
}

/// One video encoder.
#[derive(Debug, Clone, Serialize)]
pub struct EncoderInfo {
    /// FFmpeg's name of the encoder.
    pub name: &'static str,
    /// What it makes.
    pub makes: &'static str,
    /// Whether it is lossless at pixel formats that it takes, and how.
    pub lossless: Lossless,
    /// Whether one of its pixel formats has alpha.
    pub alpha: bool,
    /// Bits of its pixel formats' samples, ascending.
    pub bit_depths: Vec<u8>,
    /// Extensions of the files that can hold it.
    pub containers: Vec<&'static str>,
    /// FFmpeg's names of the pixel formats that it takes; empty where it does not say.
    pub pixel_formats: Vec<&'static str>,
}

/// Whether an encoder gives back what it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lossless {
    /// It never does.
    No,
    /// It always does.
    Yes,
    /// With this value of `--encoder-opt`.
    With(&'static str),
}
