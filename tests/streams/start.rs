//! A part that begins late in a file: read from a key frame before it on, and the same as if all had been read.

use crate::common::clips::ffmpeg;
use crate::common::through_ffmpeg::frames;
use otinterp_video::range::{Position, Ranged};
use otinterp_video::{FileSource, Source};
use std::path::Path;

/// 8 s of 25 frames a second with a sound that begins later, in a codec.
fn made(test: &str, path: &Path, coded: &[&str]) -> Option<()> {
    let picture = "testsrc2=size=64x48:rate=25:duration=8";
    let inputs = [
        "-f",
        "lavfi",
        "-i",
        picture,
        "-itsoffset",
        "0.3",
        "-f",
        "lavfi",
    ];
    let sound = [
        "-i",
        "sine=duration=8",
        "-pix_fmt",
        "yuv420p",
        "-threads",
        "1",
    ];
    let path = path.to_str().unwrap();
    ffmpeg(test, &[&inputs[..], &sound, coded, &[path]].concat()).map(|_| ())
}

fn part(path: &Path, start: Position) -> Ranged {
    let source = FileSource::open(path, Some(1), false).unwrap();
    Ranged::new(Box::new(source), (Some(start), None), [0; 2]).unwrap()
}

#[test]
fn a_part_is_the_same_frames_at_the_same_times() {
    let test = "a_part_is_the_same_frames_at_the_same_times";
    let dir = tempfile::tempdir().unwrap();
    let x264 = ["-c:v", "libx264", "-g", "40", "-bf", "3", "-x264-params"];
    let open = [&x264[..], &["open-gop=1"]].concat();
    // No frame stands for itself: what is read from the middle on is damaged at first.
    let refresh = [&x264[..5], &["0", "-x264-params", "intra-refresh=1"]].concat();
    let variable = [
        &["-vf", "select='lt(mod(n*n,7),3)'", "-fps_mode", "vfr"],
        &open[..],
    ]
    .concat();
    let x265 = [
        "-c:v",
        "libx265",
        "-x265-params",
        "log-level=none:keyint=40",
    ];
    let mpeg4 = ["-c:v", "mpeg4", "-g", "40", "-bf", "2", "-q:v", "3"];
    let mpeg2 = ["-c:v", "mpeg2video", "-g", "15", "-bf", "2", "-q:v", "3"];
    let ffv1 = ["-c:v", "ffv1", "-g", "30"];
    let vp9 = ["-c:v", "libvpx-vp9", "-g", "40", "-deadline", "realtime"];
    for (name, coded) in [
        ("open.mp4", &open[..]),
        ("open.mkv", &open),
        ("open.ts", &open),
        ("refresh.mp4", &refresh),
        ("refresh.mkv", &refresh),
        ("variable.mkv", &variable),
        ("variable.mp4", &variable),
        ("hevc.mp4", &x265),
        ("hevc.mkv", &x265),
        ("mpeg4.mp4", &mpeg4),
        ("mpeg4.avi", &mpeg4),
        ("mpeg2.mkv", &mpeg2),
        ("ffv1.mkv", &ffv1),
        ("vp9.mkv", &vp9),
    ] {
        let path = dir.path().join(name);
        if made(test, &path, coded).is_none() {
            return;
        }
        let all = frames(&path);
        for place in ["0.5", "2.4", "3.84", "5.0", "6.61", "7.9"] {
            let start: Position = place.parse().unwrap();
            let Position::Time(seconds) = start else {
                unreachable!()
            };
            let expected = all.iter().filter(|f| f.time - all[0].time >= seconds);
            let expected: Vec<_> = expected.collect();
            let mut source = part(&path, start);
            for (k, expected) in expected.iter().enumerate() {
                let found = source.next().unwrap().unwrap();
                let case = format!("{name} from {place}, frame {k}");
                assert_eq!(found.time, expected.time, "{case}");
                assert_eq!(found.duration, expected.duration, "{case}");
                assert!(found.picture == expected.picture, "{case}");
            }
            assert!(source.next().unwrap().is_none(), "{name} from {place}");
            assert_eq!(source.warnings(), [""; 0], "{name} from {place}");
        }
    }
}

#[test]
fn what_is_long_before_a_part_is_not_decoded() {
    let test = "what_is_long_before_a_part_is_not_decoded";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("whole.mp4");
    let coded = ["-c:v", "libx264", "-g", "25", "-crf", "10"];
    if made(test, &path, &coded).is_none() {
        return;
    }
    // Holes in the third second.
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.len() / 4;
    for hole in 0..10 {
        bytes[at + 500 * hole..][..60].fill(0);
    }
    std::fs::write(&path, &bytes).unwrap();
    let damage = |start: &str| {
        let mut source = part(&path, start.parse().unwrap());
        while source.next().unwrap().is_some() {}
        source.warnings()
    };
    // By frames they are counted from the first on.
    assert_ne!(damage("150f"), [""; 0]);
    assert_eq!(damage("6.0"), [""; 0]);
}
