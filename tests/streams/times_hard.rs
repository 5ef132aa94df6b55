//! Clips whose times are hard to read: `retime` shows what a player would show, when it would.

use crate::common::clips::{events, ffmpeg, otinterp, report};
use crate::rules::probe::{Clip, is_there};
use crate::rules::times::Times;
use crate::rules::{Case, Fate};
use otinterp_video::time::Rational;
use std::path::{Path, PathBuf};

/// A test's name, its folder, and what it makes there.
struct Room {
    test: &'static str,
    dir: tempfile::TempDir,
}

impl Room {
    /// `None` where there is no ffprobe.
    fn new(test: &'static str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        is_there(test).then_some(Self { test, dir })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs `ffmpeg` in words; `{}` stands for the folder.
    fn ffmpeg(&self, args: &str) -> Option<()> {
        let folder = self.dir.path().to_str().unwrap();
        let args: Vec<String> = args.split(' ').map(|a| a.replace("{}", folder)).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        ffmpeg(self.test, &args).map(|_| ())
    }

    /// Two seconds of picture at 25 per second, with B-frames and a key frame every `gop` frames, and of sound.
    fn original(&self, name: &str, gop: u32, params: &str) -> Option<()> {
        self.ffmpeg(&format!(
            "-f lavfi -i testsrc2=size=64x48:rate=25:duration=2 -f lavfi -i sine=frequency=440:duration=2 \
             -c:v libx264 -preset medium -bf 3 -b_strategy 0 -g {gop} -sc_threshold 0 -x264-params {params} \
             -c:a aac {{}}/{name}"
        ))
    }

    /// Doubles a clip's frames, and sees that all that is checked of it is kept.
    fn doubled(&self, input: &str, output: &str) -> (Clip, Clip) {
        let (input, output) = (self.at(input), self.at(output));
        let no_cuts = self.at("cuts.txt");
        std::fs::write(&no_cuts, "").unwrap();
        let ran = otinterp()
            .args([
                "retime", "--json", "-y", "--method", "hold", "--factor", "2", "--cuts",
            ])
            .args([&no_cuts, &input, Path::new("-o"), &output])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{input:?}: {said}");
        let lines = report(&ran.stdout);
        let done = events(&lines, "done")[0];
        let [source, written] = [&input, &output].map(|path| Clip::read(path, |_| None).unwrap());
        let case = Case {
            source: &source,
            output: &written,
            done,
            factor: 2,
            limit: None,
        };
        for (property, fate) in case.findings() {
            let is_well = !matches!(fate, Fate::Broken(_));
            assert!(
                is_well,
                "{input:?}: {property}: {fate:?}; {}",
                done["warnings"]
            );
        }
        (source, written)
    }
}

fn r(num: i128, den: i128) -> Rational {
    Rational::new(num, den)
}

/// How many frames, and their times in ticks, without those that are not told.
fn ticks(clip: &Clip) -> Vec<i64> {
    clip.frames.iter().filter_map(|f| f.ticks).collect()
}

#[test]
fn what_an_edit_list_leaves_out_is_not_shown() {
    let Some(room) = Room::new("what_an_edit_list_leaves_out_is_not_shown") else {
        return;
    };
    // Cut without encoding at 0.7 s: the packets from the key frame at 0.48 s on are there, and an edit list says that the
    // picture begins at 0.68 s.
    let cut = "-ss 0.7 -i {}/whole.mp4 -t 1 -c copy {}/cut.mp4";
    if room.original("whole.mp4", 12, "ref=3").is_none() || room.ffmpeg(cut).is_none() {
        return;
    }
    for output in ["out.mp4", "out.mkv"] {
        let (source, written) = room.doubled("cut.mp4", output);
        let packets = source.packets[source.main].len();
        assert!(
            source.frames.len() < packets,
            "{} of {packets}",
            source.frames.len()
        );
        assert_eq!(written.frames.len(), 2 * source.frames.len());
    }
}

#[test]
fn times_before_zero_keep_picture_and_sound_together() {
    let Some(room) = Room::new("times_before_zero_keep_picture_and_sound_together") else {
        return;
    };
    if room.original("whole.mkv", 12, "ref=3").is_none() {
        return;
    }
    for (input, earlier) in [
        (
            "early.mkv",
            "-avoid_negative_ts disabled -output_ts_offset -1",
        ),
        (
            "early.mp4",
            "-avoid_negative_ts disabled -output_ts_offset -1",
        ),
        ("late.ts", "-muxpreload 5 -output_ts_offset 7"),
        ("late.mp4", "-output_ts_offset 3.017"),
    ] {
        room.ffmpeg(&format!("-i {{}}/whole.mkv -c copy {earlier} {{}}/{input}"));
        for output in ["out.mp4", "out.mkv"] {
            let (source, written) = room.doubled(input, output);
            // MP4 leaves out what stands before 0, as players do.
            let expected = if input == "early.mp4" {
                25..=50
            } else {
                50..=50
            };
            assert!(expected.contains(&source.frames.len()), "{input}");
            assert_eq!(written.frames.len(), 2 * source.frames.len(), "{input}");
        }
    }
}

#[test]
fn an_open_group_of_pictures_cut_at_its_start_is_shown_from_its_first_whole_frame() {
    let test = "an_open_group_of_pictures_cut_at_its_start_is_shown_from_its_first_whole_frame";
    let Some(room) = Room::new(test) else { return };
    // MPEG-TS has its headers at every key frame, Matroska once.
    for name in ["whole.mkv", "whole.ts"] {
        if room.original(name, 12, "open-gop=1").is_none() {
            return;
        }
    }
    // Its first frames in showing order refer to a group that is not there.
    for (input, whole) in [
        ("cut.mkv", "whole.mkv"),
        ("cut.mp4", "whole.mkv"),
        ("cut.ts", "whole.ts"),
        ("cut.h264", "whole.ts"),
    ] {
        room.ffmpeg(&format!(
            "-ss 0.9 -i {{}}/{whole} -c copy -map 0:v {{}}/{input}"
        ));
        for output in ["out.mp4", "out.mkv"] {
            let (source, written) = room.doubled(input, output);
            assert!(source.frames.len() > 20, "{input}: {}", source.frames.len());
            let times = Times::of(&source, None);
            let expected = (times.duration() * 50).ceil().to_integer();
            assert_eq!(written.frames.len() as i128, expected, "{input}");
        }
    }
}

#[test]
fn frames_without_times_stand_one_after_the_other() {
    let Some(room) = Room::new("frames_without_times_stand_one_after_the_other") else {
        return;
    };
    if room.original("whole.mkv", 12, "ref=3").is_none() {
        return;
    }
    for input in ["raw.h264", "raw.avi"] {
        let copy = "-c:v copy -an -bsf:v h264_mp4toannexb";
        room.ffmpeg(&format!("-i {{}}/whole.mkv {copy} {{}}/{input}"));
        for output in ["out.mp4", "out.mkv"] {
            let (source, written) = room.doubled(input, output);
            assert!(
                source.packets[source.main].iter().any(|p| p.time.is_none()),
                "{input}"
            );
            assert_eq!(source.frames.len(), 50, "{input}");
            // AVI counts fields here: the last frame lasts one of them.
            let shortest = if input == "raw.avi" { 99 } else { 100 };
            let count = written.frames.len() as i128;
            assert!((shortest..=100).contains(&count), "{input}: {count}");
            assert_eq!(
                Times::of(&written, None).duration(),
                r(count, 50),
                "{input}"
            );
        }
    }
}

#[test]
fn frames_at_the_same_time_do_not_shift_what_follows() {
    let Some(room) = Room::new("frames_at_the_same_time_do_not_shift_what_follows") else {
        return;
    };
    // Every tenth frame says that it stands where the one before does.
    let double = "-f lavfi -i testsrc2=size=64x48:rate=25:duration=2 \
                  -vf settb=1/1000,setpts=(N-not(mod(N+1\\,10)))*40 -vsync passthrough -enc_time_base 1/1000 -c:v ffv1 {}/double.nut";
    if room.ffmpeg(double).is_none() {
        return;
    }
    room.ffmpeg("-i {}/double.nut -c copy {}/double.mkv");
    let (source, written) = room.doubled("double.mkv", "out.mp4");
    let times = ticks(&source);
    let doubled = times.windows(2).filter(|t| t[0] == t[1]).count();
    assert_eq!((times.len(), doubled), (50, 5), "{times:?}");
    // 1.96 s up to the last, which is held for one frame.
    let times = Times::of(&source, None);
    let rate = r(written.frames.len() as i128, 1) / times.duration();
    assert!(rate >= r(50, 1), "{rate}");
}

#[test]
fn a_file_that_announces_no_duration_is_read_to_its_end() {
    let Some(room) = Room::new("a_file_that_announces_no_duration_is_read_to_its_end") else {
        return;
    };
    if room.original("whole.mkv", 12, "ref=3").is_none() {
        return;
    }
    room.ffmpeg("-i {}/whole.mkv -c copy -f matroska -live 1 {}/live.mkv");
    room.ffmpeg("-i {}/whole.mkv -c copy -movflags +frag_keyframe+empty_moov {}/live.mp4");
    room.ffmpeg("-i {}/whole.mkv -c copy -f mpegts {}/live.ts");
    for input in ["live.mkv", "live.mp4", "live.ts"] {
        for output in ["out.mp4", "out.mkv"] {
            let (source, written) = room.doubled(input, output);
            assert_eq!(source.frames.len(), 50, "{input}");
            assert_eq!(written.frames.len(), 100, "{input}");
        }
    }
}
