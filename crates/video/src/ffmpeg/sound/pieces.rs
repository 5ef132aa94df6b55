//! Decoded sound in small blocks without gaps: where its PTS say that there is none, silence.

use super::reader::{Block, SoundReader};
use crate::clip::Result;
use crate::ffmpeg::filter::SoundShape;
use crate::time::{Rational, to_f64, zero};

/// Seconds by which the times of a source may differ from the count of its samples. Containers
/// round times, and recorders are not exact; beyond it something is missing, or there twice.
const TOLERANCE_S: (i128, i128) = (1, 20);

/// Seconds without sound from which on the source's times are held for broken.
const LONGEST_GAP_S: i128 = 3600;

/// The same for sound that comes twice.
const LONGEST_REPEAT_S: i128 = 1;

/// Samples of output, about, that a piece of input may become: it bounds what is in memory.
const PIECE_BECOMES: f64 = 65536.0;

/// The source's sound in small pieces without gaps: where its times say that there is none,
/// silence.
pub(super) struct Pieces {
    pub(super) reader: SoundReader,
    /// Samples per second.
    rate: Rational,
    pub(super) channels: usize,
    /// Samples in a piece, at most.
    pub(super) length: usize,
    /// Seconds of the source before which nothing is taken.
    pub(super) begin: Rational,
    /// Seconds of the source at which the first sample stands.
    pub(super) first: Option<Rational>,
    /// Samples handed out.
    pub(super) taken: i64,
    /// Samples of silence to be handed out next.
    silence: i64,
    /// Then come these, interleaved, from `at` on.
    waiting: Vec<f32>,
    at: usize,
}

impl Pieces {
    pub(super) fn new(reader: SoundReader, shape: SoundShape, speed: Rational) -> Self {
        let length = (PIECE_BECOMES / to_f64(speed)).clamp(16.0, 4096.0);
        let channels = usize::try_from(shape.layout.channels()).unwrap_or(1);
        Self {
            reader,
            rate: Rational::from_integer(shape.rate_hz.into()),
            channels,
            length: length as usize,
            begin: zero(),
            first: None,
            taken: 0,
            silence: 0,
            waiting: Vec::new(),
            at: 0,
        }
    }

    /// The next interleaved samples; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Vec<f32>>> {
        loop {
            if self.silence > 0 {
                let count = self.silence.min(self.length as i64);
                self.silence -= count;
                self.taken += count;
                return Ok(Some(vec![0.0; count as usize * self.channels]));
            }
            let left = &self.waiting[self.at..];
            if !left.is_empty() {
                let piece = left[..left.len().min(self.length * self.channels)].to_vec();
                self.at += piece.len();
                self.taken += (piece.len() / self.channels) as i64;
                return Ok(Some(piece));
            }
            match self.reader.next()? {
                Some(block) => self.place(block),
                None => return Ok(None),
            }
        }
    }

    /// Puts a block where its time says.
    fn place(&mut self, block: Block) {
        let count = (block.samples.len() / self.channels) as i64;
        let samples = |seconds: Rational| {
            let count = (seconds * self.rate).round().to_integer();
            i64::try_from(count).unwrap_or(i64::MAX)
        };
        let seconds = |samples: i64| Rational::from_integer(samples.into()) / self.rate;
        let mut skipped = 0;
        match (self.first, block.time) {
            (None, time) => {
                let time = time.unwrap_or(self.begin);
                skipped = samples(self.begin - time).max(0);
                if skipped < count {
                    self.first = Some(time.max(self.begin));
                }
            }
            (Some(_), None) => {}
            (Some(first), Some(time)) => {
                let gap = samples(time - first).saturating_sub(self.taken);
                let tolerance = samples(Rational::new(TOLERANCE_S.0, TOLERANCE_S.1));
                let believed = -samples(LONGEST_REPEAT_S.into())..=samples(LONGEST_GAP_S.into());
                if !believed.contains(&gap) {
                    self.first = Some(time - seconds(self.taken));
                } else if gap > tolerance {
                    self.silence = gap;
                } else if gap < -tolerance {
                    skipped = -gap;
                }
            }
        }
        self.at = skipped.min(count) as usize * self.channels;
        self.waiting = block.samples;
    }
}
