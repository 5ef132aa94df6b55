//! A folder to work in, pictures to put there, and the program run in it.

use crate::common::clips::names;
use crate::common::room::Room;
use image::{ColorType, DynamicImage, ExtendedColorType, ImageBuffer, ImageEncoder};
use std::path::{Path, PathBuf};
use std::process::Output;

/// Size of all pictures made here: odd on purpose.
pub const WIDTH: u32 = 27;
/// Height of all pictures made here.
pub const HEIGHT: u32 = 19;

/// The colour types of PNG files after expansion.
pub const COLORS: [ColorType; 8] = [
    ColorType::L8,
    ColorType::La8,
    ColorType::Rgb8,
    ColorType::Rgba8,
    ColorType::L16,
    ColorType::La16,
    ColorType::Rgb16,
    ColorType::Rgba16,
];

/// A folder in which `otinterp frames` runs.
pub struct Bench(Room);

impl Bench {
    pub fn new() -> Self {
        Self(Room::new())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    /// Runs `otinterp frames` with arguments separated by blanks.
    pub fn frames(&self, args: &str) -> Output {
        self.0.run(&format!("frames {args}"))
    }

    pub fn frames_with_stdin(&self, args: &str, stdin: Vec<u8>) -> Output {
        self.0.run_with_stdin(&format!("frames {args}"), stdin)
    }

    /// Runs it and sees that it went well; returns standard output.
    pub fn frames_ok(&self, args: &str) -> Vec<u8> {
        self.0.ok(&format!("frames {args}"))
    }

    /// Runs it and sees that it fails as it should; see [`Room::fails`].
    pub fn frames_fail(&self, args: &str, code: i32, words: &[&str]) {
        self.0.fails(&format!("frames {args}"), code, words);
    }

    /// Names in a folder, sorted.
    pub fn names(&self, folder: &str) -> Vec<String> {
        names(&self.path(folder))
    }

    pub fn save(&self, name: &str, picture: &DynamicImage) {
        picture.save(self.path(name)).unwrap();
    }

    /// Saves two different pictures of one colour type as `a.png` and `b.png`.
    pub fn pair(&self, color: ColorType) -> (DynamicImage, DynamicImage) {
        let (a, b) = (picture(color, 0), picture(color, 3));
        self.save("a.png", &a);
        self.save("b.png", &b);
        (a, b)
    }

    pub fn load(&self, name: &str) -> DynamicImage {
        load(&self.path(name))
    }
}

pub fn load(path: &Path) -> DynamicImage {
    image::ImageReader::open(path)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .with_guessed_format()
        .unwrap()
        .decode()
        .unwrap()
}

/// A textured picture that uses all codes, moved right by `shift` pixels; opaque where it has
/// alpha.
pub fn picture(color: ColorType, shift: u32) -> DynamicImage {
    let code = |x: u32, y: u32, channel: u32| {
        let x = (x + WIDTH - shift) % WIDTH;
        let v = (x * 2417 + y * 3571 + channel * 9001 + x * y * 97) % 65536;
        v as u16
    };
    let mut out = DynamicImage::new(WIDTH, HEIGHT, color);
    let channels = u32::from(color.channel_count());
    let alpha = color.has_alpha().then(|| channels - 1);
    let sample = |i: usize| {
        let i = i as u32;
        let (channel, pixel) = (i % channels, i / channels);
        if alpha == Some(channel) {
            u16::MAX
        } else {
            code(pixel % WIDTH, pixel / WIDTH, channel)
        }
    };
    set_samples(&mut out, sample);
    out
}

/// Fills a picture from 16-bit samples (their upper halves at 8 bits), counted pixel by pixel.
pub fn set_samples(picture: &mut DynamicImage, sample: impl Fn(usize) -> u16) {
    fn fill<T>(samples: &mut [T], value: impl Fn(usize) -> T) {
        for (i, s) in samples.iter_mut().enumerate() {
            *s = value(i);
        }
    }
    let byte = |i| (sample(i) >> 8) as u8;
    match picture {
        DynamicImage::ImageLuma8(p) => fill(p, byte),
        DynamicImage::ImageLumaA8(p) => fill(p, byte),
        DynamicImage::ImageRgb8(p) => fill(p, byte),
        DynamicImage::ImageRgba8(p) => fill(p, byte),
        DynamicImage::ImageLuma16(p) => fill(p, sample),
        DynamicImage::ImageLumaA16(p) => fill(p, sample),
        DynamicImage::ImageRgb16(p) => fill(p, sample),
        DynamicImage::ImageRgba16(p) => fill(p, sample),
        other => panic!("{:?}", other.color()),
    }
}

/// Samples as numbers, pixel by pixel, whatever the depth.
pub fn samples(picture: &DynamicImage) -> Vec<i32> {
    match picture.as_flat_samples_u16() {
        Some(flat) => flat.samples.iter().map(|&s| i32::from(s)).collect(),
        None => picture.as_bytes().iter().map(|&s| i32::from(s)).collect(),
    }
}

/// The code values half-way between two opaque pictures, halves going to the even code.
pub fn mean(a: &DynamicImage, b: &DynamicImage) -> Vec<i32> {
    let half_way = |(a, b)| (f64::from(a + b) / 2.0).round_ties_even() as i32;
    let (a, b) = (samples(a), samples(b));
    a.into_iter().zip(b).map(half_way).collect()
}

/// A profile as far as the program looks into it: bytes 16..20 name its data colour space.
pub fn profile(space: &[u8; 4], filling: u8) -> Vec<u8> {
    let mut icc = vec![filling; 3000];
    icc[16..20].copy_from_slice(space);
    icc
}

pub fn save_png_with_profile(path: &Path, picture: &DynamicImage, icc: Vec<u8>) {
    let file = std::fs::File::create(path).unwrap();
    let mut encoder = image::codecs::png::PngEncoder::new(file);
    encoder.set_icc_profile(icc).unwrap();
    encoder
        .write_image(
            picture.as_bytes(),
            picture.width(),
            picture.height(),
            ExtendedColorType::from(picture.color()),
        )
        .unwrap();
}

pub fn profile_of(path: &Path) -> Option<Vec<u8>> {
    use image::ImageDecoder;
    let reader = image::ImageReader::open(path).unwrap();
    let format = reader.format();
    if format == Some(image::ImageFormat::Tiff) {
        // Without limits, under which `image` loses profiles that are large beside the picture.
        let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
        let mut decoder = image::codecs::tiff::TiffDecoder::new(file).unwrap();
        return decoder.icc_profile().unwrap();
    }
    reader.into_decoder().unwrap().icc_profile().unwrap()
}

/// An RGBA picture from a function of the pixel's number.
pub fn rgba(pixel: impl Fn(u32) -> [u8; 4]) -> DynamicImage {
    DynamicImage::ImageRgba8(ImageBuffer::from_fn(WIDTH, HEIGHT, |x, y| {
        image::Rgba(pixel(y * WIDTH + x))
    }))
}
