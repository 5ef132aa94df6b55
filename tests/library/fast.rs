//! Truths that rendering from motions of cells must keep: the preset `fast`, and `balanced` with large pictures.

use crate::pictures::{quantized, shifted, worst_difference, yuv};
use ndarray::{Array2, s};
use otinterp::picture::{Format, Range};
use otinterp::{Interpolator, Method, Picture, Preset};

/// Width and height: odd, and large enough not to be left to the other renderer.
const SIZE: (usize, usize) = (211, 149);

/// Above a megapixel, where `fast` has larger cells and `balanced` has cells; also odd.
const LARGE: (usize, usize) = (1301, 807);

fn moved(format: Format, dx: f64, dy: f64) -> Picture {
    moved_of(SIZE, format, dx, dy)
}

fn moved_of(size: (usize, usize), format: Format, dx: f64, dy: f64) -> Picture {
    quantized(shifted(format, size, dx, dy))
}

fn formats() -> Vec<Format> {
    vec![
        Format::rgb(8),
        Format::gray(16),
        yuv(1, 1, 8, Range::Limited),
        yuv(1, 1, 8, Range::Limited).with_alpha(),
        yuv(1, 0, 10, Range::Full),
        yuv(0, 1, 8, Range::Full),
        yuv(2, 2, 8, Range::Full),
        yuv(0, 0, 10, Range::Limited),
        Format::rgb(16).with_alpha(),
    ]
}

fn interpolator() -> Interpolator {
    Interpolator::new(Method::Ot, Preset::Fast)
}

#[test]
fn the_ends_are_the_pictures_and_between_equal_ones_lies_that_picture() {
    for format in formats() {
        let (a, b) = (moved(format, 0.0, 0.0), moved(format, 3.3, -1.2));
        let transition = interpolator().between(&a, &b).unwrap();
        assert_eq!(transition.at(0.0), a);
        assert_eq!(transition.at(1.0), b);
        let copy = a.clone();
        assert_eq!(interpolator().between(&a, &copy).unwrap().at(0.3), a);
    }
}

#[test]
fn a_shift_gives_part_of_the_shift_in_every_format() {
    for format in formats() {
        let opaque = format.alpha.then(|| {
            let (width, height) = SIZE;
            Array2::from_elem((height, width), format.max_code())
        });
        let seen = |dx, dy| {
            let mut picture = moved(format, dx, dy);
            if let (Some(opaque), Some(alpha)) = (&opaque, picture.planes_mut().last_mut()) {
                alpha.assign(opaque);
            }
            picture
        };
        for (dx, dy, t) in [(4.0, 0.0, 0.5), (-12.0, 8.0, 0.25), (5.0, -3.0, 0.7)] {
            let (a, b) = (seen(0.0, 0.0), seen(dx, dy));
            let found = interpolator().between(&a, &b).unwrap().at(t);
            let t = f64::from(t);
            let truth = seen(t * dx, t * dy);
            // The texture's shortest waves are 8 px of luma, 2 samples where chroma is a quarter as large: those are lost.
            let coarse = format.chroma_shift_x == 2;
            let bound = if coarse { 60.0 } else { 6.0 };
            let difference = worst_difference(&found, &truth, 24);
            assert!(
                difference <= bound,
                "{format:?} {dx},{dy}: {difference} grey levels"
            );
        }
    }
}

#[test]
fn a_shift_gives_part_of_the_shift_in_large_pictures() {
    for format in formats().into_iter().filter(|format| !format.alpha) {
        let [a, b, truth] =
            [(0.0, 0.0), (10.0, -6.5), (4.0, -2.6)].map(|(dx, dy)| moved_of(LARGE, format, dx, dy));
        let coarse = format.chroma_shift_x == 2;
        let bound = if coarse { 60.0 } else { 6.0 };
        for preset in [Preset::Fast, Preset::Balanced] {
            let interpolator = Interpolator::new(Method::Ot, preset);
            let found = interpolator.between(&a, &b).unwrap().at(0.4);
            let difference = worst_difference(&found, &truth, 48);
            assert!(
                difference <= bound,
                "{preset:?} {format:?}: {difference} grey levels"
            );
        }
    }
}

#[test]
fn where_nothing_changes_nothing_changes() {
    for format in formats() {
        let a = moved(format, 0.0, 0.0);
        let mut b = a.clone();
        for plane in b.planes_mut() {
            let (h, w) = plane.dim();
            let corner = s![h / 8..h / 3, w / 16..w / 6];
            plane
                .slice_mut(corner)
                .mapv_inplace(|v| format.max_code() - v);
        }
        let middle = interpolator().between(&a, &b).unwrap().at(0.5);
        for (p, q) in middle.planes().iter().zip(a.planes()) {
            let far = s![.., p.ncols() * 5 / 8..];
            assert_eq!(p.slice(far), q.slice(far), "{format:?}");
        }
    }
}

#[test]
fn exchanging_the_pictures_reverses_time_and_threads_change_nothing() {
    let format = Format::rgb(8);
    for (preset, size) in [(Preset::Fast, SIZE), (Preset::Balanced, LARGE)] {
        let interpolator = Interpolator::new(Method::Ot, preset);
        let a = moved_of(size, format, 0.0, 0.0);
        let mut b = moved_of(size, format, 4.4, 2.7);
        // An occlusion, so that the two directions differ.
        for plane in b.planes_mut() {
            plane.slice_mut(s![50..90, 60..120]).fill(200.0);
        }
        let there = interpolator.between(&a, &b).unwrap();
        let back = interpolator.between(&b, &a).unwrap();
        for t in [0.25, 0.5, 0.625] {
            let difference = worst_difference(&there.at(t), &back.at(1.0 - t), 0);
            assert!(difference <= 1.0, "{preset:?}, t = {t}: {difference}");
        }
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let at = || interpolator.between(&a, &b).unwrap().at(0.4);
            pool.build().unwrap().install(at)
        };
        let one = run(1);
        assert_eq!(one, run(2));
        assert_eq!(one, run(5));
    }
}

#[test]
fn a_change_of_light_does_not_hide_the_motion() {
    let format = Format::rgb(8);
    let darker = |mut picture: Picture, gain: f32| {
        for plane in picture.planes_mut() {
            plane.mapv_inplace(|v| gain * v);
        }
        picture.quantize();
        picture
    };
    let a = moved(format, 0.0, 0.0);
    let b = darker(moved(format, 6.0, -4.0), 0.6);
    let found = interpolator().between(&a, &b).unwrap().at(0.5);
    let truth = darker(moved(format, 3.0, -2.0), 0.8);
    let difference = worst_difference(&found, &truth, 24);
    assert!(difference <= 4.0, "{difference} grey levels");
}
