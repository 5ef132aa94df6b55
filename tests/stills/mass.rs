//! `--method mass`: displacement interpolation of densities, as pictures and as fields.

use crate::common::normal::Normal;
use crate::common::room::Room;
use ndarray::Array2;
use otinterp::mass::{Background, Mass, MassModel, MassOptions, Unbalanced};
use otinterp::picture::still::{self, Still};
use otinterp::picture::{ColorModel, Format, Matrix, Picture, Plane, Range};
use otinterp::{Interpolator, Method, Preset};
use otinterp_cli::data::Opened;
use otinterp_cli::data::field::{self, FieldFormat};
use std::fs::File;

const DIM: (usize, usize) = (120, 180);

fn round_blob(at: [f64; 2], deviation: f64, peak: f64) -> Plane {
    let v = deviation * deviation;
    let g = Normal {
        mean: at,
        covariance: [[v, 0.0], [0.0, v]],
    };
    g.density(DIM, peak)
}

fn gray16(plane: Plane) -> Picture {
    let mut picture = Picture::new(Format::gray(16), vec![plane]).unwrap();
    picture.quantize();
    picture
}

fn mass() -> Interpolator {
    Interpolator::new(Method::Mass, Preset::Balanced)
}

fn total(plane: &Plane) -> f64 {
    plane.iter().map(|&v| f64::from(v)).sum()
}

/// Mean and covariance of what lies in columns `from..to`.
fn moments_in(plane: &Plane, (from, to): (usize, usize)) -> Normal {
    let all = plane.indexed_iter();
    let within = all.filter(|((_, x), _)| (from..to).contains(x));
    Normal::of(within.map(|((y, x), &v)| (f64::from(v), x as f64, y as f64)))
}

fn moments(plane: &Plane) -> Normal {
    moments_in(plane, (0, plane.ncols()))
}

/// The point at `t` of the Bures geodesic.
fn geodesic(a: &Normal, b: &Normal, t: f64) -> Normal {
    let map = a.map_to(b);
    let m: [[f64; 2]; 2] =
        [0, 1].map(|i| [0, 1].map(|j| t * map[i][j] + if i == j { 1.0 - t } else { 0.0 }));
    let product = |p: [[f64; 2]; 2], q: [[f64; 2]; 2]| {
        [0, 1].map(|i| [0, 1].map(|j| p[i][0] * q[0][j] + p[i][1] * q[1][j]))
    };
    let transposed = [0, 1].map(|i| [0, 1].map(|j| m[j][i]));
    Normal {
        mean: [0, 1].map(|i| (1.0 - t) * a.mean[i] + t * b.mean[i]),
        covariance: product(product(m, a.covariance), transposed),
    }
}

#[test]
fn normal_blobs_follow_the_bures_geodesic() {
    let a = Normal {
        mean: [50.3, 44.6],
        covariance: [[64.0, 20.0], [20.0, 40.0]],
    };
    let b = Normal {
        mean: [120.0, 70.2],
        covariance: [[90.0, -40.0], [-40.0, 140.0]],
    };
    let room = Room::new();
    // Of one total mass: the peak falls as the root of the determinant grows.
    for (name, g, peak) in [
        ("a.png", &a, 50_000.0),
        ("b.png", &b, 50_000.0 * (2160.0f64 / 11_000.0).sqrt()),
    ] {
        let still = Still::from(gray16(g.density(DIM, peak)));
        still::write_png(&still, File::create(room.path(name)).unwrap()).unwrap();
    }
    room.ok("frames a.png b.png --method mass -n 3 -o out/");
    for k in 1..=3 {
        let path = room.path(&format!("out/000{k}.png"));
        let frame = still::read(&path).unwrap().picture;
        let (found, truth) = (
            moments(&frame.planes()[0]),
            geodesic(&a, &b, f64::from(k) / 4.0),
        );
        let size = truth.covariance[0][0] + truth.covariance[1][1];
        for i in 0..2 {
            assert!(
                (found.mean[i] - truth.mean[i]).abs() < 0.01 * size.sqrt(),
                "{k}: {found:?} {truth:?}"
            );
            for j in 0..2 {
                let error = (found.covariance[i][j] - truth.covariance[i][j]).abs();
                assert!(error < 0.01 * size, "{k}: {found:?} {truth:?}");
            }
        }
    }
}

