//! What stands beside the pictures of clips through FFmpeg: sound, subtitles, chapters, tags, rotation, alpha.

use crate::common::clips::{data, events, ffmpeg, otinterp, report, retime, words};
use crate::common::through_ffmpeg::frames;
use otinterp::picture::Picture;
use otinterp_video::Frame;
use otinterp_video::time::Rational;
use predicates::prelude::*;
use std::path::Path;

/// Hashes of the streams that `maps` names, one line each.
fn stream_hashes(test: &str, path: &Path, maps: &str) -> Option<Vec<u8>> {
    let maps: Vec<&str> = maps.split(' ').flat_map(|map| ["-map", map]).collect();
    let input = ["-i", path.to_str().unwrap()];
    ffmpeg(
        test,
        &[&input[..], &maps, &words("-c copy -f streamhash -")].concat(),
    )
}

/// `in.mkv` with two sounds, one of which begins late, subtitles, a chapter and tags; gives names in the folder.
fn with_everything(test: &str, folder: &Path) -> Option<impl Fn(&str) -> String> {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(at("s.srt"), "1\n00:00:00,100 --> 00:00:00,600\nhello\n").unwrap();
    let tags = ";FFMETADATA1\ntitle=A title\n";
    let chapter = "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n";
    std::fs::write(at("m.txt"), [tags, chapter].concat()).unwrap();
    let args = format!(
        "-f lavfi -i testsrc2=size=96x64:rate=25:duration=1 \
         -itsoffset 0.21 -f lavfi -i sine=frequency=440:duration=1 \
         -f lavfi -i sine=frequency=880:duration=1.5 -i {} -i {} \
         -map 0 -map 1 -map 2 -map 3 -map_metadata 4 -map_chapters 4 -metadata:s:a:1 language=deu \
         -vf setsar=4/3 -c:v libx264 -preset ultrafast -pix_fmt yuv420p \
         -colorspace bt709 -color_primaries bt709 -color_trc bt709 \
         -c:a:0 flac -c:a:1 flac -c:s subrip {}",
        at("s.srt"),
        at("m.txt"),
        at("in.mkv")
    );
    ffmpeg(test, &words(&args))?;
    let folder = folder.to_owned();
    Some(move |name: &str| folder.join(name).to_str().unwrap().to_owned())
}

