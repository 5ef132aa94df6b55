//! Truths that the interpolator must keep, on pictures whose in-betweens are known.

use crate::pictures::{quantized, shifted, worst_difference, yuv};
use ndarray::Array2;
use otinterp::picture::{Format, Range};
use otinterp::{Interpolator, Method, Picture, Preset};

fn formats() -> Vec<Format> {
    vec![
        Format::rgb(8),
        Format::gray(16),
        yuv(1, 1, 8, Range::Limited),
        yuv(1, 0, 10, Range::Full),
        yuv(0, 0, 10, Range::Limited),
    ]
}

fn interpolator() -> Interpolator {
    Interpolator::new(Method::Ot, Preset::Balanced)
}

#[test]
fn the_ends_are_the_pictures_themselves() {
    for format in formats() {
        let a = quantized(shifted(format, (75, 49), 0.0, 0.0));
        let b = quantized(shifted(format, (75, 49), 3.3, -1.2));
        for method in [Method::Ot, Method::CrossFade, Method::Hold] {
            let transition = Interpolator::new(method, Preset::Balanced)
                .between(&a, &b)
                .unwrap();
            assert_eq!(transition.at(0.0), a);
            assert_eq!(transition.at(1.0), b);
            assert_eq!(transition.at(-3.0), a);
            assert_eq!(transition.at(f32::INFINITY), b);
        }
    }
}

#[test]
fn between_equal_pictures_lies_that_picture() {
    for format in formats() {
        let a = quantized(shifted(format, (80, 64), 0.0, 0.0));
        let b = a.clone();
        let transition = interpolator().between(&a, &b).unwrap();
        for t in [0.1, 0.5, 0.9] {
            assert_eq!(transition.at(t), a);
        }
    }
}

/// A thread's memory for tiles outlives a pair.
#[test]
fn a_grey_pair_does_not_depend_on_a_coloured_one_before_it() {
    let pair = |format| {
        [(0.0, 0.0), (6.3, -4.2)].map(|(dx, dy)| quantized(shifted(format, (96, 80), dx, dy)))
    };
    let (gray, rgb) = (pair(Format::gray(8)), pair(Format::rgb(8)));
    let middle = |[a, b]: &[Picture; 2]| interpolator().between(a, b).unwrap().at(0.5);
    let alone = |made: &(dyn Fn() -> Picture + Sync)| {
        let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1);
        one_thread.build().unwrap().install(made)
    };
    let first = alone(&|| middle(&gray));
    let second = alone(&|| {
        middle(&rgb);
        middle(&gray)
    });
    assert_eq!(first, second);
}

#[test]
fn where_pictures_are_equal_far_from_any_change_nothing_changes() {
    let a = quantized(shifted(Format::rgb(8), (192, 128), 0.0, 0.0));
    let mut b = a.clone();
    // A patch in one corner changes; the opposite half must not notice.
    for plane in b.planes_mut() {
        plane
            .slice_mut(ndarray::s![8..24, 8..24])
            .mapv_inplace(|v| 255.0 - v);
    }
    let middle = interpolator().between(&a, &b).unwrap().at(0.5);
    for (p, q) in middle.planes().iter().zip(a.planes()) {
        let far = ndarray::s![.., 112..];
        assert_eq!(p.slice(far), q.slice(far));
    }
}

#[test]
fn a_shift_by_whole_pixels_gives_the_half_shift() {
    for format in formats() {
        for (dx, dy) in [
            (2.0, 0.0),
            (0.0, -4.0),
            (6.0, 4.0),
            (-12.0, 8.0),
            (5.0, -3.0),
        ] {
            let size = (160, 128);
            let a = quantized(shifted(format, size, 0.0, 0.0));
            let b = quantized(shifted(format, size, dx, dy));
            let truth = shifted(format, size, dx / 2.0, dy / 2.0);
            let middle = interpolator().between(&a, &b).unwrap().at(0.5);
            // Both the inputs and the output were rounded to whole codes; at half a pixel, cubic
            // convolution of an 8 px wave adds at most another 0.3 grey levels here.
            let whole = |d: f64| d % 4.0 == 0.0 || d % 2.0 == 0.0;
            let even_chroma = dx % 4.0 == 0.0 && dy % 4.0 == 0.0;
            let exact = whole(dx)
                && whole(dy)
                && (even_chroma || (format.chroma_shift_x, format.chroma_shift_y) == (0, 0));
            let rounding = 0.5 * 255.0 / format.max_code();
            let bound = if exact { 0.5 + rounding } else { 1.5 };
            let worst = worst_difference(&middle, &truth, 24);
            assert!(worst <= bound, "{format:?} {dx},{dy}: {worst} grey levels");
        }
    }
}

