//! `otinterp flow` from the outside: maps of known shifts, files that other readers read, errors.

use crate::common::clips::data;
use crate::common::room::Room;
use crate::common::texture::texture;
use image::{Rgb, RgbImage};
use otinterp::motion::MotionField;
use otinterp_cli::data::Opened;
use otinterp_cli::flow::read_map;
use serde_json::Value;
use std::io::Cursor;

/// A map of whatever kind.
fn map_in(bytes: &[u8]) -> MotionField {
    read_map(Opened::of(Cursor::new(bytes.to_vec())).unwrap()).unwrap()
}

const SIZE: (u32, u32) = (192, 144);
const SHIFT_PX: (f32, f32) = (5.0, -3.0);

/// A texture without a period that repeats within the picture, moved by whole pixels.
fn textured(shift: (i32, i32)) -> Vec<u8> {
    let value = |x: i32, y: i32| {
        let (x, y) = (f64::from(x), f64::from(y));
        let waves = (0.31 * x + 0.17 * y).sin()
            + (0.11 * x - 0.23 * y + 1.0).sin()
            + (0.071 * x + 0.41 * y).cos()
            + (0.53 * x + 0.029 * y).cos();
        (128.0 + 28.0 * waves) as u8
    };
    let picture = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let v = value(x as i32 - shift.0, y as i32 - shift.1);
        Rgb([v, v, 255 - v])
    });
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

fn room() -> Room {
    let room = Room::new();
    room.write("a.png", &textured((0, 0)));
    room.write("b.png", &textured((SHIFT_PX.0 as i32, SHIFT_PX.1 as i32)));
    room
}

