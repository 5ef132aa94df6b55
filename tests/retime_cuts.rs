//! Cuts and duplicates: what is found on scenes joined at known places, and what is shown there.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod clips;
#[path = "common/texture.rs"]
mod texture;

use clips::otinterp;
use ndarray::Array2;
use otinterp::picture::{ColorModel, Format, Picture};
use otinterp::pipeline::{
    self, AtCut, Counts, Cuts, DEFAULT_CUT_THRESHOLD, Duplicates, HandCut, Observer, Rules,
};
use otinterp::video::time::{OutputClock, Rational};
use otinterp::video::{Frame, Info, Result, Shown, Sink, Source};
use otinterp::{Interpolator, Method, Preset};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use texture::texture;

const SIZE: (usize, usize) = (96, 160);
const RATE: i128 = 24;

struct Quiet;
impl Observer for Quiet {}

/// Pictures in memory, 24 a second, made when they are asked for.
struct Pictures<F> {
    info: Info,
    count: usize,
    next: usize,
    make: F,
}

impl<F: FnMut(usize) -> Picture + Send> Pictures<F> {
    fn new(count: usize, make: F) -> Self {
        let info = Info {
            width: SIZE.1,
            height: SIZE.0,
            format: Format::gray(8),
            rate: Some(Rational::from_integer(RATE)),
            duration: None,
            sample_aspect: None,
            interlaced: false,
            siting: None,
        };
        Self {
            info,
            count,
            next: 0,
            make,
        }
    }
}

impl<F: FnMut(usize) -> Picture + Send> Source for Pictures<F> {
    fn info(&self) -> &Info {
        &self.info
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        if self.next == self.count {
            return Ok(None);
        }
        let index = self.next;
        self.next += 1;
        Ok(Some(Frame {
            picture: (self.make)(index),
            time: Rational::new(index as i128, RATE),
            duration: None,
        }))
    }
}

/// Keeps what is written, if asked to.
#[derive(Default)]
struct Kept {
    keeps: bool,
    pictures: Vec<Picture>,
}

