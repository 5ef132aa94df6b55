//! Interleaving of planes: samples pixel by pixel, as files hold them.

use crate::picture::sampling::Grid;
use crate::picture::{Picture, codes};

/// The picture pixel by pixel, one byte a sample at 8 bits, two in the order of `to_bytes` at 16.
/// Samples are rounded and clamped to whole code values of 8 or 16 bits, which all stills have.
pub fn interleaved(picture: &Picture, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let sample_bytes = picture.format().bit_depth.div_ceil(8) as usize;
    let (width, channels) = (picture.width(), picture.planes().len());
    let mut bytes = vec![0; width * picture.height() * channels * sample_bytes];
    let rows = bytes.chunks_exact_mut(width * channels * sample_bytes);
    // A row of a plane's codes, still in the nearest cache when it is spread out.
    let mut of_row = vec![0; width * sample_bytes];
    for (y, row) in rows.enumerate() {
        for (channel, plane) in picture.planes().iter().enumerate() {
            let values = Grid::new(plane).row(y);
            if sample_bytes == 1 {
                codes::to_bytes(values, &mut of_row);
                spread(row, channels, channel, of_row.iter().copied());
            } else {
                codes::to_words(values, &mut of_row);
                let words = of_row.as_chunks::<2>().0.iter();
                let words = words.map(|&word| to_bytes(u16::from_le_bytes(word)));
                spread(row.as_chunks_mut::<2>().0, channels, channel, words);
            }
        }
    }
    bytes
}

/// Writes one channel's values among those of so many.
fn spread<T>(samples: &mut [T], channels: usize, channel: usize, values: impl Iterator<Item = T>) {
    for (pixel, value) in samples.chunks_exact_mut(channels).zip(values) {
        pixel[channel] = value;
    }
}