/// Median of a plane away from the border.
fn inner(plane: &otinterp::picture::Plane) -> f32 {
    let mut values: Vec<f32> = plane
        .slice(ndarray::s![
            16..SIZE.1 as usize - 16,
            16..SIZE.0 as usize - 16
        ])
        .iter()
        .copied()
        .collect();
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

fn is_shift(field: &MotionField, sign: f32) {
    let found = (inner(&field.dx), inner(&field.dy));
    let off = (found.0 - sign * SHIFT_PX.0).hypot(found.1 - sign * SHIFT_PX.1);
    assert!(off < 0.05, "{found:?}");
}

#[test]
fn a_shift_is_found_and_written_in_every_way() {
    let room = room();
    let said = room.ok(
        "flow a.png b.png --json -o ab.flo -o ab.npy -o kitti:k.png -o ab.png -o ab.svg -o arrows:arrows.png \
         -o confidence:c.npy -o confidence:c.png -o visibility:v.png -o order:o.png",
    );
    let report: Value = serde_json::from_slice(&said).unwrap();
    assert_eq!(report["outputs"].as_array().unwrap().len(), 10);
    assert_eq!(
        (&report["width"], &report["backward"]),
        (&192.into(), &false.into())
    );
    let bytes = |name: &str| std::fs::read(room.path(name)).unwrap();
    let flo = map_in(&bytes("ab.flo"));
    is_shift(&flo, 1.0);
    let squares = flo.dx.iter().chain(&flo.dy).map(|&v| f64::from(v).powi(2));
    let energy = squares.sum::<f64>() / flo.dx.len() as f64;
    let told = report["energy_px2"].as_f64().unwrap();
    assert!((told - energy).abs() < 1e-6 * energy, "{told} {energy}");
    let npy = map_in(&bytes("ab.npy"));
    assert_eq!((&npy.dx, &npy.dy), (&flo.dx, &flo.dy));
    let kitti = map_in(&bytes("k.png"));
    let steps = kitti.dx.iter().zip(&flo.dx).map(|(k, f)| (k - f).abs());
    assert!(steps.fold(0.0, f32::max) <= 0.5 / 64.0 + 1e-4);
    for name in ["ab.png", "arrows.png", "c.png", "v.png", "o.png"] {
        let picture = image::load_from_memory(&bytes(name)).unwrap();
        assert_eq!((picture.width(), picture.height()), SIZE, "{name}");
    }
    // To the right and up: red towards magenta, and of one colour.
    let wheel = image::load_from_memory(&bytes("ab.png")).unwrap().to_rgb8();
    let [r, g, b] = wheel[(96, 72)].0;
    assert!(r > 150 && g < r && b > g, "{r} {g} {b}");
    let confidence = image::load_from_memory(&bytes("c.png")).unwrap().to_luma8();
    assert!(confidence[(96, 72)][0] > 240);
    let svg = String::from_utf8(bytes("ab.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("data:image/png;base64,"));
}

#[test]
fn the_way_back_leads_back_and_pipes_carry_it() {
    let room = room();
    is_shift(
        &map_in(&room.ok("flow a.png b.png --backward -q -o -")),
        -1.0,
    );
    let npy = room.ok("flow a.png b.png -q -o npy:-");
    is_shift(&map_in(&npy), 1.0);
}

#[test]
fn errors_against_the_truth_are_told() {
    let room = room();
    let dim = (SIZE.1 as usize, SIZE.0 as usize);
    let mut truth = MotionField::zeros(0, dim);
    // A truth that is off by (0, 2) px everywhere, and unknown near the border, where the picture is cut off.
    truth.dx.fill(f32::NAN);
    truth
        .dx
        .slice_mut(ndarray::s![
            16..SIZE.1 as usize - 16,
            16..SIZE.0 as usize - 16
        ])
        .fill(SHIFT_PX.0);
    truth.dy.fill(SHIFT_PX.1 + 2.0);
    let mut flo = Vec::new();
    otinterp_cli::flow::write_flo(&truth, &mut flo).unwrap();
    room.write("truth.flo", &flo);
    let report = room.json("flow a.png b.png --truth truth.flo --preset best");
    assert_eq!(report["pixels_known"], (dim.0 - 32) * (dim.1 - 32));
    let endpoint = report["endpoint_px"].as_f64().unwrap();
    assert!((endpoint - 2.0).abs() < 0.05, "{endpoint}");
    // Between (5, -3, 1) and (5, -1, 1).
    let angular = report["angular_deg"].as_f64().unwrap();
    let expected = (29.0 / (35f64 * 27.0).sqrt()).acos().to_degrees();
    assert!((angular - expected).abs() < 0.5, "{angular} {expected}");
}

#[test]
fn equal_pictures_stand_still() {
    let room = room();
    let report = room.json("flow a.png a.png");
    for (name, expected) in [
        ("mean_px", 0.0),
        ("energy_px2", 0.0),
        ("mean_confidence", 1.0),
        ("mean_visibility", 1.0),
    ] {
        assert_eq!(report[name].as_f64().unwrap(), expected, "{name}");
    }
}

#[test]
fn what_cannot_be_is_said_in_a_line() {
    let room = room();
    room.flat("small.png", (20, 20), 9);
    room.write("short.flo", b"PIEH\x02\0\0\0\x02\0\0\0");
    room.write("text.flo", b"nothing of the kind");
    room.write("taken.flo", b"");
    let mut flo = Vec::new();
    otinterp_cli::flow::write_flo(&MotionField::zeros(0, (4, 4)), &mut flo).unwrap();
    room.write("other.flo", &flo);
    room.fails("flow a.png b.png -o x.jpg", 2, &["x.jpg", ".flo"]);
    room.fails("flow a.png b.png -o x.flo -o npy:x.flo", 2, &["x.flo"]);
    room.fails("flow a.png b.png --saturate-px 0", 2, &["above 0"]);
    room.fails("flow a.png small.png -o x.flo", 1, &["small.png", "20x20"]);
    room.fails("flow a.png b.png -o taken.flo", 1, &["taken.flo", "exists"]);
    room.fails(
        "flow a.png b.png --truth short.flo",
        1,
        &["short.flo", "44 bytes"],
    );
    room.fails(
        "flow a.png b.png --truth text.flo",
        1,
        &["text.flo", "no map of displacements"],
    );
    room.fails("flow a.png b.png --truth none.flo", 1, &["none.flo"]);
    room.fails(
        "flow a.png b.png --truth other.flo",
        1,
        &["other.flo", "4x4", "192x144"],
    );
}

/// Endpoint error against true motion, where the data set is there: as good as its predecessors in the field.
#[test]
fn true_motion_is_met() {
    let Some(data) = data("true_motion_is_met") else {
        return;
    };
    let folder = data.join("triplets/middlebury");
    let room = Room::new();
    let mut met = 0;
    for scene in ["Grove2", "RubberWhale", "Urban2", "Venus"] {
        let scene = folder.join(scene);
        let truth = scene.join("flow_im1_to_im3.flo");
        if !truth.exists() {
            eprintln!("skipped: {}: it is not there", truth.display());
            continue;
        }
        let [a, b] = ["im1.png", "im3.png"].map(|name| scene.join(name).display().to_string());
        let report = room.ok(&format!("flow {a} {b} --truth {} --json", truth.display()));
        let report: Value = serde_json::from_slice(&report).unwrap();
        let endpoint = report["endpoint_px"].as_f64().unwrap();
        eprintln!("{}: endpoint error {endpoint:.3} px", scene.display());
        // A shift of the picture by half of its mean motion would be several px.
        assert!(endpoint < 1.0, "{}: {endpoint}", scene.display());
        met += 1;
    }
    eprintln!("{met} scenes with true motion");
}

/// On a parabola the acceleration is one and the same, and by it the paths cost more than straight ones.
#[test]
fn accelerations_are_found_from_the_frames_around() {
    let room = Room::new();
    // 4 s + 2 s², -1 s + s² px at -1, 0, 1 and 2: 4 and 2 px per interval².
    for (name, shift) in [
        ("p", (-2.0, 2.0)),
        ("a", (0.0, 0.0)),
        ("b", (6.0, 0.0)),
        ("n", (16.0, 2.0)),
    ] {
        let picture = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
            let (x, y) = (f64::from(x) - shift.0, f64::from(y) - shift.1);
            Rgb([0, 1, 2].map(|channel| texture(x, y, channel) as u8))
        });
        picture.save(room.path(&format!("{name}.png"))).unwrap();
    }
    let report = |args: &str| -> Value {
        serde_json::from_slice(&room.ok(&format!("flow {args} --json -y"))).unwrap()
    };
    let around = "--before p.png --after n.png";
    let told = report(&format!(
        "a.png b.png {around} -o acceleration:acc.npy -o acceleration:acc.flo -o acceleration:acc.png"
    ));
    let read = |name: &str| std::fs::read(room.path(name)).unwrap();
    for field in [map_in(&read("acc.npy")), map_in(&read("acc.flo"))] {
        let found = [inner(&field.dx), inner(&field.dy)];
        assert!((found[0] - 4.0).hypot(found[1] - 2.0) < 0.3, "{found:?}");
    }
    // ∫|b'|² of b = -t(1-t)·(2, 1) is 5/3.
    let more = told["path_energy_px2"].as_f64().unwrap() - told["energy_px2"].as_f64().unwrap();
    assert!((0.9..1.8).contains(&more), "{more}");
    let back = report(&format!(
        "a.png b.png {around} --backward -o acceleration:back.npy"
    ));
    let field = map_in(&read("back.npy"));
    assert!((inner(&field.dx) - 4.0).abs() < 0.3);
    assert!(back["path_energy_px2"].as_f64() > back["energy_px2"].as_f64());
    assert!(report("a.png b.png")["path_energy_px2"].is_null());
    room.fails(
        "flow a.png b.png -o acceleration:x.npy",
        2,
        &["acceleration", "--before"],
    );
    room.fails(
        "flow a.png b.png --method mass --before p.png",
        2,
        &["--before", "--method ot"],
    );
}