#[test]
fn a_translated_blob_stands_on_its_straight_way_and_keeps_its_shape() {
    let (from, to) = ([40.2, 50.0], [133.4, 71.6]);
    let (a, b) = (
        gray16(round_blob(from, 6.0, 50_000.0)),
        gray16(round_blob(to, 6.0, 50_000.0)),
    );
    let transition = mass().between(&a, &b).unwrap();
    for t in [0.1f32, 0.35, 0.5, 0.9] {
        let frame = transition.at(t);
        let found = moments(&frame.planes()[0]);
        for i in 0..2 {
            let place = (1.0 - f64::from(t)) * from[i] + f64::from(t) * to[i];
            assert!((found.mean[i] - place).abs() < 0.05, "{t}: {found:?}");
            assert!(
                (found.covariance[i][i] - 36.0).abs() < 0.36,
                "{t}: {found:?}"
            );
        }
        // One blob, as bright as before, where a cross-fade has two of half the brightness.
        let brightest = frame.planes()[0].iter().fold(0.0f32, |m, &v| m.max(v));
        assert!(brightest > 0.97 * 50_000.0, "{t}: {brightest}");
    }
}

#[test]
fn ends_are_the_pictures_and_equal_pictures_have_that_picture_in_between() {
    let (a, b) = (
        gray16(round_blob([40.0, 50.0], 6.0, 5e4)),
        gray16(round_blob([90.0, 60.0], 9.0, 3e4)),
    );
    let transition = mass().between(&a, &b).unwrap();
    assert_eq!(transition.at(0.0), a);
    assert_eq!(transition.at(1.0), b);
    assert_eq!(mass().between(&a, &a).unwrap().at(0.4), a);
}

/// What moves is counted before it is rounded.
#[test]
fn the_total_is_linear_in_t_whatever_the_options() {
    let mut noise = 1u32;
    let mut noisy = |plane: Plane| {
        plane.mapv(|v| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            v + 900.0 + (noise >> 20) as f32 / 4.0
        })
    };
    let a = gray16(noisy(round_blob([40.0, 20.0], 6.0, 5e4)));
    let b = gray16(noisy(round_blob([160.0, 110.0], 12.0, 2e4)));
    let (m0, m1) = (total(&a.planes()[0]), total(&b.planes()[0]));
    assert!((m0 / m1 - 1.0).abs() > 0.02);
    let slack = Unbalanced::Slack {
        reach_px: Some(20.0),
    };
    for background in [
        Background::Level(0.0),
        Background::Level(1500.0),
        Background::Auto,
    ] {
        for unbalanced in [Unbalanced::Normalise, slack] {
            let options = MassOptions {
                background,
                unbalanced,
                ..Default::default()
            };
            let mass = Mass::between(&a, &b, &options, 1 << 20).unwrap();
            for t in [0.2f32, 0.5, 0.77] {
                let made = mass.at(t);
                let truth = (1.0 - f64::from(t)) * m0 + f64::from(t) * m1;
                let found = total(&made[0]);
                assert!(
                    (found / truth - 1.0).abs() < 1e-5,
                    "{options:?} {t}: {found} {truth}"
                );
                assert!(made[0].iter().all(|&v| v >= -1e-2));
            }
        }
    }
}

#[test]
fn blobs_far_apart_each_move_whole() {
    let sum = |x: [f64; 3], dy: f64| {
        let blobs = [[x[0], 25.0 + dy], [x[1], 60.0 - dy], [x[2], 95.0 + dy]];
        let mut plane = Plane::zeros(DIM);
        for at in blobs {
            plane += &round_blob(at, 4.0, 4e4);
        }
        gray16(plane)
    };
    let (a, b) = (sum([25.0, 90.0, 150.0], 0.0), sum([35.0, 80.0, 165.0], 8.0));
    let frame = mass().between(&a, &b).unwrap().at(0.5);
    let frame = &frame.planes()[0];
    for (n, (columns, x)) in [((0, 58), 30.0), ((58, 120), 85.0), ((120, 180), 157.5)]
        .into_iter()
        .enumerate()
    {
        let found = moments_in(frame, columns);
        let y = [29.0, 56.0, 99.0][n];
        assert!(
            (found.mean[0] - x).abs() < 0.1 && (found.mean[1] - y).abs() < 0.1,
            "{n}: {found:?}"
        );
        assert!(
            (found.covariance[0][0] - 16.0).abs() < 0.5,
            "{n}: {found:?}"
        );
    }
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let mut random = 3u32;
    let mut texture = |by: f32| {
        Array2::from_shape_fn(DIM, |(y, x)| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wave = ((x as f32 + by) / 9.0).sin() * (y as f32 / 13.0).cos();
            100.0 + 60.0 * wave + (random >> 28) as f32
        })
    };
    let planes = |k: f32, texture: &mut dyn FnMut(f32) -> Plane| -> Vec<Plane> {
        (0..3).map(|n| texture(k + n as f32)).collect()
    };
    let mut picture = |k: f32| {
        let mut p = Picture::new(Format::rgb(8), planes(k, &mut texture)).unwrap();
        p.quantize();
        p
    };
    let (a, b) = (picture(0.0), picture(4.0));
    let made = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| mass().between(&a, &b).unwrap().at(0.3))
    };
    let one = made(1);
    assert_eq!(made(2), one);
    assert_eq!(made(8), one);
}

