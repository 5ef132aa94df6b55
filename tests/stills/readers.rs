//! What pictures come as: kinds that are read, kept, named and refused, and the limits.

use crate::common::room::Room;
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use std::io::Cursor;
use tiff::encoder::{TiffEncoder, colortype};

const SIDE: u32 = 32;

/// A square of 200 on 40, moved right.
fn square(shift: u32) -> RgbImage {
    RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let inside = (8 + shift..20 + shift).contains(&x) && (8..20).contains(&y);
        Rgb([if inside { 200 } else { 40 }; 3])
    })
}

/// A chunk of a PNG.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let crc = [&kind[..], data].concat().iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
        })
    });
    let length = (data.len() as u32).to_be_bytes();
    [&length[..], kind, data, &(!crc).to_be_bytes()].concat()
}

/// A PNG with more chunks behind its header.
fn png_with(picture: &RgbImage, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    const HEADER_END: usize = 33;
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let mut bytes = png.into_inner();
    let more = chunks.iter().flat_map(|(kind, data)| chunk(kind, data));
    bytes.splice(HEADER_END..HEADER_END, more);
    bytes
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn what_a_png_says_of_its_colours_is_kept_or_named() {
    let room = Room::new();
    let chunks: [(&[u8; 4], &[u8]); 3] = [
        (b"cICP", &[9, 16, 0, 1]),
        (b"gAMA", &100_000u32.to_be_bytes()),
        (b"pHYs", &[0, 0, 11, 19, 0, 0, 11, 19, 1]),
    ];
    room.write("a.png", &png_with(&square(0), &chunks));
    room.write("b.png", &png_with(&square(4), &chunks));
    for (args, out) in [("-o m.png", "m.png"), ("-n 2 -o m.apng", "m.apng")] {
        let said = room.run(&format!("frames a.png b.png {args}")).stderr;
        assert!(
            !String::from_utf8_lossy(&said).contains("warning"),
            "{args}"
        );
        let made = std::fs::read(room.path(out)).unwrap();
        for (kind, data) in &chunks {
            assert!(holds(&made, &chunk(kind, data)), "{out}: {kind:?}");
        }
    }
    for out in ["m.jpg", "m.tif", "m.gif"] {
        let output = room.run(&format!("frames a.png b.png -o {out}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success() && said.contains("cICP, gAMA, pHYs"),
            "{out}: {said}"
        );
    }
    // Of another colour than the first: said, and the first one's are written.
    room.write("c.png", &png_with(&square(4), &[(b"cICP", &[1, 1, 0, 1])]));
    let output = room.run("frames a.png c.png -o other.png");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("different tags of colour"), "{said}");
    let made = std::fs::read(room.path("other.png")).unwrap();
    assert!(holds(&made, &chunk(chunks[0].0, chunks[0].1)));
}

/// EXIF of one entry, the orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let entry = [0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0];
    [&b"II\x2A\0\x08\0\0\0\x01\0"[..], &entry, &[0; 4]].concat()
}

#[test]
fn exif_is_kept_and_its_orientation_is_that_of_the_pixels() {
    let room = Room::new();
    for (name, shift) in [("a.jpg", 0), ("b.jpg", 4)] {
        let mut jpeg = Vec::new();
        let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 95);
        encoder.set_exif_metadata(exif(6)).unwrap();
        let picture = square(shift);
        encoder
            .write_image(&picture, SIDE, SIDE, ExtendedColorType::Rgb8)
            .unwrap();
        room.write(name, &jpeg);
    }
    for out in ["m.jpg", "m.png", "m.webp"] {
        let output = room.run(&format!("frames a.jpg b.jpg -o {out}"));
        assert!(output.status.success());
        assert!(
            !String::from_utf8_lossy(&output.stderr).contains("EXIF"),
            "{out}"
        );
        let made = std::fs::read(room.path(out)).unwrap();
        assert!(holds(&made, &exif(1)) && !holds(&made, &exif(6)), "{out}");
    }
    let output = room.run("frames a.jpg b.jpg -o m.tif");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("TIFF") && said.contains("EXIF"), "{said}");
}

