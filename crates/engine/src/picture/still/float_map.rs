//! Portable float maps: `Pf` (one channel) or `PF` (three), width, height, a scale whose sign is the byte order, then rows from the
//! bottom up (Debevec, *PFM portable floatmap image format*).

use crate::limits::{TooLarge, check_size};

/// A float map as its file has it, from the top row down.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatMap {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// 1 or 3.
    pub channels: usize,
    /// All values, row by row from the top, pixel by pixel.
    pub values: Vec<f32>,
}

/// Why bytes are no float map.
#[derive(Debug, thiserror::Error)]
pub enum FloatMapError {
    /// The header is not that of a float map.
    #[error("its header is not `Pf` or `PF`, width, height, scale")]
    Header,
    /// More or fewer bytes than the header says.
    #[error("it has fewer or more values than its size says")]
    Length,
    /// Too many pixels.
    #[error("it is too large: {0}")]
    TooLarge(#[from] TooLarge),
}

impl FloatMap {
    /// Reads a whole file.
    ///
    /// # Errors
    /// [`FloatMapError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, FloatMapError> {
        let wrong = || FloatMapError::Header;
        let (mut words, mut rest) = ([""; 4], bytes);
        // One white-space character stands between the last word and the values.
        for word in &mut words {
            let start = rest.iter().position(|b| !b.is_ascii_whitespace());
            rest = &rest[start.ok_or_else(wrong)?..];
            let end = rest.iter().position(u8::is_ascii_whitespace);
            let end = end.ok_or_else(wrong)?;
            *word = std::str::from_utf8(&rest[..end]).map_err(|_| wrong())?;
            rest = &rest[end + 1..];
        }
        let channels = match words[0] {
            "Pf" => 1,
            "PF" => 3,
            _ => return Err(wrong()),
        };
        let size = |word: &str| word.parse::<u64>().ok().filter(|n| *n > 0);
        let width = size(words[1]).ok_or_else(wrong)?;
        let height = size(words[2]).ok_or_else(wrong)?;
        let scale: f32 = words[3].parse().map_err(|_| wrong())?;
        check_size(width, height, bytes.len() as u64)?;
        let (width, height) = (width as usize, height as usize);
        let (values, left) = rest.as_chunks::<4>();
        if values.len() != height * width * channels || !left.is_empty() {
            return Err(FloatMapError::Length);
        }
        let value = |bytes: &[u8; 4]| match scale < 0.0 {
            true => f32::from_le_bytes(*bytes),
            false => f32::from_be_bytes(*bytes),
        };
        let rows = values.chunks_exact(width * channels).rev();
        Ok(Self {
            width,
            height,
            channels,
            values: rows.flatten().map(value).collect(),
        })
    }
}