#[test]
fn exchanging_the_pictures_reverses_time() {
    let format = Format::rgb(8);
    let a = quantized(shifted(format, (150, 101), 0.0, 0.0));
    let mut b = quantized(shifted(format, (150, 101), 4.4, 2.7));
    // An occlusion, so that the two directions differ.
    for plane in b.planes_mut() {
        plane.slice_mut(ndarray::s![30..60, 40..80]).fill(200.0);
    }
    let there = interpolator().between(&a, &b).unwrap();
    let back = interpolator().between(&b, &a).unwrap();
    for t in [0.25, 0.5, 0.625] {
        let worst = worst_difference(&there.at(t), &back.at(1.0 - t), 0);
        assert!(worst <= 1.0, "t = {t}: {worst}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let a = quantized(shifted(Format::rgb(8), (200, 150), 0.0, 0.0));
    let b = quantized(shifted(Format::rgb(8), (200, 150), 7.3, -5.1));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| interpolator().between(&a, &b).unwrap().at(0.4))
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}

#[test]
fn alpha_is_interpolated_premultiplied() {
    let plane = |v: f32| Array2::from_elem((24, 32), v);
    let format = Format::rgb(8).with_alpha();
    // Opaque red fades into transparent green: no green may show.
    let a = Picture::new(
        format,
        vec![plane(255.0), plane(0.0), plane(0.0), plane(255.0)],
    )
    .unwrap();
    let b = Picture::new(
        format,
        vec![plane(0.0), plane(255.0), plane(0.0), plane(0.0)],
    )
    .unwrap();
    for method in [Method::Ot, Method::CrossFade] {
        let middle = Interpolator::new(method, Preset::Balanced)
            .between(&a, &b)
            .unwrap()
            .at(0.5);
        let at = (12, 16);
        assert_eq!(middle.planes()[0][at], 255.0, "{method:?}");
        assert_eq!(middle.planes()[1][at], 0.0, "{method:?}");
        assert_eq!(middle.planes()[3][at], 128.0, "{method:?}");
    }
}

#[test]
fn every_small_size_works() {
    for (width, height) in [
        (1, 1),
        (1, 9),
        (9, 1),
        (2, 2),
        (3, 17),
        (16, 16),
        (17, 33),
        (40, 5),
    ] {
        for format in formats() {
            let a = quantized(shifted(format, (width, height), 0.0, 0.0));
            let b = quantized(shifted(format, (width, height), 1.0, 0.0));
            let middle = interpolator().between(&a, &b).unwrap().at(0.5);
            assert_eq!((middle.width(), middle.height()), (width, height));
            let max = format.max_code();
            assert!(
                middle
                    .planes()
                    .iter()
                    .flatten()
                    .all(|&v| v.fract() == 0.0 && (0.0..=max).contains(&v))
            );
        }
    }
}

#[test]
fn sizes_and_formats_that_differ_are_refused() {
    let a = shifted(Format::rgb(8), (10, 8), 0.0, 0.0);
    let b = shifted(Format::rgb(8), (11, 8), 0.0, 0.0);
    let c = shifted(Format::gray(8), (10, 8), 0.0, 0.0);
    let message = interpolator().between(&a, &b).unwrap_err().to_string();
    assert!(
        message.contains("10x8") && message.contains("11x8"),
        "{message}"
    );
    assert!(matches!(
        interpolator().between(&a, &c),
        Err(otinterp::Error::FormatsDiffer { .. })
    ));
}
