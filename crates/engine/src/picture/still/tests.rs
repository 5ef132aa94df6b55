//! Files made here, read back, compared with what went in.

use super::*;
use crate::picture::{Format, Plane};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use std::io::Cursor;

const EXACT: [StillFormat; 6] = [
    StillFormat::Png,
    StillFormat::Tiff,
    StillFormat::WebP,
    StillFormat::Bmp,
    StillFormat::Pnm,
    StillFormat::Pam,
];

/// All eight formats of stills.
fn formats() -> Vec<Format> {
    [Format::gray, Format::rgb]
        .iter()
        .flat_map(|f| [8, 16].map(f))
        .flat_map(|f| [f, f.with_alpha()])
        .collect()
}

/// Smooth planes that use the whole range and differ from one another; odd sizes on purpose.
fn sample(format: Format) -> Still {
    let planes = (0..format.plane_count())
        .map(|c| {
            Plane::from_shape_fn((7, 11), |(y, x)| {
                let v = (y * 11 + x + 5 * c) % 77;
                (v as f32 / 76.0 * format.max_code()).round()
            })
        })
        .collect();
    Picture::new(format, planes).unwrap().into()
}

fn written(still: &Still, format: StillFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    write(still, format, &mut out).unwrap();
    out.into_inner()
}

fn read_bytes(bytes: &[u8]) -> Result<Still, StillError> {
    read_stream(bytes, "test")
}

/// A profile as far as anything here looks into it: its data colour space.
fn profile(space: &[u8; 4]) -> Vec<u8> {
    let mut icc: Vec<u8> = (0..200).collect();
    icc[16..20].copy_from_slice(space);
    icc
}

#[test]
fn exact_formats_give_back_what_went_in() {
    for source in formats() {
        for format in EXACT {
            let fits_depth = source.bit_depth == 8 || format.holds_16_bit();
            if !fits_depth || (source.alpha && !format.holds_alpha()) {
                continue;
            }
            let mut before = sample(source);
            let mut after = read_bytes(&written(&before, format)).unwrap();
            assert_eq!(after.picture.format().bit_depth, source.bit_depth);
            if matches!(
                format,
                StillFormat::Png | StillFormat::Pnm | StillFormat::Pam
            ) {
                assert_eq!(after.picture.format(), source, "{format:?}");
            }
            // The others store grey as equal planes, or know no grey with alpha.
            promote(&mut before, &mut after).unwrap();
            assert_eq!(after.picture, before.picture, "{format:?} {source:?}");
        }
    }
}

#[test]
fn jpeg_stays_close_and_keeps_grey() {
    for source in [Format::gray(8), Format::rgb(8)] {
        let before: Still = {
            let ramp = Plane::from_shape_fn((40, 48), |(y, x)| (2 * x + 3 * y) as f32);
            let planes = vec![ramp; source.plane_count()];
            Picture::new(source, planes).unwrap().into()
        };
        let after = read_bytes(&written(&before, StillFormat::Jpeg)).unwrap();
        assert_eq!(after.picture.format(), source);
        for (a, b) in after.picture.planes().iter().zip(before.picture.planes()) {
            let worst = (a - b).iter().fold(0.0f32, |m, d| m.max(d.abs()));
            assert!(worst <= 4.0, "{worst}");
        }
    }
}

#[test]
fn profiles_survive_byte_for_byte() {
    for format in [Format::gray(8), Format::rgb(8)] {
        let mut still = sample(format);
        let space = if format.color_planes() == 1 {
            b"GRAY"
        } else {
            b"RGB "
        };
        still.icc = Some(profile(space));
        for kind in [StillFormat::Png, StillFormat::Tiff, StillFormat::Jpeg] {
            let after = read_bytes(&written(&still, kind)).unwrap();
            assert_eq!(after.icc, still.icc, "{kind:?} {format:?}");
        }
        let after = read_bytes(&written(&still, StillFormat::WebP)).unwrap();
        // A grey WebP comes back as RGB, which a grey profile does not describe.
        let expected = still.icc.filter(|_| format.color_planes() == 3);
        assert_eq!(after.icc, expected);
    }
}

#[test]
fn a_profile_for_another_colour_model_is_dropped() {
    let mut still = sample(Format::rgb(8));
    still.icc = Some(profile(b"CMYK"));
    assert_eq!(
        read_bytes(&written(&still, StillFormat::Png)).unwrap().icc,
        None
    );
}

#[test]
fn transparency_is_never_lost_in_silence() {
    let transparent = sample(Format::rgb(8).with_alpha());
    for format in [StillFormat::Jpeg, StillFormat::Pnm] {
        let result = write(&transparent, format, Cursor::new(Vec::new()));
        assert!(matches!(result, Err(StillError::NoAlpha(_))));
    }
    let mut opaque = transparent;
    opaque.picture.planes_mut()[3].fill(255.0);
    let after = read_bytes(&written(&opaque, StillFormat::Pnm)).unwrap();
    assert_eq!(after.picture.format(), Format::rgb(8));
    assert_eq!(after.picture.planes(), &opaque.picture.planes()[..3]);
}

