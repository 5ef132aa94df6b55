//! Checks of JPEG files: the decoder fills what is missing with grey and reports nothing, and does not name what it cannot read. Lossless
//! ones have a decoder of their own.

use super::StillError;
use crate::limits::{MAX_FILE_BYTES, check_size};
use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer};
use jpeg_decoder::{Decoder, PixelFormat};

/// Sees that a file is whole and of a process that is read.
///
/// # Errors
/// [`StillError`] that says what it is.
pub(super) fn check(bytes: &[u8], name: &str) -> Result<(), StillError> {
    if !is_whole(bytes) {
        let why = "the end of the JPEG is missing".to_owned();
        return Err(StillError::Broken(name.to_owned(), why));
    }
    match process(bytes).and_then(unread) {
        Some(what) => Err(StillError::UnsupportedKind(name.to_owned(), what.into())),
        None => Ok(()),
    }
}

/// A lossless JPEG, decoded.
pub(super) struct Lossless {
    pub(super) pixels: DynamicImage,
    pub(super) orientation: Orientation,
    pub(super) icc: Option<Vec<u8>>,
}

/// Reads a lossless JPEG, grey or RGB, of 2 to 16 bits; `None` if it is another one.
///
/// # Errors
/// [`StillError`] if it is damaged, too large, or its three components are no RGB.
pub(super) fn lossless(bytes: &[u8], name: &str) -> Result<Option<Lossless>, StillError> {
    let Some((0xC3, start)) = start_of_frame(bytes) else {
        return Ok(None);
    };
    let broken = |why: String| StillError::Broken(name.to_owned(), why);
    let unread = |what: &str| StillError::UnsupportedKind(name.to_owned(), what.into());
    let mut decoder = Decoder::new(bytes);
    decoder.set_max_decoding_buffer_size(MAX_FILE_BYTES as usize);
    decoder.read_info().map_err(|why| broken(why.to_string()))?;
    let info = decoder
        .info()
        .ok_or_else(|| broken("it has no header".into()))?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    check_size(width.into(), height.into(), bytes.len() as u64)
        .map_err(|why| StillError::TooLarge(name.to_owned(), why))?;
    // Length (2 bytes), precision, height and width (2 each), the number of components, and 3 bytes of each (T.81, B.2.2).
    let (precision, components) = match start {
        [_, _, precision, _, _, _, _, 1, ..] => (*precision, 1),
        [
            _,
            _,
            precision,
            _,
            _,
            _,
            _,
            3,
            b'R',
            _,
            _,
            b'G',
            _,
            _,
            b'B',
            ..,
        ] => (*precision, 3),
        _ => {
            return Err(unread(
                "a lossless JPEG of other components than grey and RGB",
            ));
        }
    };
    let samples = decoder.decode().map_err(|why| broken(why.to_string()))?;
    let orientation = decoder.exif_data().and_then(Orientation::from_exif_chunk);
    let codes = match (precision, info.pixel_format) {
        (..=8, PixelFormat::L8 | PixelFormat::RGB24) => {
            samples.into_iter().map(u16::from).collect()
        }
        _ => samples
            .as_chunks()
            .0
            .iter()
            .map(|pair| u16::from_ne_bytes(*pair))
            .collect(),
    };
    let pixels = pixels((width, height), codes, precision, components)
        .ok_or_else(|| broken("its samples are not those of its size".into()))?;
    Ok(Some(Lossless {
        pixels,
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
        icc: decoder.icc_profile(),
    }))
}

/// Samples of some bits as 8 bits, or else as 16, the largest code as the largest.
fn pixels(
    (width, height): (u32, u32),
    codes: Vec<u16>,
    precision: u8,
    components: usize,
) -> Option<DynamicImage> {
    let most = (1u32 << precision.clamp(2, 16)) - 1;
    let scaled = |code: u16, full: u32| (u32::from(code).min(most) * full + most / 2) / most;
    if precision <= 8 {
        let codes: Vec<u8> = codes
            .into_iter()
            .map(|code| scaled(code, 255) as u8)
            .collect();
        return Some(match components {
            1 => ImageBuffer::from_raw(width, height, codes).map(DynamicImage::ImageLuma8)?,
            _ => ImageBuffer::from_raw(width, height, codes).map(DynamicImage::ImageRgb8)?,
        });
    }
    let codes: Vec<u16> = codes
        .into_iter()
        .map(|code| scaled(code, 65_535) as u16)
        .collect();
    Some(match components {
        1 => ImageBuffer::from_raw(width, height, codes).map(DynamicImage::ImageLuma16)?,
        _ => ImageBuffer::from_raw(width, height, codes).map(DynamicImage::ImageRgb16)?,
    })
}

/// The code of the first start of frame, which tells the coding process (ITU-T T.81, table B.1; T.87 for 0xF7).
fn process(bytes: &[u8]) -> Option<u8> {
    start_of_frame(bytes).map(|(code, _)| code)
}

/// The same, and the bytes after it.
fn start_of_frame(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut found = None;
    walk(bytes, |code, after| {
        let is_start = matches!(code, 0xC0..=0xCF | 0xF7) && !matches!(code, 0xC4 | 0xC8 | 0xCC);
        if is_start && found.is_none() {
            found = Some((code, &bytes[after..]));
        }
    });
    found
}

