//! Cuts: what is found on scenes joined at known places, and what is shown there.

use crate::common::clips::otinterp;
#[cfg(feature = "video")]
use crate::common::clips::{data, ffmpeg, names};
use crate::drawn::{Pictures, RATE, flat_like, mixed, retime, rules, scene};
use otinterp::picture::Picture;
use otinterp_cli::pipeline::{AtCut, Cuts, HandCut, Rules};
#[cfg(feature = "video")]
use otinterp_video::Source;
use otinterp_video::time::Rational;

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
    if let Ok(mut source) = otinterp_video::y4m::Y4mSource::new(out) {
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
    let Some(data) = data(test) else {
        return;
    };
    if ffmpeg(test, &["-version"]).is_none() {
        return;
    }
    let folder = data.join("clips");
    let mut names = names(&folder);
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
        at_cut: AtCut::Crossfade,
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