impl Sink for Kept {
    fn write(&mut self, picture: &Picture, _shown: Shown) -> Result<()> {
        if self.keeps {
            self.pictures.push(picture.clone());
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

fn rules() -> Rules {
    Rules {
        cuts: Cuts::Detected(DEFAULT_CUT_THRESHOLD),
        ..Rules::new(Interpolator::new(Method::Ot, Preset::Fast))
    }
}

/// Runs the pipeline at `factor` times the rate.
fn retime(source: &mut dyn Source, rules: &Rules, factor: i128) -> (Counts, Vec<Picture>) {
    let mut sink = Kept {
        keeps: factor > 1,
        pictures: Vec::new(),
    };
    let one = Rational::from_integer(1);
    let clock = OutputClock::new(Rational::from_integer(RATE * factor), one);
    let counts = pipeline::retime(source, &mut sink, clock, rules, None, &Quiet).unwrap();
    (counts, sink.pictures)
}

/// Luma and two colour differences, all full size.
fn picture(value: impl Fn(usize, f64, f64) -> f32) -> Picture {
    let planes = (0..3)
        .map(|k| Array2::from_shape_fn(SIZE, |(y, x)| value(k, x as f64, y as f64)))
        .collect();
    let format = Format {
        model: ColorModel::Yuv,
        ..Format::rgb(8)
    };
    let mut picture = Picture::new(format, planes).unwrap();
    picture.quantize();
    picture
}

/// A scene of its own: discs of all sizes that hide one another (dead leaves, whose statistics are those of natural
/// pictures), finely textured, without end.
struct Scene([Array2<f32>; 3]);

/// Height and width of a scene until it repeats.
const PERIOD: (usize, usize) = (288, 480);

impl Scene {
    fn new(number: usize) -> Self {
        let mut random = Random(0x9E37_79B9_u32.wrapping_mul(number as u32 + 1));
        let (level, spread) = (60.0 + 120.0 * random.next(), 40.0 + 80.0 * random.next());
        let mut canvas = [level, 128.0, 128.0].map(|v| Array2::from_elem(PERIOD, v));
        for disc in 0..900 {
            // The first ones, which most others hide, are large.
            let radius = if disc < 60 {
                90.0
            } else {
                6.0 / (0.1 + random.next())
            };
            let value = level + spread * (random.next() - random.next());
            let centre = (
                PERIOD.0 as f32 * random.next(),
                PERIOD.1 as f32 * random.next(),
            );
            let tints = [0, 1].map(|_| 128.0 + 50.0 * (random.next() - random.next()));
            let reach = radius as isize;
            for dy in -reach..=reach {
                for dx in -reach..=reach {
                    if (dx * dx + dy * dy) as f32 <= radius * radius {
                        let y = (centre.0 as isize + dy).rem_euclid(PERIOD.0 as isize) as usize;
                        let x = (centre.1 as isize + dx).rem_euclid(PERIOD.1 as isize) as usize;
                        canvas[0][(y, x)] =
                            value + 0.15 * (texture(x as f64, y as f64, disc % 3) - 127.5);
                        canvas[1][(y, x)] = tints[0];
                        canvas[2][(y, x)] = tints[1];
                    }
                }
            }
        }
        Self(canvas)
    }

    /// What is seen at a time, in frames, of the scene as it moves by `speed` px a frame, and a square moves on it.
    fn at(&self, number: usize, frame: usize, speed: f64) -> Picture {
        let step = frame as f64;
        let angle = 0.7 * number as f64;
        let (dx, dy) = (speed * step * angle.cos(), speed * step * angle.sin());
        let (left, top) = (20.0 + 4.0 * step, 30.0 + (number % 3) as f64 * step);
        let sample = |k: usize, x: f64, y: f64| {
            let wrap = |v: f64, period: usize| v.rem_euclid(period as f64);
            let (x, y) = (wrap(x, PERIOD.1), wrap(y, PERIOD.0));
            let (x0, y0) = (x as usize % PERIOD.1, y as usize % PERIOD.0);
            let (x1, y1) = ((x0 + 1) % PERIOD.1, (y0 + 1) % PERIOD.0);
            let (fx, fy) = (x.fract() as f32, y.fract() as f32);
            let plane = &self.0[k];
            let mix = |y: usize| plane[(y, x0)] + fx * (plane[(y, x1)] - plane[(y, x0)]);
            mix(y0) + fy * (mix(y1) - mix(y0))
        };
        picture(|k, x, y| {
            if (left..left + 24.0).contains(&x) && (top..top + 24.0).contains(&y) {
                255.0 - sample(k, x - left, y - top)
            } else {
                sample(k, x + dx, y + dy)
            }
        })
    }
}

/// Numbers in `[0, 1)` (a linear congruential generator: Knuth, *The Art of Computer Programming* 2, 3.3.4).
struct Random(u32);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 16_777_216.0
    }
}

/// [`Scene::at`] of a scene made once.
fn scene(number: usize, frame: usize, speed: f64) -> Picture {
    static SCENES: Mutex<BTreeMap<usize, Arc<Scene>>> = Mutex::new(BTreeMap::new());
    let scene = Arc::clone(
        SCENES
            .lock()
            .unwrap()
            .entry(number)
            .or_insert_with(|| Arc::new(Scene::new(number))),
    );
    scene.at(number, frame, speed)
}

/// `(1-t) a + t b`, sample by sample.
fn mixed(a: &Picture, b: &Picture, t: f32) -> Picture {
    let mut out = a.clone();
    for (o, b) in out.planes_mut().iter_mut().zip(b.planes()) {
        o.zip_mut_with(b, |o, b| *o += t * (b - *o));
    }
    out.quantize();
    out
}

/// A picture of one code.
fn flat_like(picture: &Picture, code: f32) -> Picture {
    let mut out = picture.clone();
    for (index, plane) in out.planes_mut().iter_mut().enumerate() {
        plane.fill(if index == 0 { code } else { 128.0 });
    }
    out
}

/// How one scene leads to the next.
#[derive(Debug, Clone, Copy)]
enum Join {
    Cut,
    /// To black and from it, so many frames each.
    Fade(usize),
    /// Over so many frames.
    Dissolve(usize),
}

/// A clip with the indices of the frames that begin a scene after a cut.
#[derive(Default)]
struct Joined {
    frames: Vec<Picture>,
    cuts: Vec<u64>,
}

impl Joined {
    /// Appends a scene, joined to what is there.
    fn join(&mut self, join: Join, mut scene: Vec<Picture>) {
        let frames = &mut self.frames;
        if frames.is_empty() {
            frames.extend(scene);
            return;
        }
        match join {
            Join::Cut => self.cuts.push(frames.len() as u64),
            Join::Fade(count) => {
                let first = frames.len() - count;
                for k in 0..count {
                    let t = (k + 1) as f32 / count as f32;
                    let black = flat_like(&frames[first + k], 16.0);
                    frames[first + k] = mixed(&frames[first + k], &black, t);
                    scene[k] = mixed(&black, &scene[k], t);
                }
            }
            Join::Dissolve(count) => {
                let first = frames.len() - count;
                for (k, b) in scene.drain(..count).enumerate() {
                    let t = (k + 1) as f32 / (count + 1) as f32;
                    frames[first + k] = mixed(&frames[first + k], &b, t);
                }
            }
        }
        self.frames.extend(scene);
    }