/// The name of a process that is not read.
fn unread(code: u8) -> Option<&'static str> {
    Some(match code {
        0xC0..=0xC3 => return None,
        0xC5..=0xC7 => "a hierarchical JPEG",
        0xF7 => "a JPEG-LS picture",
        _ => "a JPEG with arithmetic coding",
    })
}

/// Whether the end-of-image marker is reached by walking the file's segments (ITU-T T.81, B.1.1).
/// What lies behind it (a second picture, a video) does not matter.
fn is_whole(bytes: &[u8]) -> bool {
    walk(bytes, |_, _| {})
}

/// Walks the segments and shows their markers and what is after them; whether the end is reached.
fn walk(bytes: &[u8], mut see: impl FnMut(u8, usize)) -> bool {
    // 0xFF, perhaps repeated, then the marker's code; anything in between is skipped over.
    let next_marker = |mut at: usize| loop {
        match bytes.get(at..at + 2)? {
            [0xFF, code] if !matches!(code, 0x00 | 0xFF) => return Some((*code, at + 2)),
            _ => at += 1,
        }
    };
    let mut at = 0;
    while let Some((code, after)) = next_marker(at) {
        see(code, after);
        at = match code {
            0xD9 => return true,
            // Start of image, restarts, TEM: no parameters. Restarts stand inside a scan's data,
            // which `next_marker` walks over, as 0xFF is stuffed with 0x00 there.
            0xD0..=0xD8 | 0x01 => after,
            _ => match bytes.get(after..after + 2) {
                Some(&[high, low]) => after + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{is_whole, lossless, process, unread};

    /// A lossless JPEG (T.81, H.1): all differences from the sample to the left are told by one code of 0 bits but the first one's, of `bits`.
    fn flat(precision: u8, ids: &[u8], first_difference: u16) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8];
        // Category 0 is coded as 0, category 4 as 10.
        bytes.extend([0xFF, 0xC4, 0, 21, 0, 1, 1]);
        bytes.extend([0; 14]);
        bytes.extend([0, 4]);
        let count = ids.len() as u8;
        bytes.extend([0xFF, 0xC3, 0, 8 + 3 * count, precision, 0, 2, 0, 4, count]);
        ids.iter().for_each(|id| bytes.extend([*id, 0x11, 0]));
        bytes.extend([0xFF, 0xDA, 0, 6 + 2 * count, count]);
        ids.iter().for_each(|id| bytes.extend([*id, 0]));
        // Predictor 1: the sample to the left, above at a row's begin, half the range at first.
        bytes.extend([1, 0, 0]);
        let mut bits = String::new();
        for pixel in 0..8 {
            for _ in ids {
                if pixel == 0 {
                    bits += &format!("10{first_difference:04b}");
                } else {
                    bits += "0";
                }
            }
        }
        while !bits.len().is_multiple_of(8) {
            bits += "1";
        }
        for byte in bits.as_bytes().chunks(8) {
            let text = std::str::from_utf8(byte).unwrap();
            bytes.push(u8::from_str_radix(text, 2).unwrap());
        }
        bytes.extend([0xFF, 0xD9]);
        bytes
    }

    #[test]
    fn lossless_pictures_are_read_bit_for_bit() {
        // 10 is in category 4: 128 + 10, 2048 + 10.
        let read =
            |precision, ids: &[u8]| lossless(&flat(precision, ids, 10), "a").unwrap().unwrap();
        let grey = read(8, &[1]).pixels;
        assert_eq!(grey.as_luma8().unwrap().as_raw(), &[138; 8]);
        let deep = read(12, &[1]).pixels;
        let code = ((2058 * 65_535 + 2047) / 4095) as u16;
        assert_eq!(deep.as_luma16().unwrap().as_raw(), &[code; 8]);
        let rgb = read(8, b"RGB").pixels;
        assert_eq!(rgb.as_rgb8().unwrap().as_raw(), &[138; 24]);
        let three = lossless(&flat(8, &[1, 2, 3], 10), "a");
        assert!(three.is_err_and(|why| why.to_string().contains("components")));
        assert!(lossless(&flat(8, &[1], 10)[..40], "a").is_err());
    }

    #[test]
    fn processes_are_told_apart() {
        let of = |code| process(&[0xFF, 0xD8, 0xFF, 0xC4, 0, 2, 0xFF, code, 0, 2, 0xFF, 0xD9]);
        assert_eq!(of(0xC2).and_then(unread), None);
        assert_eq!(of(0xC5).and_then(unread), Some("a hierarchical JPEG"));
        assert_eq!(of(0xF7).and_then(unread), Some("a JPEG-LS picture"));
    }

    #[test]
    fn the_end_marker_must_be_reached() {
        let scan = [0xFF, 0xDA, 0, 2, 1, 0xFF, 0x00, 2, 0xFF, 0xD0, 3];
        let start = [0xFF, 0xD8, 0xFF, 0xE1, 0, 6, 0xFF, 0xD9, 0xFF, 0xD9];
        let whole = [&start[..], &scan, &[0xFF, 0xD9], b"trailer"].concat();
        assert!(is_whole(&whole));
        let end = start.len() + scan.len();
        assert!(!is_whole(&whole[..end]));
        assert!(!is_whole(&whole[..end + 1]));
        // The end marker of a preview inside a segment does not count.
        assert!(!is_whole(&start));
        assert!(!is_whole(&[]));
    }
}
