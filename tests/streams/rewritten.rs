//! What is copied beside the pictures and changed on its way: subtitles, chapters, time codes, tags; cut to a part, slowed,
//! written as the container wants it.

use crate::common::clips::{ffmpeg, names, otinterp, retime, words};
use crate::common::played::{ffprobe, number};
use std::path::{Path, PathBuf};

const HOLD: [&str; 4] = ["--method", "hold", "--factor", "2"];

/// A clip of 4 s at 25 frames a second with these inputs beside it, by further arguments.
fn clip(test: &str, dir: &Path, beside: &[&str], name: &str) -> Option<PathBuf> {
    let path = dir.join(name);
    let source = words("-f lavfi -i testsrc2=size=64x48:rate=25:duration=4");
    let video = words("-c:v libx264 -crf 40 -pix_fmt yuv420p");
    let args = [&source[..], beside, &video, &[path.to_str().unwrap()]].concat();
    ffmpeg(test, &args)?;
    Some(path)
}

const SRT: &str = "1\n00:00:00,500 --> 00:00:02,000\nacross the start\n\n\
    2\n00:00:01,500 --> 00:00:02,500\nwithin\n\n\
    3\n00:00:02,500 --> 00:00:03,500\nacross the end\n\n\
    4\n00:00:03,000 --> 00:00:03,800\nafter the end\n";

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn subtitles_and_chapters_are_cut_to_the_part() {
    let test = "subtitles_and_chapters_are_cut_to_the_part";
    let dir = tempfile::tempdir().unwrap();
    let srt = write(dir.path(), "a.srt", SRT);
    let chapter = |from, to, title| {
        format!("[CHAPTER]\nTIMEBASE=1/1000\nSTART={from}\nEND={to}\ntitle={title}\n")
    };
    let chapters = [
        (0, 500, "before"),
        (500, 2000, "first"),
        (2000, 4000, "last"),
        (3000, 4000, "after"),
    ];
    let chapters = chapters.map(|(from, to, title)| chapter(from, to, title));
    let chapters = write(
        dir.path(),
        "c.txt",
        &format!(";FFMETADATA1\n{}", chapters.concat()),
    );
    let beside = ["-i", &srt, "-i", &chapters];
    let maps = words("-map 0 -map 1 -map_chapters 2 -c:s srt");
    let Some(file) = clip(test, dir.path(), &[&beside[..], &maps].concat(), "a.mkv") else {
        return;
    };
    let output = dir.path().join("out.mkv");
    // By times and by frames.
    for range in ["1-3", "25f-75f"] {
        retime(
            &file,
            &[&HOLD[..], &["--range", range, "-y"]].concat(),
            &output,
        );
        let shown = ffprobe(&output, "s", "packet=pts_time,duration_time");
        let wanted = [
            "0.000000,1.000000",
            "0.500000,1.000000",
            "1.500000,0.500000",
        ];
        assert_eq!(shown, wanted, "{range}");
        assert_eq!(number(&output, "v", "format=duration"), 2.0);
        let found = ffprobe(
            &output,
            "v",
            "chapter=start_time,end_time:chapter_tags=title",
        );
        assert_eq!(found, ["0.000000,1.000000,first", "1.000000,2.000000,last"]);
    }
    // In slow motion: twice as long.
    let slow = ["--method", "hold", "--slow", "2", "--range", "1-3", "-y"];
    retime(&file, &slow, &output);
    let shown = ffprobe(&output, "s", "packet=pts_time,duration_time");
    assert_eq!(
        shown,
        [
            "0.000000,2.000000",
            "1.000000,2.000000",
            "3.000000,1.000000"
        ]
    );
}

/// The events of an ASS file, their texts.
fn texts(test: &str, path: &Path) -> Vec<String> {
    let args = words("-map 0:s -c copy -f ass -");
    let text = ffmpeg(test, &[&["-i", path.to_str().unwrap()][..], &args].concat()).unwrap();
    let text = String::from_utf8(text).unwrap();
    let events = text.lines().filter_map(|l| l.strip_prefix("Dialogue: "));
    events
        .map(|l| l.splitn(10, ',').nth(9).unwrap().to_owned())
        .collect()
}

