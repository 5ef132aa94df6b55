//! Frames that repeat the one before: what is found on scenes drawn for it, and what takes their place.

use crate::drawn::{Pictures, RATE, Random, flat_like, mixed, retime, rules, scene};
use otinterp::picture::Picture;
use otinterp_cli::pipeline::{Duplicates, Paths, Rules};
use otinterp_video::time::Rational;

/// Noise of about `most` codes, another for every frame.
fn noisy(mut picture: Picture, frame: usize, most: f32) -> Picture {
    let mut random = Random(0x9E37_79B9_u32.wrapping_mul(frame as u32 + 1));
    for value in picture.planes_mut()[0].iter_mut() {
        *value += most * (2.0 * random.next() - 1.0);
    }
    picture.quantize();
    picture
}

fn replacing() -> Rules {
    Rules {
        duplicates: Duplicates::Replace,
        ..rules()
    }
}

#[test]
fn a_clip_on_twos_becomes_what_its_own_frames_give() {
    let both = |paths| {
        let mut on_twos = Pictures::new(12, |k| scene(3, k / 2, 3.0));
        let replacing = Rules {
            paths,
            ..replacing()
        };
        let mut alone = Pictures::new(6, |k| scene(3, k, 3.0));
        let kept = Rules { paths, ..rules() };
        let (counts, replaced) = retime(&mut on_twos, &replacing, 2);
        (counts, replaced, retime(&mut alone, &kept, 4).1)
    };
    let (counts, replaced, expected) = both(Paths::Curved);
    // The last repeat has nothing after it that could stand in its place.
    assert_eq!(counts.duplicates_replaced, 5);
    assert_eq!(counts.frames_in, 12);
    assert_eq!(counts.duration, Rational::new(12, RATE));
    assert_eq!(replaced.len(), expected.len());
    // Beside the repeat that stays at the end paths are straight; at a clip's end they are not.
    assert!(replaced[..=16] == expected[..=16]);
    let (_, replaced, expected) = both(Paths::Straight);
    assert!(replaced == expected);
    // Kept, they stay: the default.
    let mut on_twos = Pictures::new(12, |k| scene(3, k / 2, 3.0));
    let (counts, kept) = retime(&mut on_twos, &rules(), 2);
    assert_eq!(counts.duplicates_replaced, 0);
    assert!(kept[2] == scene(3, 0, 3.0));
}

#[test]
fn noise_hides_no_repeat() {
    let on_threes = |k: usize| noisy(scene(4, k / 3, 3.0), k, 3.0);
    let (counts, _) = retime(&mut Pictures::new(13, on_threes), &replacing(), 1);
    assert_eq!(counts.duplicates_replaced, 8);
}

/// Still, dark, fading: what each scene's frames are, and that none of them is a repeat.
#[test]
fn what_is_still_dark_or_fading_is_no_duplicate() {
    let dark = |k: usize, speed: f64| {
        let bright = scene(2, k, speed);
        mixed(&bright, &flat_like(&bright, 16.0), 0.92)
    };
    let fade = |k: usize| {
        let bright = scene(2, 0, 0.0);
        mixed(&bright, &flat_like(&bright, 16.0), k as f32 / 24.0)
    };
    type Make = Box<dyn FnMut(usize) -> Picture + Send>;
    let cases: Vec<(&str, Make)> = vec![
        ("still", Box::new(|_| scene(2, 0, 0.0))),
        (
            "still, then moving",
            Box::new(|k| scene(2, k.saturating_sub(12), 3.0)),
        ),
        (
            "still and noisy",
            Box::new(|k| noisy(scene(2, 0, 0.0), k, 3.0)),
        ),
        ("dark and slow", Box::new(move |k| dark(k, 0.3))),
        (
            "dark, slow and noisy",
            Box::new(move |k| noisy(dark(k, 0.3), k, 1.5)),
        ),
        ("fading", Box::new(fade)),
        (
            "a cut between still scenes",
            Box::new(|k| scene(k / 12, 0, 0.0)),
        ),
        (
            "a short shot between cuts",
            Box::new(|k| scene(k.clamp(10, 12) / 2, 0, 0.0)),
        ),
    ];
    for (name, make) in cases {
        let (counts, _) = retime(&mut Pictures::new(24, make), &replacing(), 1);
        assert_eq!(counts.duplicates_replaced, 0, "{name}");
    }
}