fn tiff_of(picture: &RgbImage, big: bool) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let written = if big {
        TiffEncoder::new_big(&mut out)
            .unwrap()
            .write_image::<colortype::RGB8>(SIDE, SIDE, picture)
    } else {
        TiffEncoder::new(&mut out)
            .unwrap()
            .write_image::<colortype::RGB8>(SIDE, SIDE, picture)
    };
    written.unwrap();
    out.into_inner()
}

/// A TIFF of these tags (kind 3: 16 bits, kind 4: 32 bits) in front of data whose place is the tag 273.
fn raw_tiff(tags: &[(u16, u16, u32)], data: &[u8]) -> Vec<u8> {
    let data_at = 8 + 2 + 12 * tags.len() as u32 + 4;
    let mut bytes = b"II\x2A\0\x08\0\0\0".to_vec();
    bytes.extend((tags.len() as u16).to_le_bytes());
    for &(tag, kind, value) in tags {
        let value = if tag == 273 { data_at } else { value };
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes.extend(data);
    bytes
}

fn pfm(picture: &RgbImage, white: f32) -> Vec<u8> {
    let mut bytes = format!("PF\n{SIDE} {SIDE}\n-1.0\n").into_bytes();
    for y in (0..SIDE).rev() {
        for x in 0..SIDE {
            let values = picture[(x, y)].0.map(|v| white * f32::from(v) / 255.0);
            bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        }
    }
    bytes
}

/// The largest difference of a picture to the square.
fn off(room: &Room, name: &str, shift: u32) -> i32 {
    let made = image::open(room.path(name)).unwrap().to_rgb8();
    let pairs = made.iter().zip(square(shift).into_raw());
    pairs
        .map(|(a, b)| (i32::from(*a) - i32::from(b)).abs())
        .max()
        .unwrap()
}

#[test]
fn uncommon_kinds_are_read() {
    let room = Room::new();
    for (name, shift) in [("a", 0), ("b", 4)] {
        let picture = square(shift);
        room.write(&format!("{name}.big.tif"), &tiff_of(&picture, true));
        room.write(&format!("{name}.pfm"), &pfm(&picture, 1.0));
        // JPEG's own Y'CbCr in one strip, as scanners and microscopes write it.
        let mut jpeg = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 95)
            .write_image(&picture, SIDE, SIDE, ExtendedColorType::Rgb8)
            .unwrap();
        let length = jpeg.len() as u32;
        let tags = [
            (256, 3, SIDE),
            (257, 3, SIDE),
            (258, 3, 8),
            (259, 3, 7),
            (262, 3, 6),
            (273, 4, 0),
            (277, 3, 3),
            (278, 3, SIDE),
            (279, 4, length),
        ];
        room.write(&format!("{name}.jpeg.tif"), &raw_tiff(&tags, &jpeg));
    }
    for (kind, most) in [("big.tif", 0), ("pfm", 0), ("jpeg.tif", 6)] {
        room.ok(&format!(
            "frames a.{kind} b.{kind} --times 0,1 -y -o t%d.png"
        ));
        for (name, shift) in [("t1.png", 0), ("t2.png", 4)] {
            assert!(off(&room, name, shift) <= most, "{kind} {name}");
        }
    }
}