#[test]
fn times_in_the_text_of_subtitles_go_with_the_picture() {
    let test = "times_in_the_text_of_subtitles_go_with_the_picture";
    let dir = tempfile::tempdir().unwrap();
    let ass = "[Script Info]\nScriptType: v4.00+\n\n[Events]\n\
        Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n\
        Dialogue: 0,0:00:00.20,0:00:01.20,Default,,0,0,0,,{\\fad(200,300)\\move(0,0,50,40,0,1000)}{\\k50}ka{\\kf50}ra\n";
    let ass = write(dir.path(), "a.ass", ass);
    let Some(file) = clip(test, dir.path(), &["-i", &ass, "-c:s", "ass"], "a.mkv") else {
        return;
    };
    let output = dir.path().join("out.mkv");
    retime(&file, &words("--slow 2 --method hold"), &output);
    let wanted = r"{\fad(400,600)\move(0,0,50,40,0,2000)}{\k100}ka{\kf100}ra";
    assert_eq!(texts(test, &output), [wanted]);
    // At the same speed the bytes stay.
    retime(&file, &[&HOLD[..], &["-y"]].concat(), &output);
    assert_eq!(texts(test, &output), texts(test, &file));
    // The part begins 300 ms after the event.
    retime(
        &file,
        &[&HOLD[..], &["-y", "--range", "0.52-2"]].concat(),
        &output,
    );
    let wanted = r"{\fade(255,0,255,-320,-120,380,680)\move(0,0,50,40,-320,680)}{\k18}ka{\kf50}ra";
    assert_eq!(texts(test, &output), [wanted]);
}

#[test]
fn time_codes_say_when_the_part_begins() {
    let test = "time_codes_say_when_the_part_begins";
    let dir = tempfile::tempdir().unwrap();
    let beside = ["-timecode", "01:00:00:20"];
    for (name, output) in [
        ("a.mov", "out.mov"),
        ("a.mkv", "out.mkv"),
        ("a.mov", "out.mkv"),
    ] {
        let Some(file) = clip(test, dir.path(), &beside, name) else {
            return;
        };
        let output = dir.path().join(output);
        for (args, wanted) in [
            ("--factor 2", "01:00:00:40"),
            ("--factor 1 --range 1-3", "01:00:01:20"),
            ("--factor 2 --range 10f-60f", "01:00:01:10"),
            ("--fps 60", "01:00:00:48"),
            ("--slow 2 --range 1-3", "01:00:01:20"),
        ] {
            retime(&file, &words(&format!("{args} --method hold -y")), &output);
            let mut found = ffprobe(&output, "v", "format_tags=timecode:stream_tags=timecode");
            found.dedup();
            assert_eq!(found, [wanted], "{args}, {name} to {output:?}");
        }
    }
}

#[test]
fn no_stream_names_the_encoder_of_another() {
    let test = "no_stream_names_the_encoder_of_another";
    let dir = tempfile::tempdir().unwrap();
    let sound = words("-f lavfi -i sine=duration=4 -c:a flac");
    let Some(file) = clip(test, dir.path(), &sound, "a.mkv") else {
        return;
    };
    let encoders = |path: &Path, select: &str| ffprobe(path, select, "stream_tags=ENCODER");
    assert!(encoders(&file, "v")[0].contains("libx264"));
    let output = dir.path().join("out.mkv");
    retime(&file, &[&HOLD[..], &["--codec", "ffv1"]].concat(), &output);
    assert!(encoders(&output, "v").iter().all(|e| !e.contains("x264")));
    // The sound is what that encoder made of it.
    assert_eq!(encoders(&output, "a"), encoders(&file, "a"));
    retime(&file, &words("--slow 2 --method hold -y"), &output);
    assert!(
        encoders(&output, "a")
            .iter()
            .all(|e| e != &encoders(&file, "a")[0])
    );
}

