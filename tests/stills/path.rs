//! `otinterp path`: the way between two densities in numbers.

use crate::common::normal::Normal;
use crate::common::room::Room;
use ndarray::Array2;
use otinterp::picture::{Format, Picture, still};
use otinterp_cli::data::field::{self, FieldFormat};
use serde_json::Value;
use std::fs::File;

/// Height and width.
const DIM: (usize, usize) = (100, 150);

fn ends() -> [Normal; 2] {
    [
        Normal {
            mean: [40.0, 40.5],
            covariance: [[40.0, 10.0], [10.0, 30.0]],
        },
        Normal {
            mean: [105.3, 62.0],
            covariance: [[60.0, -20.0], [-20.0, 70.0]],
        },
    ]
}

/// A folder with the two ends as 16-bit pictures and as fields.
fn room() -> Room {
    let room = Room::new();
    for (name, (g, peak)) in ["a", "b"]
        .into_iter()
        .zip(ends().iter().zip([50_000.0, 30_000.0]))
    {
        let plane = g.density(DIM, peak);
        let file = |e: &str| File::create(room.path(name).with_extension(e)).unwrap();
        field::write(&plane, FieldFormat::Npy, file("npy")).unwrap();
        let mut picture = Picture::new(Format::gray(16), vec![plane]).unwrap();
        picture.quantize();
        still::write_png(&picture.into(), file("png")).unwrap();
    }
    room
}

/// The bound that the documentation states.
fn assert_on_geodesic(found: f64, truth: f64, whole: f64) {
    assert!(
        (found - truth).abs() < 1e-3 * whole + 0.01,
        "{found} {truth}"
    );
}

#[test]
fn transport_walks_the_shortest_way_at_constant_speed_and_the_cross_fade_does_not() {
    let room = room();
    let [a, b] = ends();
    let truth = a.wasserstein(&b);
    for inputs in ["a.png b.png", "a.npy b.npy"] {
        let report = room.json(&format!("path {inputs} --frames 3"));
        let number = |value: &Value| value.as_f64().unwrap();
        let whole = number(&report["distance_px"]);
        assert_on_geodesic(whole, truth, truth);
        let [m0, m1] = [0, 1].map(|n| number(&report["masses"][n]));
        let frames = report["frames"].as_array().unwrap();
        assert_eq!(frames.len(), 4);
        for frame in frames {
            let t = number(&frame["t"]);
            let transport = &frame["transport"];
            assert_on_geodesic(number(&transport["distance_px"]), t * whole, whole);
            assert!((number(&transport["energy_px2"]) / (whole * whole) - 1.0).abs() < 0.01);
            let mass = (1.0 - t) * m0 + t * m1;
            assert!((number(&transport["mass"]) / mass - 1.0).abs() < 1e-5);
            // W2² is convex in the measure: the fade is at most this far, and further than the geodesic.
            let share = t * m1 / mass;
            let fade = number(&frame["crossfade"]["distance_px"]);
            assert!(fade <= share.sqrt() * whole * 1.01, "{t}: {fade}");
            assert!(t > 0.99 || fade > 1.05 * t * whole, "{t}: {fade}");
        }
        let action = &report["action_px2"];
        assert!((number(&action["transport"]) / (whole * whole) - 1.0).abs() < 0.01);
        assert!(number(&action["crossfade"]) > 1.3 * whole * whole);
        assert!(number(&report["transport_deviation"]) < 1e-3);
    }
}

#[test]
fn the_table_and_the_plot_tell_both_ways() {
    let room = room();
    let stdout = room.ok("path a.png b.png --frames 1 --plot way.svg");
    let table = String::from_utf8(stdout).unwrap();
    for word in [
        "W2(mu0, mu1)",
        "transport",
        "cross-fade",
        "energy",
        "0.500",
        "1.000",
    ] {
        assert!(table.contains(word), "{word}: {table}");
    }
    let svg = std::fs::read_to_string(room.path("way.svg")).unwrap();
    for word in ["<svg", "transport", "cross-fade", "polyline"] {
        assert!(svg.contains(word), "{word}");
    }
}

#[test]
fn what_makes_no_sense_gets_one_line() {
    let room = room();
    let nothing = Array2::zeros(DIM);
    let file = File::create(room.path("none.npy")).unwrap();
    field::write(&nothing, FieldFormat::Npy, file).unwrap();
    for (args, code, why) in [
        ("a.npy none.npy", 1, "none.npy has no mass"),
        ("a.npy b.png", 1, "both must be of one kind"),
        (
            "a.png b.png --plot way.pdf",
            2,
            "figures are written as .svg or .png",
        ),
        ("a.png b.png --mass alpha", 1, "no alpha"),
        ("a.png b.png --unbalanced slack", 2, "makes no sense"),
        ("a.png none.png", 1, "there is no such file"),
    ] {
        room.fails(&format!("path {args}"), code, &[why]);
    }
}
