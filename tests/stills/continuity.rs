//! The way of a mass as a fluid: kinetic energy (Benamou & Brenier 2000) and the continuity equation.

use crate::common::normal::Normal;
use crate::common::room::Room;
use otinterp::mass::{Mass, MassOptions};
use otinterp::picture::Plane;
use otinterp_cli::data::Opened;
use otinterp_cli::data::field::{self, FieldFormat};
use otinterp_cli::flow::read_map;
use serde_json::Value;
use std::fs::File;

const DIM: (usize, usize) = (110, 150);

/// Two normal densities of one total, in `(x, y)` px.
fn ends() -> [Normal; 2] {
    [
        Normal {
            mean: [45.0, 40.0],
            covariance: [[60.0, 15.0], [15.0, 30.0]],
        },
        Normal {
            mean: [95.0, 70.0],
            covariance: [[35.0, -10.0], [-10.0, 80.0]],
        },
    ]
}

fn density(g: &Normal) -> Plane {
    g.density(DIM, 1e4 / g.determinant().sqrt())
}

fn room() -> Room {
    let room = Room::new();
    for (name, g) in ["a.npy", "b.npy"].iter().zip(ends()) {
        let file = File::create(room.path(name)).unwrap();
        field::write(&density(&g), FieldFormat::Npy, file).unwrap();
    }
    room
}

/// Least action is the squared distance: between normal densities Bures' closed form.
#[test]
fn the_energy_of_the_map_is_the_squared_distance() {
    let room = room();
    let [a, b] = ends();
    let bures = a.wasserstein(&b).powi(2);
    for way in ["", "--backward"] {
        let said = room.ok(&format!("flow a.npy b.npy --method mass --json {way}"));
        let report: Value = serde_json::from_slice(&said).unwrap();
        let energy = report["energy_px2"].as_f64().unwrap();
        let distance = report["squared_distance_px2"].as_f64().unwrap();
        assert!((energy / bures - 1.0).abs() < 0.01, "{energy} {bures}");
        assert!((distance / bures - 1.0).abs() < 0.01, "{distance} {bures}");
    }
}

/// `d/dt ∫ phi rho_t = ∫ grad phi · v rho_t` for waves phi: the continuity equation in its weak form. The left side comes from frames, the
/// right one from the map alone.
#[test]
fn frames_move_as_the_map_says() {
    let room = room();
    room.ok("flow a.npy b.npy --method mass -q -o ab.npy");
    let map = read_map(Opened::open(&room.path("ab.npy")).unwrap()).unwrap();
    let planes = ends().map(|g| density(&g));
    let mass =
        Mass::between_fields([&planes[0], &planes[1]], &MassOptions::default(), 1 << 20).unwrap();
    let total: f64 = planes[0].iter().map(|&m| f64::from(m)).sum();
    let dt = 0.05;
    for t in [0.3, 0.5, 0.8] {
        for (kx, ky, phase) in [
            (0.05, 0.0, 0.3),
            (0.0, 0.06, 1.0),
            (0.04, -0.05, 2.0),
            (0.08, 0.03, 0.0),
        ] {
            let angle = |x: f64, y: f64| kx * x + ky * y + phase;
            let integral = |t: f64| -> f64 {
                let frame = mass.at(t as f32).pop().unwrap();
                frame
                    .indexed_iter()
                    .map(|((y, x), &m)| f64::from(m) * angle(x as f64, y as f64).sin())
                    .sum()
            };
            let left = (integral(t + dt) - integral(t - dt)) / (2.0 * dt);
            let right: f64 = planes[0]
                .indexed_iter()
                .filter(|(at, _)| !map.dx[*at].is_nan())
                .map(|((y, x), &m)| {
                    let (dx, dy) = (f64::from(map.dx[(y, x)]), f64::from(map.dy[(y, x)]));
                    let here = angle(x as f64 + t * dx, y as f64 + t * dy);
                    f64::from(m) * here.cos() * (kx * dx + ky * dy)
                })
                .sum();
            // As a share of the fastest that a wave of this length could change: the mean displacement is 58 px.
            let scale = total * f64::hypot(kx, ky) * 58.0;
            assert!(
                (left - right).abs() < 0.01 * scale,
                "t {t}: {left} {right} {scale}"
            );
        }
    }
}

#[test]
fn where_there_is_no_mass_the_map_is_unknown() {
    let room = room();
    room.flat("black.png", (40, 30), 0);
    let mut half = image::RgbImage::from_pixel(40, 30, image::Rgb([0; 3]));
    half.enumerate_pixels_mut()
        .filter(|(x, ..)| *x < 20)
        .for_each(|(.., p)| p.0 = [90; 3]);
    let mut png = std::io::Cursor::new(Vec::new());
    half.write_to(&mut png, image::ImageFormat::Png).unwrap();
    room.write("half.png", png.get_ref());
    room.ok("flow half.png half.png --method mass -q -o h.npy -o h.flo -o h.png -o h.svg -o confidence:c.png");
    let map = read_map(Opened::open(&room.path("h.npy")).unwrap()).unwrap();
    assert!(map.dx[(10, 30)].is_nan() && map.dx[(10, 10)].abs() < 1e-3);
    room.fails(
        "flow half.png black.png --method mass -o x.flo",
        1,
        &["black.png", "no mass"],
    );
    room.fails(
        "flow half.png black.png --method hold",
        2,
        &["hold", "ot or mass"],
    );
    room.fails(
        "flow half.png black.png --method mass --mass rgb",
        2,
        &["luma or alpha"],
    );
    room.fails(
        "flow half.png black.png --background 3",
        2,
        &["--method mass"],
    );
}