#[test]
fn subtitles_of_text_become_what_the_container_holds() {
    let test = "subtitles_of_text_become_what_the_container_holds";
    let dir = tempfile::tempdir().unwrap();
    // One after the other: MP4 shows one at a time.
    let first = "1\n00:00:00,500 --> 00:00:02,000\nacross the start\n\n";
    let second = "2\n00:00:02,500 --> 00:00:03,500\n<i>within</i>\n";
    let srt = write(dir.path(), "a.srt", &[first, second].concat());
    let beside =
        |codec| ["-i", &srt, "-c:s", codec, "-metadata:s:s:0", "language=eng"].map(str::to_owned);
    let mut seen = 0;
    for (codec, name, becomes, output) in [
        ("subrip", "a.mkv", "mov_text", "b.mp4"),
        ("ass", "a.mkv", "mov_text", "b.mov"),
        ("mov_text", "a.mp4", "subrip", "b.mkv"),
        ("mov_text", "a.mp4", "webvtt", "b.webm"),
        ("subrip", "a.mkv", "subrip", "b.mkv"),
    ] {
        let beside = beside(codec);
        let beside: Vec<&str> = beside.iter().map(String::as_str).collect();
        let Some(file) = clip(test, dir.path(), &beside, name) else {
            return;
        };
        let output = dir.path().join(output);
        let said = retime(
            &file,
            &[&HOLD[..], &["-y", "--range", "0.52-4"]].concat(),
            &output,
        );
        assert_eq!(
            said.contains(&format!("written as {becomes}")),
            codec != becomes,
            "{said}"
        );
        let about = ffprobe(&output, "s", "stream=codec_name:stream_tags=language");
        assert_eq!(about, [format!("{becomes},eng")]);
        // What a player shows, and when.
        let args = [
            "-i",
            output.to_str().unwrap(),
            "-map",
            "0:s",
            "-f",
            "srt",
            "-",
        ];
        let text = String::from_utf8(ffmpeg(test, &args).unwrap()).unwrap();
        assert!(text.contains("00:00:00,000 --> 00:00:01,480"), "{text}");
        assert!(text.contains("00:00:01,980 --> 00:00:02,980"), "{text}");
        assert!(text.contains("00:00:01,980 --> 00:00:02,980"), "{text}");
        for line in ["across the start", "within"] {
            assert!(text.contains(line), "{line}: {text}");
        }
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn the_default_container_holds_the_sound() {
    let test = "the_default_container_holds_the_sound";
    let dir = tempfile::tempdir().unwrap();
    for (codec, name, output) in [
        ("pcm_s16le", "a.mxf", "a.x2.mkv"),
        ("aac", "b.flv", "b.x2.mp4"),
        ("pcm_s16le", "c.mov", "c.x2.mov"),
    ] {
        let sound = format!("-f lavfi -i sine=duration=4:r=48000 -ac 2 -c:a {codec}");
        let Some(file) = clip(test, dir.path(), &words(&sound), name) else {
            return;
        };
        otinterp()
            .arg("retime")
            .arg(&file)
            .args(HOLD)
            .arg("-q")
            .assert()
            .success();
        assert!(
            names(dir.path()).contains(&output.to_owned()),
            "{:?}",
            names(dir.path())
        );
        let found = ffprobe(&dir.path().join(output), "a", "stream=codec_name");
        assert_eq!(found, [codec], "{name}");
    }
    // QuickTime's sound under the name of MP4, as cameras have it.
    let camera = dir.path().join("d.mp4");
    std::fs::copy(dir.path().join("c.mov"), &camera).unwrap();
    otinterp()
        .arg("retime")
        .arg(&camera)
        .args(HOLD)
        .arg("-q")
        .assert()
        .success();
    let found = ffprobe(&dir.path().join("d.x2.mkv"), "a", "stream=codec_name");
    assert_eq!(found, ["pcm_s16le"]);
    // Slowed, it is encoded again, as MP4 has it.
    let slow = words("--slow 2 --method hold -q");
    otinterp()
        .arg("retime")
        .arg(&camera)
        .args(slow)
        .assert()
        .success();
    assert!(names(dir.path()).contains(&"d.slow2.mp4".to_owned()));
}