/// In RGB and in subsampled Y'CbCr: a red blob and a blue one cross the picture, and stay red and blue.
#[test]
fn colours_travel_with_the_mass() {
    let blobs = |x: f64| {
        [
            round_blob([x, 30.0], 7.0, 200.0),
            round_blob([x, 90.0], 7.0, 200.0),
        ]
    };
    let rgb = |x: f64| {
        let [red, blue] = blobs(x);
        let green = Plane::zeros(DIM);
        Picture::new(Format::rgb(8), vec![red, green, blue]).unwrap()
    };
    let frame = mass().between(&rgb(40.0), &rgb(140.0)).unwrap().at(0.5);
    assert!(frame.planes()[0][(30, 90)] > 190.0 && frame.planes()[2][(30, 90)] < 2.0);
    assert!(frame.planes()[2][(90, 90)] > 190.0 && frame.planes()[0][(90, 90)] < 2.0);
    let format = Format {
        model: ColorModel::Yuv,
        range: Range::Limited,
        matrix: Matrix::Bt709,
        chroma_shift_x: 1,
        chroma_shift_y: 1,
        ..Format::rgb(8)
    };
    let yuv = |x: f64| {
        let [above, below] = blobs(x).map(|plane| plane / 200.0);
        let small = |plane: &Plane| plane.slice(ndarray::s![..;2, ..;2]).to_owned();
        let luma = (&above + &below) * 100.0 + 16.0;
        let (above, below) = (small(&above), small(&below));
        let mut picture = Picture::new(
            format,
            vec![luma, 128.0 + &above * 60.0, 128.0 + &below * 60.0],
        )
        .unwrap();
        picture.quantize();
        picture
    };
    let frame = mass().between(&yuv(40.0), &yuv(140.0)).unwrap().at(0.5);
    let [y, u, v] = [0, 1, 2].map(|n| &frame.planes()[n]);
    assert!(y[(30, 90)] > 108.0 && y[(30, 40)] < 20.0);
    assert!(
        u[(15, 45)] > 178.0 && v[(15, 45)] < 132.0,
        "{} {}",
        u[(15, 45)],
        v[(15, 45)]
    );
    assert!(v[(45, 45)] > 178.0 && u[(45, 45)] < 132.0);
}

#[test]
fn each_channel_goes_its_own_way_and_alpha_can_be_the_mass() {
    let rgb = |x: [f64; 3]| {
        let planes = x.map(|x| round_blob([x, 60.0], 6.0, 200.0));
        Picture::new(Format::rgb(8), planes.to_vec()).unwrap()
    };
    let (a, b) = (rgb([30.0, 90.0, 150.0]), rgb([150.0, 90.0, 30.0]));
    let with = |model| {
        mass().with_mass(MassOptions {
            model,
            ..Default::default()
        })
    };
    let frame = with(MassModel::Rgb).between(&a, &b).unwrap().at(0.25);
    for (n, x) in [60.0, 90.0, 120.0].into_iter().enumerate() {
        assert!((moments(&frame.planes()[n]).mean[0] - x).abs() < 0.1, "{n}");
    }
    // A white sprite on nothing.
    let sprite = |x: f64| {
        let alpha = round_blob([x, 60.0], 6.0, 255.0).mapv(f32::round);
        Picture::new(
            Format::gray(8).with_alpha(),
            vec![Plane::from_elem(DIM, 180.0), alpha],
        )
        .unwrap()
    };
    let frame = with(MassModel::Alpha)
        .between(&sprite(40.0), &sprite(120.0))
        .unwrap()
        .at(0.5);
    assert!((moments(frame.alpha().unwrap()).mean[0] - 80.0).abs() < 0.1);
    assert!((frame.planes()[0][(60, 80)] - 180.0).abs() <= 1.0);
    let gray = gray16(round_blob([30.0, 60.0], 6.0, 200.0));
    let other = gray16(round_blob([50.0, 60.0], 6.0, 200.0));
    assert!(with(MassModel::Alpha).between(&gray, &other).is_err());
    assert!(with(MassModel::Rgb).between(&gray, &other).is_err());
}

