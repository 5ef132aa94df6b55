//! Limits on what is read from files and pipes: memory follows what they hold, not what they claim.

use std::io::{self, Read};

/// Most pixels of a picture, a field or a map, 2^28 (16384 x 16384): 3 GiB as RGB planes.
pub const MAX_PIXELS: u64 = 1 << 28;
/// Most bytes of a file that is read as a whole: tables, fields and maps, JPEG, and pictures in pipes. 1 GiB.
pub const MAX_FILE_BYTES: u64 = 1 << 30;
/// Most numbers of a table: 1 GiB as 64-bit numbers.
pub const MAX_VALUES: u64 = 1 << 27;
/// Most bytes of a list that is written by hand, of cuts or floors. 16 MiB.
pub const MAX_LIST_BYTES: u64 = 1 << 24;
/// Most bytes of one line of a table: a histogram's row of a million numbers.
pub const MAX_LINE_BYTES: u64 = 1 << 26;
/// Pictures of up to so many pixels, 2^25, may be as small in the file as they like: a black one of 8K UHD is.
pub const MODEST_PIXELS: u64 = 1 << 25;
/// Of larger ones a byte of the file stands for at most so many pixels. JPEG needs 16 to 64 even for skies; the densest that PNG
/// can pack are 8000 (1 bit a pixel, DEFLATE's 1032 to 1).
pub const MAX_PIXELS_PER_BYTE: u64 = 128;

/// Why a picture of some size is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// More pixels than [`MAX_PIXELS`].
    #[error("{0}x{1} pixels; at most {most} million are read", most = MAX_PIXELS / 1_000_000)]
    Pixels(u64, u64),
    /// More pixels than its bytes make likely; the third number is of bytes.
    #[error(
        "{0}x{1} pixels in a file of {2} bytes; above {modest} million pixels at most {MAX_PIXELS_PER_BYTE} a byte are read",
        modest = MODEST_PIXELS / 1_000_000
    )]
    Inflated(u64, u64, u64),
    /// More bytes than [`MAX_FILE_BYTES`].
    #[error("more than {most} MiB", most = MAX_FILE_BYTES >> 20)]
    Bytes,
}

/// Sees that a picture that a file of so many bytes claims to hold is read.
///
/// # Errors
/// [`TooLarge`].
pub fn check_size(width: u64, height: u64, file_bytes: u64) -> Result<(), TooLarge> {
    let pixels = width.saturating_mul(height);
    if pixels > MAX_PIXELS {
        return Err(TooLarge::Pixels(width, height));
    }
    if pixels > MODEST_PIXELS && pixels / MAX_PIXELS_PER_BYTE > file_bytes {
        return Err(TooLarge::Inflated(width, height, file_bytes));
    }
    Ok(())
}

/// All bytes up to the end, if they are at most `most`; `None` if there are more.
///
/// # Errors
/// Those of `source`.
pub fn read_whole(source: impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    source.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_held_against_the_bytes() {
        assert_eq!(check_size(7680, 4320, 20), Ok(()));
        assert_eq!(check_size(16_384, 16_384, 1 << 21), Ok(()));
        let bomb = check_size(16_384, 16_384, 32_000);
        assert_eq!(bomb, Err(TooLarge::Inflated(16_384, 16_384, 32_000)));
        let huge = check_size(u64::MAX, 2, u64::MAX);
        assert_eq!(huge, Err(TooLarge::Pixels(u64::MAX, 2)));
    }

    #[test]
    fn a_source_without_end_is_read_up_to_the_limit() {
        assert_eq!(read_whole(&b"1234"[..], 4).unwrap().unwrap(), b"1234");
        assert_eq!(read_whole(io::repeat(0), 1 << 10).unwrap(), None);
    }
}
