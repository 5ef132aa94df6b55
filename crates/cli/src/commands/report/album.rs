//! Album of a page: its pictures as JPEG, each one once, within a number of bytes.

use super::rgb;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use otinterp::picture::Picture;
use std::collections::HashMap;

/// Pictures are scaled down to this. Chosen: half of HD, more than half a screen.
pub const LONGEST_SIDE_PX: u32 = 960;
/// All pictures of an album together, bytes. As base64, four thirds of it, they leave a quarter of [`super::page::MOST_BYTES`] to the rest.
const MOST_BYTES: usize = 11_000_000;
/// Qualities that are tried one after another, on the encoder's scale of 1 to 100.
const QUALITIES: [u8; 7] = [92, 86, 78, 70, 60, 50, 40];

/// The pictures of a page.
pub struct Album {
    /// Of all pictures as they are shown, px.
    size: (u32, u32),
    /// What one picture may take.
    share_bytes: usize,
    jpegs: Vec<Vec<u8>>,
    /// Places by the hash of what is shown.
    known: HashMap<blake3::Hash, usize>,
}

impl Album {
    /// An album for at most so many different pictures of a width and height in px, whose pixels are `aspect` times as wide as high.
    pub fn new(size_px: (usize, usize), aspect: f64, most: usize) -> Self {
        Self {
            size: within(size_px, aspect, LONGEST_SIDE_PX),
            share_bytes: MOST_BYTES / most.max(1),
            jpegs: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// Width and height of the pictures as they are shown, px.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Takes a picture in; returns its place, that of an earlier one that is shown alike.
    ///
    /// # Errors
    /// Those of a picture that breaks its own format, and of the encoder.
    pub fn add(&mut self, picture: &Picture) -> anyhow::Result<usize> {
        let image = scaled(rgb::shown(picture)?, self.size);
        let hash = blake3::hash(image.as_raw());
        if let Some(&place) = self.known.get(&hash) {
            return Ok(place);
        }
        self.jpegs.push(jpeg_within(image, self.share_bytes)?);
        let place = self.jpegs.len() - 1;
        self.known.insert(hash, place);
        Ok(place)
    }

    /// How many different pictures there are.
    pub fn count(&self) -> usize {
        self.jpegs.len()
    }

    /// The pictures as addresses that hold them.
    pub fn into_urls(self) -> Vec<String> {
        self.jpegs.iter().map(|jpeg| jpeg_url(jpeg)).collect()
    }
}

/// A JPEG as an address that holds it (RFC 2397).
pub fn jpeg_url(jpeg: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg))
}

/// A PNG as an address that holds it.
pub fn png_url(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

/// Width and height in px, with square pixels, of a picture whose pixels are `aspect` times as wide as high and whose longer side is to be no
/// longer than that.
pub fn within((width, height): (usize, usize), aspect: f64, longest_px: u32) -> (u32, u32) {
    let (width, height) = (width as f64 * aspect, height as f64);
    let scale = (f64::from(longest_px) / width.max(height)).min(1.0);
    let side = |px: f64| (scale * px).round().max(1.0) as u32;
    (side(width), side(height))
}

/// A picture at that width and height, px.
pub fn scaled(image: RgbImage, size: (u32, u32)) -> RgbImage {
    if image.dimensions() == size {
        return image;
    }
    // Twice as fast as Lanczos' filter, and without its rings, which are none of the picture's.
    imageops::resize(&image, size.0, size.1, FilterType::Triangle)
}

/// A picture as JPEG of at most so many bytes, at least 2000: at the best of the qualities that fit, or else at half the size.
///
/// # Errors
/// The encoder's.
pub fn jpeg_within(mut image: RgbImage, most_bytes: usize) -> anyhow::Result<Vec<u8>> {
    loop {
        let at = |quality: u8| -> anyhow::Result<Vec<u8>> {
            let mut jpeg = Vec::new();
            JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(&image)?;
            Ok(jpeg)
        };
        // The tables alone, which every JPEG has, take 600 bytes.
        let fits = |jpeg: &[u8]| jpeg.len() <= most_bytes || image.dimensions() == (1, 1);
        let (mut qualities, mut found) = (&QUALITIES[..], None);
        // Most pictures fit at the best quality; then by halves.
        let mut try_at = 0;
        while let Some(&quality) = qualities.get(try_at) {
            let jpeg = at(quality)?;
            if fits(&jpeg) {
                qualities = &qualities[..try_at];
                found = Some(jpeg);
            } else {
                qualities = &qualities[try_at + 1..];
            }
            try_at = qualities.len() / 2;
        }
        if let Some(jpeg) = found {
            return Ok(jpeg);
        }
        let (width, height) = image.dimensions();
        image = scaled(image, (width.div_ceil(2), height.div_ceil(2)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;
    use otinterp::picture::{Format, Plane};

    fn noise(width: u32, height: u32) -> RgbImage {
        let mut state = 1u32;
        RgbImage::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgb([state >> 24, state >> 16 & 255, state >> 8 & 255].map(|v| v as u8))
        })
    }

    #[test]
    fn the_longest_side_is_bounded() {
        for (size, aspect, expected) in [
            ((960, 540), 1.0, (960, 540)),
            ((1920, 1080), 1.0, (960, 540)),
            ((1080, 1920), 1.0, (540, 960)),
            ((720, 576), 16.0 / 15.0, (768, 576)),
            ((1, 100_000), 1.0, (1, 960)),
            ((3, 2), 1.0, (3, 2)),
        ] {
            assert_eq!(within(size, aspect, LONGEST_SIDE_PX), expected);
        }
    }

    #[test]
    fn a_jpeg_stays_within_its_bytes() {
        let noise = noise(640, 360);
        let mut last = usize::MAX;
        for most in [400_000, 100_000, 20_000, 2_000] {
            let jpeg = jpeg_within(noise.clone(), most).unwrap();
            assert!(
                jpeg.len() <= most && jpeg.len() < last,
                "{} of {most}",
                jpeg.len()
            );
            // No smaller than it has to be.
            assert!(jpeg.len() > most / 8, "{} of {most}", jpeg.len());
            last = jpeg.len();
            image::load_from_memory(&jpeg).unwrap();
        }
    }

    #[test]
    fn what_looks_alike_is_kept_once() {
        let flat = |code: f32| {
            Picture::new(Format::rgb(8), vec![Plane::from_elem((4, 6), code); 3]).unwrap()
        };
        let mut album = Album::new((6, 4), 1.0, 2);
        let places = [10.0, 20.0, 10.0].map(|code| album.add(&flat(code)).unwrap());
        assert_eq!((places, album.count()), ([0, 1, 0], 2));
        let urls = album.into_urls();
        assert!(
            urls.iter()
                .all(|url| url.starts_with("data:image/jpeg;base64,/9j/"))
        );
    }
}