#[test]
fn sound_subtitles_chapters_and_tags_are_kept() {
    let test = "sound_subtitles_chapters_and_tags_are_kept";
    let dir = tempfile::tempdir().unwrap();
    let Some(at) = with_everything(test, dir.path()) else {
        return;
    };
    let hashes = |name: &str| stream_hashes(test, Path::new(&at(name)), "0:a 0:s?").unwrap();
    let method = ["--factor", "2", "--method", "hold", "-q"];
    otinterp()
        .args(["retime", &at("in.mkv"), "-o", &at("out.mkv")])
        .args(method)
        .assert()
        .success()
        .stderr("");
    assert_eq!(
        String::from_utf8(hashes("in.mkv")),
        String::from_utf8(hashes("out.mkv"))
    );
    let probe = |name: &str| {
        let entries = "format_tags=title:chapter_tags=title:stream_tags=language:chapter=start_time,end_time:\
            stream=codec_name,sample_aspect_ratio,color_space,color_primaries,color_transfer,start_time";
        let out = std::process::Command::new("ffprobe")
            .args([
                "-v",
                "error",
                "-show_entries",
                entries,
                "-of",
                "default=nk=0",
            ])
            .arg(at(name))
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    assert_eq!(probe("in.mkv"), probe("out.mkv"));

    // MP4 has no SubRip: it becomes what MP4 has, which one line says, and the rest is there.
    otinterp()
        .args(["retime", &at("in.mkv"), "-o", &at("out.mp4")])
        .args(method)
        .assert()
        .success()
        .stderr(predicate::str::contains(
            "stream 3 (subtitle, subrip) is written as mov_text",
        ))
        .stderr(predicate::function(|s: &str| s.lines().count() == 1));
    let sound = |h: Vec<u8>| -> Vec<String> {
        let text = String::from_utf8(h).unwrap();
        text.lines()
            .filter(|l| l.contains(",a,"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(sound(hashes("out.mp4")), sound(hashes("in.mkv")));

    // Slow motion keeps all streams too, and slows them.
    otinterp()
        .args(["retime", &at("in.mkv"), "-o", &at("slow.mp4")])
        .args(["--slow", "2", "--method", "hold", "-q"])
        .assert()
        .success()
        .stderr(predicate::str::contains(
            "stream 3 (subtitle, subrip) is written as mov_text",
        ))
        .stderr(predicate::function(|s: &str| s.lines().count() == 1));
    assert_eq!(
        sound(hashes("slow.mp4")).len(),
        sound(hashes("in.mkv")).len()
    );
    assert_eq!(frames(Path::new(&at("slow.mp4"))).len(), 50);
}

#[test]
fn rotation_is_kept() {
    let test = "rotation_is_kept";
    let Some(data) = data(test) else { return };
    let dir = tempfile::tempdir().unwrap();
    for name in ["rot90.mov", "rot180.mov", "rotate_and_reflect.mp4"] {
        let input = data.join("hard").join(name);
        let output = dir.path().join(name);
        retime(&input, &words("--factor 2 --method hold"), &output);
        let matrix = |path: &Path| {
            let args = words("-v error -select_streams v -show_entries stream_side_data");
            let out = std::process::Command::new("ffprobe")
                .args(args)
                .arg(path)
                .output();
            out.map(|o| String::from_utf8_lossy(&o.stdout).into_owned())
        };
        let Ok(expected) = matrix(&input) else {
            return eprintln!("skipped: {test}: there is no ffprobe program");
        };
        assert!(expected.contains("rotation"), "{expected}");
        assert_eq!(matrix(&output).unwrap(), expected, "{name}");
    }
}

#[test]
fn alpha_is_kept_in_webm() {
    let Some(data) = data("alpha_is_kept_in_webm") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let output = dir.path().join("a.webm");
    let input = data.join("hard/alpha_vp9.webm");
    let said = retime(&input, &words("--fps 10 --method hold"), &output);
    assert_eq!(said, "");
    let given = frames(&input);
    let made = frames(&output);
    assert_eq!(made.len(), 50);
    let mean = |p: &Picture| p.alpha().unwrap().mean().unwrap();
    let (a, b) = (mean(&given[60].picture), mean(&made[20].picture));
    assert!((a - b).abs() < 1.0 && a > 1.0 && a < 250.0, "{a} {b}");
}

/// Frames, duration and sound of real clips; `hold`, because only the frame is measured elsewhere.
#[test]
fn real_clips_keep_count_duration_and_sound() {
    let test = "real_clips_keep_count_duration_and_sound";
    let Some(data) = data(test) else { return };
    let dir = tempfile::tempdir().unwrap();
    for (name, count, sound) in [
        ("clips/foreman_h264.mp4", 120, false),
        ("clips/asl_again.mkv", 154, false),
        ("clips/blackswan.mp4", 100, false),
        ("clips/parkour.mp4", 186, true),
        ("clips/cat.mp4", 174, false),
        ("clips/newtonscradle.gif", 72, false),
        ("clips/bbb_480p24.mp4", 240, true),
        ("hard/rotate_and_reflect.mp4", 60, true),
        ("hard/vfr_rotated180.mp4", 50, true),
        ("hard/fragmented.mp4", 60, true),
        ("hard/static_black.mp4", 600, true),
        ("hard/derived_2audio_1sub.mkv", 100, true),
        ("hard/srt_ac3.mkv", 60, true),
        ("hard/yuv444_chapters.mkv", 300, true),
        ("hard/derived_vfr_dropped.mkv", 100, false),
        ("hard/invalid_nalu.mp4", 60, false),
        ("hard/corrupt_decord.mp4", 100, false),
    ] {
        let input = data.join(name);
        let stem = Path::new(name).file_name().unwrap();
        let output = dir
            .path()
            .join(stem)
            .with_extension(if name.ends_with("mkv") { "mkv" } else { "mp4" });
        let args = words("--factor 2 --method hold -q --encoder-preset ultrafast --json -o");
        let assert = otinterp()
            .arg("retime")
            .arg(&input)
            .args(args)
            .arg(&output)
            .assert()
            .success();
        let json = report(&assert.get_output().stdout);
        let (given, made) = (frames(&input), frames(&output));
        assert_eq!(made.len(), count, "{name}");
        let rate: Vec<i128> = events(&json, "done")[0]["rate"]
            .as_str()
            .unwrap()
            .split('/')
            .map(|n| n.parse().unwrap())
            .collect();
        let interval = Rational::new(rate.get(1).copied().unwrap_or(1), rate[0]);
        // A pair of frames and the rounding of Matroska's and MP4's clocks apart.
        let end = |f: &[Frame]| {
            let last = &f[f.len() - 1];
            last.time + last.duration.unwrap_or(interval * 2) - f[0].time
        };
        let off = otinterp_video::time::distance(end(&made), end(&given));
        assert!(off <= interval + Rational::new(2, 1000), "{name}: {off} s");
        if !sound {
            continue;
        }
        let hash = |path: &Path| stream_hashes(test, path, "0:a");
        let (Some(a), Some(b)) = (hash(&input), hash(&output)) else {
            return;
        };
        let values = |h: Vec<u8>| -> Vec<String> {
            let text = String::from_utf8(h).unwrap();
            text.lines()
                .map(|l| l.rsplit('=').next().unwrap().to_owned())
                .collect()
        };
        assert_eq!(values(a), values(b), "{name}");
    }
}
