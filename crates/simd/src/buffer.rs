//! Memory that starts on a cache line.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest register.
const LINE: usize = 64;
/// Values of a cache line.
const SLACK: usize = LINE / size_of::<f32>();

/// A slice of `f32` whose first value is at a multiple of 64 bytes, so that vectors at multiples of
/// [`LANES`](super::LANES) never straddle two cache lines: a load that does costs two.
#[derive(Debug, Default)]
pub struct Buffer {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let memory = vec![0.0; len + SLACK];
        // The offset is a hint that may be refused; alignment is a matter of speed alone.
        let start = memory.as_ptr().align_offset(LINE).min(SLACK);
        Self { memory, start, len }
    }

    /// Becomes `len` values long. The values are zeros if the length changes, else stay as they are.
    pub fn resize(&mut self, len: usize) {
        if self.len != len {
            *self = Self::zeros(len);
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    #[inline(always)]
    fn deref(&self) -> &[f32] {
        &self.memory[self.start..][..self.len]
    }
}

impl DerefMut for Buffer {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..][..self.len]
    }
}

impl From<&[f32]> for Buffer {
    fn from(values: &[f32]) -> Self {
        let mut buffer = Self::zeros(values.len());
        buffer.copy_from_slice(values);
        buffer
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self::from(&**self)
    }
}