#[test]
fn what_is_no_picture_that_is_read_is_named() {
    let room = Room::new();
    room.flat("b.png", (SIDE, SIDE), 9);
    let gray = [(256, 3, SIDE), (257, 3, SIDE)];
    let with = |more: &[(u16, u16, u32)], data: &[u8]| raw_tiff(&[&gray[..], more].concat(), data);
    let place = [
        (273u16, 4u16, 0u32),
        (277, 3, 1),
        (278, 3, SIDE),
        (279, 4, 1024),
    ];
    let palette = [&[(258, 3, 8), (259, 3, 1), (262, 3, 3)][..], &place].concat();
    let twelve = [&[(258, 3, 12), (259, 3, 1), (262, 3, 1)][..], &place].concat();
    let float = [(258, 3, 32), (259, 3, 1), (262, 3, 1), (339, 3, 3)];
    let float = [&float[..3], &place, &float[3..]].concat();
    let hierarchical = [
        0xFF, 0xD8, 0xFF, 0xC5, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0, 0xFF, 0xD9,
    ];
    let clip = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
    let files: [(&str, Vec<u8>, &[&str]); 11] = [
        ("palette.tif", with(&palette, &[0; 1024]), &["a palette"]),
        ("twelve.tif", with(&twelve, &[0; 2048]), &["12-bit grey"]),
        (
            "float.tif",
            with(&float, &[0; 4096]),
            &["a field of numbers"],
        ),
        (
            "hierarchical.jpg",
            hierarchical.to_vec(),
            &["a hierarchical JPEG", "convert it"],
        ),
        ("clip.png", clip.to_vec(), &["is a clip", "otinterp retime"]),
        (
            "phone.heic",
            b"\0\0\0\x18ftypheic\0\0\0\0".to_vec(),
            &["a HEIC picture"],
        ),
        (
            "photo.jxl",
            b"\xFF\x0A\x12\x34".to_vec(),
            &["a JPEG XL picture"],
        ),
        (
            "._a.png",
            b"\0\x05\x16\x07\0\x02\0\0".to_vec(),
            &["macOS", "not a picture"],
        ),
        ("empty.png", Vec::new(), &["is empty"]),
        ("light.pfm", pfm(&square(0), 3.0), &["is 2.35", "tone-map"]),
        (
            "lfs.png",
            b"version https://git-lfs.github.com/spec/v1\n".to_vec(),
            &["Git LFS"],
        ),
    ];
    for (name, bytes, words) in files {
        room.write(name, &bytes);
        room.fails(
            &format!("frames {name} b.png -o m.png"),
            1,
            &[&[name], words].concat(),
        );
        let piped = room.run_with_stdin("frames - b.png -o m.png", bytes);
        let said = String::from_utf8(piped.stderr).unwrap();
        assert!(
            said.contains("standard input") && said.contains(words[0]),
            "{said}"
        );
    }
}

/// A PNG of zeros with a bit a pixel: the most pixels that a byte can stand for.
fn dense_png(side: u32) -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().unwrap();
    let rows = vec![0; side.div_ceil(8) as usize * side as usize];
    writer.write_image_data(&rows).unwrap();
    writer.finish().unwrap();
    png
}

#[test]
fn memory_does_not_follow_what_a_picture_claims() {
    let room = Room::new();
    room.flat("b.png", (SIDE, SIDE), 9);
    room.write("dense.png", &dense_png(16_384));
    for command in [
        "distance dense.png dense.png",
        "frames dense.png b.png -o m.png",
    ] {
        room.fails(command, 1, &["dense.png", "too large", "16384x16384"]);
    }
    // Headers that claim more than there is, of every kind that is written by hand here.
    let mut flo = b"PIEH".to_vec();
    flo.extend([100_000i32, 100_000].iter().flat_map(|n| n.to_le_bytes()));
    room.write("claims.flo", &flo);
    room.write("claims.pfm", b"PF\n100000 100000\n-1.0\n\0\0\0\0");
    room.fails(
        "flow b.png b.png --truth claims.flo",
        1,
        &["claims.flo", "bytes"],
    );
    room.fails(
        "flow b.png b.png --truth claims.pfm",
        1,
        &["claims.pfm", "too large"],
    );
    room.fails(
        "frames claims.pfm b.png -o m.png",
        1,
        &["claims.pfm", "too large"],
    );
}

/// Sources without end are left at once, or at the limit.
#[cfg(unix)]
#[test]
fn what_never_ends_is_not_read_to_its_end() {
    let room = Room::new();
    room.flat("a.png", (SIDE, SIDE), 9);
    room.write("a.csv", b"1,2\n");
    // Not in the room, all of whose files are read to see that none was changed.
    let endless = tempfile::tempdir().unwrap();
    for name in ["zero.csv", "zero.png", "zero.toml"] {
        std::os::unix::fs::symlink("/dev/zero", endless.path().join(name)).unwrap();
    }
    for (command, name, word) in [
        (
            "frames zero.png a.png -o m.png",
            "zero.png",
            "not a picture",
        ),
        ("distance zero.csv a.csv", "zero.csv", "no text"),
        ("points a.csv zero.csv", "zero.csv", "no text"),
        ("flow a.png a.png --truth zero.csv", "zero.csv", "no map"),
        ("score . --floors zero.toml", "zero.toml", "16 MiB"),
    ] {
        let place = endless.path().join(name).display().to_string();
        room.fails(&command.replace(name, &place), 1, &[name, word]);
    }
}