    /// Makes so many frames of a scene bright, as a photographer's flash does.
    fn flash(scene: &mut [Picture], at: usize, frames: usize) {
        for picture in &mut scene[at..at + frames] {
            let white = flat_like(picture, 250.0);
            *picture = mixed(picture, &white, 0.8);
        }
    }

    /// Finds the cuts, prints how well, and says precision and recall.
    fn found(&self, name: &str) -> (f64, f64) {
        let mut source = Pictures::new(self.frames.len(), |k| self.frames[k].clone());
        let (counts, _) = retime(&mut source, &rules(), 1);
        let found: Vec<u64> = counts.cuts.iter().map(|cut| cut.frame).collect();
        let wrong: Vec<_> = found.iter().filter(|f| !self.cuts.contains(f)).collect();
        let missed: Vec<_> = self.cuts.iter().filter(|f| !found.contains(f)).collect();
        let right = (found.len() - wrong.len()) as f64;
        let precision = right / found.len().max(1) as f64;
        let recall = right / self.cuts.len() as f64;
        println!(
            "{name}: {} frames, {} cuts; precision {precision:.3} (wrong {wrong:?}), recall {recall:.3} (missed {missed:?})",
            self.frames.len(),
            self.cuts.len()
        );
        (precision, recall)
    }
}

#[test]
fn cuts_are_found_among_fades_flashes_and_fast_pans() {
    let mut clip = Joined::default();
    for number in 0..60 {
        // 1.5, 5 and 12 px a frame; every seventh 16 to 40 px, 10 to 25 % of the width.
        let speed = match number % 7 {
            6 => 16.0 + (number % 4) as f64 * 8.0,
            _ => [1.5, 5.0, 12.0][number % 3],
        };
        let mut frames: Vec<_> = (0..16).map(|k| scene(number, k, speed)).collect();
        if number % 5 == 1 {
            Joined::flash(&mut frames, 7, 1 + number % 2);
        }
        if number % 9 == 4 {
            // A dark scene.
            for picture in &mut frames {
                *picture = mixed(picture, &flat_like(picture, 16.0), 0.85);
            }
        }
        let join = match number % 6 {
            2 => Join::Fade(4 + number % 4),
            4 => Join::Dissolve(4 + number % 5),
            _ => Join::Cut,
        };
        clip.join(join, frames);
    }
    let (precision, recall) = clip.found("made scenes");
    assert!(precision >= 0.95 && recall >= 0.95);
}

/// `count` frames of a clip from frame `first` on, 320×180.
#[cfg(feature = "video")]
fn part(path: &std::path::Path, first: usize, count: usize) -> Vec<Picture> {
    use std::process::{Command, Stdio};
    let filter = format!("select='gte(n,{first})',scale=320:180:flags=area,format=yuv420p");
    let count = count.to_string();
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-v", "error", "-threads", "1", "-i"])
        .arg(path)
        .args(["-an", "-vf", filter.as_str(), "-frames:v", count.as_str()])
        .args(["-fps_mode", "passthrough", "-f", "yuv4mpegpipe", "-"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = ffmpeg.stdout.take().unwrap();
    let mut pictures = Vec::new();
    if let Ok(mut source) = otinterp::video::y4m::Y4mSource::new(out) {
        while let Ok(Some(frame)) = source.next() {
            pictures.push(frame.picture);
        }
    }
    ffmpeg.wait().unwrap();
    pictures
}

#[cfg(feature = "video")]
#[test]
fn cuts_are_found_where_real_clips_are_joined() {
    let test = "cuts_are_found_where_real_clips_are_joined";
    let Some(data) = clips::data(test) else {
        return;
    };
    if clips::ffmpeg(test, &["-version"]).is_none() {
        return;
    }
    let folder = data.join("clips");
    let mut names = clips::names(&folder);
    // Another encoding of the scene before it: no cut stands between them.
    names.retain(|name| name != "foreman_h264.mp4");
    let mut clip = Joined::default();
    const LENGTH: usize = 12;
    let mut joins = 0;
    for round in 0..2 {
        for (index, name) in names.iter().enumerate() {
            let mut frames = part(&folder.join(name), LENGTH * round, LENGTH);
            if frames.len() < LENGTH {
                continue;
            }
            if (index + round) % 8 == 3 {
                Joined::flash(&mut frames, 6, 1 + round % 2);
            }
            let join = match (index + 2 * round) % 9 {
                2 => Join::Fade(5),
                5 => Join::Dissolve(6),
                _ => Join::Cut,
            };
            clip.join(join, frames);
            joins += 1;
        }
    }
    assert!(joins > 40, "only {joins} parts of clips were read");
    let (precision, recall) = clip.found("real clips");
    assert!(precision >= 0.95 && recall >= 0.95);
}

/// Two scenes of six frames; the second begins at frame 6.
fn two_scenes() -> Pictures<impl FnMut(usize) -> Picture + Send> {
    Pictures::new(12, |k| scene(k / 6, k, 3.0))
}

#[test]
fn at_a_cut_the_nearer_frame_is_shown_bit_for_bit() {
    let (counts, out) = retime(&mut two_scenes(), &rules(), 5);
    assert_eq!(counts.cuts.iter().map(|c| c.frame).collect::<Vec<_>>(), [6]);
    assert_eq!(counts.cuts[0].time, Rational::new(6, RATE));
    let (before, after) = (scene(0, 5, 3.0), scene(1, 6, 3.0));
    for (k, shown) in out[25..=30].iter().enumerate() {
        let nearer = if 2 * k < 5 { &before } else { &after };
        assert!(shown == nearer, "output {}", 25 + k);
    }
    // And elsewhere in-betweens are made.
    assert!(out[24] != before && out[24] != scene(0, 4, 3.0));
}

#[test]
fn a_cut_may_be_cross_faded() {
    let rules = Rules {
        at_cut: AtCut::CrossFade,
        ..rules()
    };
    let (_, out) = retime(&mut two_scenes(), &rules, 4);
    let (before, after) = (scene(0, 5, 3.0), scene(1, 6, 3.0));
    for k in 1..4 {
        assert!(out[20 + k] == mixed(&before, &after, 0.25 * k as f32));
    }
}

#[test]
fn cuts_by_hand_are_taken_and_no_others_sought() {
    // Frame 3; the frame nearest to 0.21 s (5 of 24); and one beyond the end.
    let cuts = vec![
        HandCut::Frame(3),
        HandCut::Time(Rational::new(21, 100)),
        HandCut::Frame(99),
    ];
    let rules = Rules {
        cuts: Cuts::ByHand(cuts),
        ..rules()
    };
    let (counts, out) = retime(&mut two_scenes(), &rules, 2);
    let frames: Vec<u64> = counts.cuts.iter().map(|c| c.frame).collect();
    assert_eq!(frames, [3, 5]);
    assert_eq!(counts.cuts_beyond, 1);
    assert!(out[5] == scene(0, 3, 3.0));
    assert!(out[9] == scene(0, 5, 3.0));
    assert!(out[11] != scene(1, 6, 3.0) && out[11] != scene(0, 5, 3.0));
}

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
    let mut on_twos = Pictures::new(12, |k| scene(3, k / 2, 3.0));
    let (counts, replaced) = retime(&mut on_twos, &replacing(), 2);
    // The last repeat has nothing after it that could stand in its place.
    assert_eq!(counts.duplicates_replaced, 5);
    assert_eq!(counts.frames_in, 12);
    assert_eq!(counts.duration, Rational::new(12, RATE));
    let mut alone = Pictures::new(6, |k| scene(3, k, 3.0));
    let (_, expected) = retime(&mut alone, &rules(), 4);
    assert_eq!(replaced.len(), expected.len());
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

/// Two scenes as Y4M, six frames each, in a file.
fn write_y4m(path: &std::path::Path) {
    let mut bytes = b"YUV4MPEG2 W160 H96 F24:1 Ip A1:1 Cmono\n".to_vec();
    for k in 0..12 {
        bytes.extend(b"FRAME\n");
        let picture = scene(k / 6, k, 3.0);
        bytes.extend(picture.planes()[0].iter().map(|v| *v as u8));
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn the_report_lists_the_cuts() {
    let room = tempfile::tempdir().unwrap();
    write_y4m(&room.path().join("in.y4m"));
    let run = |args: &[&str]| {
        let mut command = otinterp();
        command
            .current_dir(room.path())
            .args(["retime", "in.y4m", "--factor", "2", "-y", "-o", "out.y4m"])
            .args(["--preset", "fast"])
            .args(args);
        command.output().unwrap()
    };
    let report = |args: &[&str]| -> serde_json::Value {
        let out = run(&[args, &["--json"]].concat());
        assert!(out.status.success());
        let text = String::from_utf8(out.stdout).unwrap();
        let lines = text.lines().map(|l| serde_json::from_str(l).unwrap());
        let mut done = lines.filter(|l: &serde_json::Value| l["event"] == "done");
        done.next().unwrap()
    };
    assert!(String::from_utf8_lossy(&run(&[]).stderr).contains("; 1 cut"));
    let found = report(&[]);
    assert_eq!(
        found["cuts"],
        serde_json::json!([{"frame": 6, "time_s": 0.25}])
    );
    assert_eq!(found["duplicates_replaced"], 0);

    std::fs::write(
        room.path().join("cuts.txt"),
        "# by hand\n2\n0.125 # 3\n\n77\n",
    )
    .unwrap();
    let given = report(&["--cuts", "cuts.txt"]);
    let frames: Vec<_> = given["cuts"].as_array().unwrap().iter().collect();
    assert_eq!(frames.len(), 2);
    assert_eq!(
        (&frames[0]["frame"], &frames[1]["frame"]),
        (&2.into(), &3.into())
    );
    let warning = given["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("beyond the clip's 12 frames: 1"),
        "{warning}"
    );

    std::fs::write(room.path().join("cuts.txt"), "2\nnoon\n").unwrap();
    for (args, code, word) in [
        (["--cuts", "cuts.txt"], 1, "cuts.txt: line 2: 'noon'"),
        (["--cuts", "none.txt"], 1, "none.txt"),
        (["--cut-threshold", "2"], 2, "between 0 and 1"),
    ] {
        let out = run(&args);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(code), "{said}");
        assert!(said.contains(word), "{said}");
    }
}