#[test]
fn sixteen_bits_are_rounded_where_eight_are_held() {
    let deep = sample(Format::rgb(16));
    let after = read_bytes(&written(&deep, StillFormat::Bmp)).unwrap();
    for (a, b) in after.picture.planes().iter().zip(deep.picture.planes()) {
        assert!(a.iter().zip(b).all(|(a, b)| (a - b / 257.0).abs() <= 0.5));
    }
}

#[test]
fn a_file_cut_in_half_is_refused() {
    for format in EXACT.into_iter().chain([StillFormat::Jpeg]) {
        let bytes = written(&sample(Format::rgb(8)), format);
        let error = read_bytes(&bytes[..bytes.len() / 2]).unwrap_err();
        assert!(
            matches!(error, StillError::Broken(..)),
            "{format:?} {error}"
        );
    }
}

#[test]
fn damaged_files_are_refused_or_read_but_never_panic() {
    let mut seed = 1u32;
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize
    };
    for format in EXACT.into_iter().chain([StillFormat::Jpeg]) {
        let whole = written(&sample(Format::rgb(8)), format);
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random() % 4 {
                // Most often in the first bytes, where the headers are.
                let end = if random() % 2 == 0 { bytes.len() } else { 48 };
                bytes[random() % end] = random() as u8;
            }
            let _ = read_bytes(&bytes);
        }
    }
}

#[test]
fn palettes_and_few_bits_are_expanded() {
    use ::png::{BitDepth, ColorType};
    let palette = [10, 20, 30, 200, 100, 0];
    for (depth, row) in [
        (BitDepth::One, vec![0b0100_0000]),
        (BitDepth::Two, vec![0b0001_0000]),
        (BitDepth::Four, vec![0x01, 0x00]),
        (BitDepth::Eight, vec![0, 1, 0]),
    ] {
        for alpha in [false, true] {
            let mut bytes = Vec::new();
            let mut encoder = ::png::Encoder::new(&mut bytes, 3, 1);
            encoder.set_color(ColorType::Indexed);
            encoder.set_depth(depth);
            encoder.set_palette(&palette[..]);
            if alpha {
                encoder.set_trns(&[255, 64][..]);
            }
            let mut writer = encoder.write_header().unwrap();
            writer.write_image_data(&row).unwrap();
            writer.finish().unwrap();
            let still = read_bytes(&bytes).unwrap();
            assert_eq!(still.picture.format().alpha, alpha);
            let second: Vec<f32> = still.picture.planes().iter().map(|p| p[(0, 1)]).collect();
            let expected = [200.0, 100.0, 0.0, 64.0];
            assert_eq!(second, expected[..still.picture.planes().len()]);
        }
    }
    let two_bit_gray = {
        let mut bytes = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut bytes, 4, 1);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::Two);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[0b0001_1011]).unwrap();
        writer.finish().unwrap();
        read_bytes(&bytes).unwrap()
    };
    let row: Vec<f32> = two_bit_gray.picture.planes()[0].iter().copied().collect();
    assert_eq!(row, [0.0, 85.0, 170.0, 255.0]);
}

#[test]
fn netpbm_of_any_maximum_is_scaled_to_the_full_range() {
    let still = read_bytes(b"P2\n3 1\n15\n0 5 15\n").unwrap();
    let row: Vec<f32> = still.picture.planes()[0].iter().copied().collect();
    assert_eq!(row, [0.0, 85.0, 255.0]);
    let still = read_bytes(b"P2\n3 1\n1023\n0 341 1023\n").unwrap();
    let row: Vec<f32> = still.picture.planes()[0].iter().copied().collect();
    assert_eq!(row, [0.0, 21845.0, 65535.0]);
}

#[test]
fn orientation_tags_are_applied() {
    // Exif: little-endian TIFF, one entry, Orientation (0x0112) = 6: turn clockwise to show.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let left_half_white: Vec<u8> = (0..16 * 8)
        .map(|i| if i % 16 < 8 { 255 } else { 0 })
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 100);
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    encoder
        .write_image(&left_half_white, 16, 8, ExtendedColorType::L8)
        .unwrap();
    let still = read_bytes(&bytes).unwrap();
    assert_eq!((still.picture.width(), still.picture.height()), (8, 16));
    let plane = &still.picture.planes()[0];
    assert!(plane[(2, 4)] > 250.0 && plane[(13, 4)] < 5.0);
}

#[test]
fn promotion_is_exact() {
    let (mut a, mut b) = (
        sample(Format::gray(8)),
        sample(Format::rgb(16).with_alpha()),
    );
    let (gray, untouched) = (a.picture.planes()[0].clone(), b.picture.clone());
    promote(&mut a, &mut b).unwrap();
    assert_eq!(b.picture, untouched);
    assert_eq!(a.picture.format(), b.picture.format());
    for plane in &a.picture.planes()[..3] {
        assert_eq!(plane, &(257.0 * &gray));
    }
    assert!(a.picture.planes()[3].iter().all(|&v| v == 65535.0));
}

#[test]
fn decompression_bombs_are_refused() {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, 200_000, 200_000);
    encoder.set_color(::png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_chunk(::png::chunk::IDAT, &[0; 10]).unwrap();
    drop(writer);
    let error = read_bytes(&bytes).unwrap_err();
    assert!(matches!(error, StillError::TooLarge(..)), "{error}");
}
