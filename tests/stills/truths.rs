//! True maps of every kind that people have, and from pipes.

use crate::common::room::Room;
use crate::common::texture::texture;
use image::{Rgb, RgbImage};
use std::io::Write;

const SIZE: (u32, u32) = (96, 64);
const SHIFT_PX: f32 = 2.0;

fn room() -> Room {
    let room = Room::new();
    for (name, shift) in [("a.png", 0.0), ("b.png", f64::from(SHIFT_PX))] {
        let picture = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
            let (x, y) = (f64::from(x) - shift, f64::from(y));
            Rgb([0, 1, 2].map(|channel| texture(x, y, channel) as u8))
        });
        picture.save(room.path(name)).unwrap();
    }
    room
}

/// An array file as NumPy writes it (NEP 1).
fn npy(descr: &str, shape: &str, fortran: bool, values: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{header:<117}\n").bytes());
    bytes.extend(values);
    bytes
}

/// The shift in every pixel, `values(dx or dy)` after one another or in turn.
fn shift(in_turn: bool) -> Vec<f32> {
    let pixels = (SIZE.0 * SIZE.1) as usize;
    match in_turn {
        true => [SHIFT_PX, 0.0].repeat(pixels),
        false => [vec![SHIFT_PX; pixels], vec![0.0; pixels]].concat(),
    }
}

fn singles(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[test]
fn maps_of_every_kind_are_the_same_map() {
    let room = room();
    let (w, h) = SIZE;
    let last = format!("({h}, {w}, 2)");
    // 2 as a 16-bit floating-point number is 0x4000.
    let halves = [0x00, 0x40, 0x00, 0x00].repeat((w * h) as usize);
    let plain = npy("<f4", &last, false, &singles(&shift(true)));
    room.write("f.npy", &npy("<f4", &last, true, &singles(&shift(false))));
    room.write("h.npy", &npy("<f2", &last, false, &halves));
    let first = format!("(1, 2, {h}, {w})");
    room.write("c.npy", &npy("<f4", &first, false, &singles(&shift(false))));
    let file = std::fs::File::create(room.path("z.npz")).unwrap();
    let mut zip = zip::ZipWriter::new(file);
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("flow.npy", stored).unwrap();
    zip.write_all(&plain).unwrap();
    zip.finish().unwrap();
    let mut pfm = format!("PF\n{w} {h}\n-1.0\n").into_bytes();
    pfm.extend(singles(&[SHIFT_PX, 0.0, 0.0].repeat((w * h) as usize)));
    room.write("p.pfm", &pfm);
    // What is unknown in 8 rows is 1e9 there, as Middlebury's own code writes it.
    let mut unknown = shift(true);
    unknown[..2 * 8 * w as usize].fill(1e9);
    let mut flo = b"PIEH".to_vec();
    flo.extend([w, h].iter().flat_map(|n| n.to_le_bytes()));
    flo.extend(singles(&unknown));
    room.write("u.flo", &flo);
    let all = u64::from(w * h);
    for (file, known) in [
        ("f.npy", all),
        ("h.npy", all),
        ("c.npy", all),
        ("z.npz", all),
        ("p.pfm", all),
        ("u.flo", all - 8 * u64::from(w)),
    ] {
        let report = room.json(&format!("flow a.png b.png --truth {file}"));
        assert_eq!(report["pixels_known"], known, "{file}");
        assert!(report["endpoint_px"].as_f64().unwrap() < 0.2, "{file}");
        // The kind is told by the content: another name changes nothing, nor does a pipe.
        std::fs::copy(room.path(file), room.path("renamed.bin")).unwrap();
        let renamed = room.json("flow a.png b.png --truth renamed.bin");
        assert_eq!(renamed["endpoint_px"], report["endpoint_px"], "{file}");
        let bytes = std::fs::read(room.path(file)).unwrap();
        let piped = room.run_with_stdin("flow a.png b.png --json --truth -", bytes);
        let piped: serde_json::Value = serde_json::from_slice(&piped.stdout).unwrap();
        assert_eq!(piped["endpoint_px"], report["endpoint_px"], "{file}");
    }
}

#[test]
fn truths_that_cannot_be_used_say_so_once() {
    let room = room();
    room.write("plane.npy", &npy("<f4", "(2, 2)", false, &[0; 16]));
    room.write("complex.npy", &npy("<c8", "(1, 1, 2)", false, &[0; 16]));
    room.write("short.npy", &npy("<f4", "(8000, 8000, 2)", false, &[0; 16]));
    room.write("one.pfm", b"Pf\n1 1\n-1.0\n\0\0\0\0");
    room.flat("rgb8.png", (4, 4), 9);
    for (file, word) in [
        ("plane.npy", "[2, 2]"),
        ("complex.npy", "c8"),
        ("short.npy", "fewer numbers"),
        ("one.pfm", "three channels"),
        ("rgb8.png", "16-bit"),
    ] {
        room.fails(
            &format!("flow a.png b.png --truth {file}"),
            1,
            &[file, word],
        );
        let output = room.run(&format!("flow a.png b.png --truth {file}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.matches(word).count(), 1, "{said}");
    }
}