#[test]
fn a_picture_without_mass_is_faded_to() {
    let (a, b) = (
        gray16(round_blob([40.0, 50.0], 6.0, 5e4)),
        gray16(Plane::zeros(DIM)),
    );
    let fade = Interpolator::new(Method::CrossFade, Preset::Balanced);
    let expected = fade.between(&a, &b).unwrap().at(0.25);
    assert_eq!(mass().between(&a, &b).unwrap().at(0.25), expected);
}

#[test]
fn fields_keep_their_units_and_their_mass() {
    let room = Room::new();
    // Far above 1, with a constant below zero that is no mass.
    let a = round_blob([40.0, 50.0], 6.0, 3e6) - 5.0;
    let b = round_blob([130.0, 70.0], 12.0, 0.5e6) - 5.0;
    for format in [FieldFormat::Npy, FieldFormat::Pfm, FieldFormat::Tiff] {
        let e = format.extension();
        for (name, plane) in [("a", &a), ("b", &b)] {
            let path = room.path(name).with_extension(e);
            field::write(plane, format, File::create(path).unwrap()).unwrap();
        }
        room.ok(&format!(
            "frames a.{e} b.{e} --method mass --background=-5 -n 3 --endpoints -o {e}/"
        ));
        let read = |k: usize| {
            let path = room.path(&format!("{e}/000{k}.{e}"));
            match field::decode(Opened::open(&path).unwrap()).unwrap() {
                field::Content::Field(field) => field.values,
                field::Content::Other(_) => panic!("{}", path.display()),
            }
        };
        assert_eq!(read(1), a);
        assert_eq!(read(5), b);
        for k in 2..=4 {
            let t = (k - 1) as f64 / 4.0;
            let truth = (1.0 - t) * total(&a) + t * total(&b);
            assert!((total(&read(k)) / truth - 1.0).abs() < 1e-5);
        }
        let middle = moments(&(read(3) + 5.0));
        // 3e6·36 to 0.5e6·144: the masses are 3 to 2, and of the blend of the two images both have the mean half-way.
        assert!(
            (middle.mean[0] - 85.0).abs() < 0.1 && (middle.mean[1] - 60.0).abs() < 0.1,
            "{middle:?}"
        );
    }
}

#[test]
fn what_makes_no_sense_gets_one_line() {
    let room = Room::new();
    let plane = round_blob([40.0, 50.0], 6.0, 100.0);
    let file = |name: &str| File::create(room.path(name)).unwrap();
    field::write(&plane, FieldFormat::Npy, file("a.npy")).unwrap();
    field::write(&Plane::zeros((3, 3)), FieldFormat::Npy, file("small.npy")).unwrap();
    let still = Still::from(gray16(plane));
    still::write_png(&still, file("a.png")).unwrap();
    for (args, code, why) in [
        ("a.npy a.npy", 2, "use --method mass"),
        (
            "a.npy a.png --method mass",
            1,
            "a.npy is a field of numbers and a.png is not",
        ),
        (
            "a.npy small.npy --method mass",
            1,
            "both must be of one size",
        ),
        (
            "a.npy a.npy --method mass -o out.png",
            2,
            "go to .npy, .pfm or .tif",
        ),
        ("a.npy a.npy --method mass -o -", 2, "not to a pipe"),
        (
            "a.png a.png --background auto",
            2,
            "--background is for --method mass",
        ),
        (
            "a.png a.png --method mass --reach 5",
            2,
            "--reach is for --unbalanced slack",
        ),
        (
            "a.png a.png --method mass --background dark",
            2,
            "a level or `auto`",
        ),
    ] {
        room.fails(&format!("frames {args}"), code, &[why]);
    }
    room.ok("compare a.png a.png --method mass -n 1 -o c.png");
    room.ok("frames a.png a.png --method mass --mass luma --unbalanced slack --reach 9 -o m.png");
}
