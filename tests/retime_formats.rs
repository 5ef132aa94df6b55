//! Encoders, pixel formats, colour, side data and alpha in `retime`: what goes in comes out.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]
#![cfg(feature = "video")]

mod clips;

use clips::{data, ffmpeg, names, otinterp};
use predicates::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A clip of `frames` frames at 25 per second, 64×64, made by FFmpeg's test pattern.
fn made(test: &str, path: &Path, frames: u32, args: &[&str]) -> Option<()> {
    let source = format!(
        "testsrc2=size=64x64:rate=25:duration={}",
        f64::from(frames) / 25.0
    );
    let path = path.to_str().unwrap();
    let all = [
        &["-f", "lavfi", "-i", &source],
        args,
        &["-threads", "1", path],
    ]
    .concat();
    ffmpeg(test, &all).map(|_| ())
}

/// `retime INPUT ARGS -o OUTPUT`, and what it wrote to stderr.
fn retime(input: &Path, args: &[&str], output: &Path) -> String {
    let assert = otinterp()
        .arg("retime")
        .arg(input)
        .args(args)
        .args(["-q", "-o"])
        .arg(output)
        .assert()
        .success();
    let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    // That library speaks for itself, on any stderr.
    let lines = said.lines().filter(|l| !l.starts_with("Svt["));
    lines.map(|l| format!("{l}\n")).collect()
}

/// The hash of every frame in a pixel format.
fn hashes(test: &str, path: &Path, pixel: &str) -> Vec<String> {
    let path = path.to_str().unwrap();
    let flags = "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp,format=";
    let filter = format!("{flags}{pixel}");
    let args = [
        "-i",
        path,
        "-map",
        "0:v:0",
        "-vf",
        &filter,
        "-fps_mode",
        "passthrough",
    ];
    let out = ffmpeg(test, &[&args[..], &["-f", "framemd5", "-"]].concat()).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines = text.lines().filter(|l| !l.starts_with('#'));
    lines
        .map(|l| l.rsplit(',').next().unwrap().trim().to_owned())
        .collect()
}

/// What ffprobe says of `entries` of the first video stream.
fn probe(path: &Path, entries: &str) -> String {
    let args = [
        "-v",
        "error",
        "-select_streams",
        "v:0",
        "-read_intervals",
        "%+#1",
    ];
    let shown = ["-show_entries", entries, "-of", "default=nk=0:nw=1"];
    let out = Command::new("ffprobe")
        .args(args)
        .args(shown)
        .arg(path)
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

fn has_encoder(name: &str) -> bool {
    let found = otinterp::video::encoders().unwrap();
    let there = found.iter().any(|e| e.name == name);
    if !there {
        eprintln!("skipped: the linked FFmpeg has no {name}");
    }
    there
}

const TWICE: &[&str] = &["--factor", "2", "--method", "crossfade"];

#[test]
fn lossless_codecs_give_source_frames_back_bit_for_bit() {
    let test = "lossless_codecs_give_source_frames_back_bit_for_bit";
    let dir = tempfile::tempdir().unwrap();
    let ffv1: &[&str] = &["--codec", "ffv1"];
    let x264: &[&str] = &["--codec", "libx264", "--encoder-opt", "qp=0"];
    let x264rgb: &[&str] = &["--codec", "libx264rgb", "--encoder-opt", "qp=0"];
    let x265: &[&str] = &[
        "--codec",
        "libx265",
        "--encoder-opt",
        "x265-params=lossless=1",
    ];
    for (pixel, codec) in [
        ("yuv420p", ffv1),
        ("yuv444p12le", ffv1),
        ("gray", ffv1),
        ("gray10le", ffv1),
        ("yuva420p", ffv1),
        ("gbrp", ffv1),
        ("gbrp16le", ffv1),
        ("yuv422p10le", ffv1),
        ("yuv444p16le", ffv1),
        ("bgra", ffv1),
        ("yuv420p", x264),
        ("yuv444p", x264),
        ("yuv420p10le", x264),
        ("gbrp", x264rgb),
        ("yuv420p10le", x265),
    ] {
        if !has_encoder(codec[1]) {
            continue;
        }
        let (input, output) = (dir.path().join("in.nut"), dir.path().join("out.mkv"));
        if made(test, &input, 5, &["-pix_fmt", pixel, "-c:v", "rawvideo"]).is_none() {
            return;
        }
        let said = retime(&input, &[TWICE, codec, &["-y"]].concat(), &output);
        assert_eq!(said, "", "{pixel} {codec:?}");
        let (given, found) = (hashes(test, &input, pixel), hashes(test, &output, pixel));
        assert_eq!((given.len(), found.len()), (5, 10), "{pixel} {codec:?}");
        for k in 0..5 {
            assert_eq!(found[2 * k], given[k], "{pixel} {codec:?}, frame {k}");
        }
    }
}

#[test]
fn images_go_in_and_out() {
    let test = "images_go_in_and_out";
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for (pixel, extension) in [
        ("rgb24", "png"),
        ("rgb48be", "png"),
        ("rgba", "png"),
        ("gray16be", "png"),
        ("rgb24", "tif"),
    ] {
        let from = at(&format!("{pixel}_%03d.{extension}"));
        let to = at(&format!("out_{pixel}_%04d.{extension}"));
        let few = ["-pix_fmt", pixel, "-start_number", "17"];
        if made(test, &from, 3, &few).is_none() {
            return;
        }
        let said = retime(&from, TWICE, &to);
        assert_eq!(said, "", "{pixel}");
        let path = |pattern: &str, n: u32| at(&format!("{pattern}_{pixel}_{n:04}.{extension}"));
        for k in 0..3 {
            let source = at(&format!("{pixel}_{:03}.{extension}", 17 + k));
            let made = path("out", 1 + 2 * k);
            assert_eq!(
                hashes(test, &source, pixel),
                hashes(test, &made, pixel),
                "{pixel} {k}"
            );
        }
        assert!(path("out", 6).exists() && !path("out", 7).exists());
    }
    assert!(names(dir.path()).iter().all(|n| !n.starts_with('.')));
    let before = names(dir.path());
    for (output, why) in [
        ("one.png", "one image cannot hold a clip"),
        ("out_rgb24_%04d.png", "exists already"),
    ] {
        otinterp()
            .args(["retime", "--factor", "2"])
            .arg(at("rgb24_%03d.png"))
            .arg("-o")
            .arg(at(output))
            .assert()
            .code(1)
            .stderr(predicate::str::contains(why))
            .stderr(predicate::function(|s: &str| s.lines().count() == 1));
        assert_eq!(names(dir.path()), before, "{output}");
    }
    otinterp()
        .args(["retime", "--factor", "2"])
        .arg(at("none_%03d.png"))
        .assert()
        .code(1)
        .stderr(predicate::str::contains("no file has such a name"));
    let jpeg = at("out_%d.jpg");
    retime(&at("rgb24_%03d.png"), TWICE, &jpeg);
    assert!(at("out_1.jpg").exists() && at("out_6.jpg").exists());
}

/// Mean difference of RGB samples between the first frames of two clips.
fn difference(test: &str, a: &Path, b: &Path) -> f64 {
    let raw = |path: &Path| {
        let path = path.to_str().unwrap();
        let args = [
            "-i",
            path,
            "-frames:v",
            "1",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-",
        ];
        ffmpeg(test, &args).unwrap()
    };
    let (a, b) = (raw(a), raw(b));
    assert_eq!(a.len(), b.len());
    let sum: f64 = a
        .iter()
        .zip(&b)
        .map(|(a, b)| f64::from(a.abs_diff(*b)))
        .sum();
    sum / a.len() as f64
}

#[test]
fn animations_go_in_and_out() {
    let test = "animations_go_in_and_out";
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let input = at("in.mkv");
    let sound = ["-f", "lavfi", "-i", "sine=duration=1", "-shortest"];
    let video = ["-c:v", "ffv1", "-pix_fmt", "yuv420p"];
    if made(test, &input, 10, &[&sound[..], &video].concat()).is_none() {
        return;
    }
    for (name, again) in [("a.gif", "b.gif"), ("a.apng", "b.apng")] {
        let said = retime(&input, TWICE, &at(name));
        assert!(said.contains("left out: stream 1 (audio"), "{said}");
        let said = retime(
            &at(name),
            &["--factor", "1", "--method", "hold"],
            &at(again),
        );
        // GIF has no pixels but those of a palette, whatever comes in.
        assert_eq!(said.is_empty(), name.ends_with("apng"), "{said}");
        let (first, second) = (
            hashes(test, &at(name), "rgb24"),
            hashes(test, &at(again), "rgb24"),
        );
        assert_eq!(first.len(), 20, "{name}");
        // Pictures of at most 256 colours, or any in PNG, come back as they are.
        assert_eq!(second.len(), 20, "{again}");
        if name.ends_with("apng") {
            assert_eq!(first, second);
        }
    }
    // FFmpeg's fixed palette is about 20 codes off, one for the clip about two.
    let off = difference(test, &at("a.apng"), &at("a.gif"));
    assert!(off < 5.0, "{off}");
    if has_encoder("libwebp_anim") {
        retime(&input, TWICE, &at("a.webp"));
        let bytes = std::fs::read(at("a.webp")).unwrap();
        let frames = bytes.windows(4).filter(|w| w == b"ANMF").count();
        // The last picture is held for the time of two, which WebP stores as one.
        assert!(bytes.starts_with(b"RIFF") && frames == 19, "{frames}");
    }
}

#[test]
fn alpha_is_kept_or_missed() {
    let test = "alpha_is_kept_or_missed";
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.nut");
    let filter = "format=yuva444p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='X*4'";
    let args = ["-vf", filter, "-pix_fmt", "yuva420p", "-c:v", "rawvideo"];
    if made(test, &input, 4, &args).is_none() {
        return;
    }
    let alpha = |path: &Path, decoder: &[&str]| -> Vec<u8> {
        let path = path.to_str().unwrap();
        let args = [
            "-i",
            path,
            "-frames:v",
            "1",
            "-vf",
            "alphaextract,format=gray",
        ];
        let raw = ["-f", "rawvideo", "-"];
        ffmpeg(test, &[decoder, &args, &raw].concat()).unwrap()
    };
    let given = alpha(&input, &[]);
    let vp9: &[&str] = &["-c:v", "libvpx-vp9"];
    for (name, codec, decoder) in [
        ("a.webm", "libvpx-vp9", vp9),
        ("a.mov", "prores_ks", &[]),
        ("b.mov", "", &[]),
        ("a.mkv", "ffv1", &[]),
        ("a_%d.png", "", &[]),
    ] {
        if !codec.is_empty() && !has_encoder(codec) {
            continue;
        }
        let output = dir.path().join(name);
        let args: &[&str] = if codec.is_empty() {
            &[]
        } else {
            &["--codec", codec]
        };
        let said = retime(&input, &[TWICE, args].concat(), &output);
        assert!(!said.contains("cannot be kept"), "{name}: {said}");
        let found = alpha(&output, decoder);
        assert_eq!(found.len(), given.len(), "{name}");
        let off = found
            .iter()
            .zip(&given)
            .map(|(a, b)| a.abs_diff(*b))
            .max()
            .unwrap();
        assert!(off <= 12, "{name}: {off}");
    }
    let said = retime(
        &input,
        &[TWICE, &["--codec", "libx264"]].concat(),
        &dir.path().join("a.mp4"),
    );
    assert!(
        said.contains("cannot be kept in the output: alpha"),
        "{said}"
    );
}

#[test]
fn options_of_the_encoder_are_passed_on_or_refused() {
    let test = "options_of_the_encoder_are_passed_on_or_refused";
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.mkv");
    if made(test, &input, 3, &["-c:v", "ffv1", "-pix_fmt", "yuv420p"]).is_none() {
        return;
    }
    for (args, why) in [
        (vec!["--pix-fmt", "nonsense"], "no pixel format 'nonsense'"),
        (
            vec!["--codec", "libvpx-vp9", "--pix-fmt", "gray16le"],
            "cannot encode gray16le; it takes yuv420p",
        ),
        (
            vec!["--codec", "ffv1", "--encoder-opt", "nonsense=1"],
            "ffv1 has no option 'nonsense'",
        ),
        (
            vec!["--codec", "nonsense"],
            "no video encoder 'nonsense'; for .mkv there are",
        ),
        (vec!["--encoder-opt", "nonsense"], "key=value"),
        (
            vec!["--video-stream", "1"],
            "no video stream 1, but only one, 0",
        ),
    ] {
        otinterp()
            .arg("retime")
            .arg(&input)
            .args(["--factor", "2", "-o"])
            .arg(dir.path().join("out.mkv"))
            .args(&args)
            .assert()
            .failure()
            .stdout("")
            .stderr(predicate::str::contains(why))
            .stderr(predicate::function(|s: &str| s.lines().count() == 1));
        assert_eq!(names(dir.path()), ["in.mkv"], "{args:?}");
    }
    let output = dir.path().join("out.mkv");
    let args = [
        "--codec",
        "ffv1",
        "--pix-fmt",
        "yuv422p10le",
        "--encoder-opt",
        "g=1",
    ];
    retime(&input, &[TWICE, &args].concat(), &output);
    assert!(probe(&output, "stream=pix_fmt").contains("yuv422p10le"));
}

#[test]
fn the_encoders_are_listed() {
    let out = otinterp().args(["codecs", "--json"]).assert().success();
    let json: serde_json::Value = serde_json::from_slice(&out.get_output().stdout).unwrap();
    let all = json["encoders"].as_array().unwrap();
    let of = |name: &str| all.iter().find(|e| e["name"] == name).unwrap();
    let has = |e: &serde_json::Value, key: &str, value: &str| {
        e[key].as_array().unwrap().iter().any(|v| v == value)
    };
    let ffv1 = of("ffv1");
    assert_eq!(
        (&ffv1["lossless"], &ffv1["alpha"]),
        (&"yes".into(), &true.into())
    );
    assert!(has(ffv1, "containers", "mkv") && !has(ffv1, "containers", "webm"));
    assert!(has(ffv1, "pixel_formats", "yuv420p10le"));
    assert!(has(of("png"), "containers", "%d.png") && has(of("gif"), "containers", "gif"));
    otinterp()
        .arg("codecs")
        .assert()
        .success()
        .stdout(predicate::str::contains("ffv1"));
}

/// Side data of the first frame and the stream, sorted, without what belongs to one encoder.
fn light(path: &Path) -> Vec<String> {
    let keys = [
        "red_x",
        "red_y",
        "green_x",
        "green_y",
        "blue_x",
        "blue_y",
        "white_point_x",
        "white_point_y",
        "min_luminance",
        "max_luminance",
        "max_content",
        "max_average",
    ];
    let all = probe(path, "stream_side_data:frame_side_data");
    let mut found: Vec<String> = all
        .lines()
        .filter_map(|l| {
            let (key, value) = l.split_once('=')?;
            let value = match value.split_once('/') {
                Some((n, d)) => n.parse::<f64>().ok()? / d.parse::<f64>().ok()?,
                None => value.parse().ok()?,
            };
            keys.contains(&key).then(|| format!("{key} {value:.5}"))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

const COLOURS: &str =
    "stream=pix_fmt,color_range,color_space,color_transfer,color_primaries,chroma_location";

fn hdr10(test: &str, path: &Path) -> Option<()> {
    let params = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited:\
        chromaloc=2:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)\
        L(10000000,50):max-cll=1000,400";
    let colours = [
        "-pix_fmt",
        "yuv420p10le",
        "-color_primaries",
        "bt2020",
        "-color_trc",
        "smpte2084",
        "-colorspace",
        "bt2020nc",
        "-color_range",
        "tv",
    ];
    let codec = [
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        params,
    ];
    made(test, path, 4, &[&colours[..], &codec].concat())
}

#[test]
fn hdr10_stays_hdr10() {
    let test = "hdr10_stays_hdr10";
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.mp4");
    if !has_encoder("libx265") || hdr10(test, &input).is_none() {
        return;
    }
    let given = light(&input);
    assert_eq!(given.len(), 12, "{given:?}");
    let colours = probe(&input, COLOURS);
    assert!(
        colours.contains("smpte2084") && colours.contains("chroma_location=topleft"),
        "{colours}"
    );
    for (name, codec) in [
        ("a.mp4", "libx265"),
        ("a.mkv", "libx265"),
        ("a.ts", "libx265"),
        ("b.mkv", "ffv1"),
        ("b.mp4", "libsvtav1"),
        ("c.mkv", "libsvtav1"),
        ("d.mkv", "libaom-av1"),
    ] {
        if !has_encoder(codec) {
            continue;
        }
        let output = dir.path().join(name);
        let said = retime(&input, &[TWICE, &["--codec", codec]].concat(), &output);
        assert_eq!(light(&output), given, "{name} {codec}");
        let found = probe(&output, COLOURS);
        let lost = said.contains("chroma siting (topleft)");
        for line in colours
            .lines()
            .filter(|l| !(lost && l.starts_with("chroma")))
        {
            assert!(
                found.contains(line),
                "{name} {codec}: {line}\n{found}{said}"
            );
        }
        assert!(lost || said.is_empty(), "{name} {codec}: {said}");
    }
    let said = retime(
        &input,
        &[TWICE, &["--codec", "ffv1"]].concat(),
        &dir.path().join("a.avi"),
    );
    assert!(
        said.contains("cannot be kept in the output: HDR10 mastering"),
        "{said}"
    );
}

#[test]
fn interlaced_pictures_become_whole() {
    let test = "interlaced_pictures_become_whole";
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.mkv");
    let fields = [
        "-vf",
        "interlace,format=yuv420p",
        "-c:v",
        "ffv1",
        "-field_order",
        "tt",
    ];
    let source = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=64x64:rate=50:duration=0.4",
    ];
    let path = input.to_str().unwrap();
    if ffmpeg(test, &[&source[..], &fields, &[path]].concat()).is_none() {
        return;
    }
    let output = dir.path().join("out.mkv");
    let lossless = ["--codec", "ffv1", "-y"];
    let said = retime(&input, &[TWICE, &lossless].concat(), &output);
    assert!(said.contains("bwdif"), "{said}");
    let whole = hashes(test, &output, "yuv420p");
    assert_eq!(whole.len(), 2 * hashes(test, &input, "yuv420p").len());
    // The same as FFmpeg's own, at source frames.
    let own = dir.path().join("own.mkv");
    let args = ["-i", path, "-vf", "bwdif=mode=send_frame", "-c:v", "ffv1"];
    ffmpeg(test, &[&args[..], &[own.to_str().unwrap()]].concat()).unwrap();
    let own = hashes(test, &own, "yuv420p");
    let at_sources: Vec<_> = whole.iter().step_by(2).cloned().collect();
    assert_eq!(at_sources, own);
    let said = retime(
        &input,
        &[TWICE, &lossless, &["--no-deinterlace"]].concat(),
        &output,
    );
    assert!(
        said.contains("interlaced") && !said.contains("bwdif"),
        "{said}"
    );
    assert_eq!(
        hashes(test, &output, "yuv420p")[0],
        hashes(test, &input, "yuv420p")[0]
    );
}

#[test]
fn one_of_several_video_streams() {
    let test = "one_of_several_video_streams";
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.mkv");
    let path = input.to_str().unwrap();
    let args = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=64x64:rate=25:duration=0.4",
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=80x64:rate=25:duration=0.4",
        "-map",
        "0",
        "-map",
        "1",
        "-c:v",
        "ffv1",
        "-pix_fmt",
        "yuv420p",
        path,
    ];
    if ffmpeg(test, &args).is_none() {
        return;
    }
    let counts = |path: &Path| -> Vec<String> {
        let args = [
            "-v",
            "error",
            "-count_packets",
            "-show_entries",
            "stream=width,nb_read_packets",
        ];
        let out = Command::new("ffprobe")
            .args(args)
            .args(["-of", "csv=p=0"])
            .arg(path)
            .output();
        let text = String::from_utf8(out.unwrap().stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    for (n, expected) in [("0", ["64,20", "80,10"]), ("1", ["64,10", "80,20"])] {
        let output = dir.path().join(format!("out{n}.mkv"));
        retime(
            &input,
            &[TWICE, &["--codec", "ffv1", "--video-stream", n]].concat(),
            &output,
        );
        assert_eq!(counts(&output), expected);
    }
}

#[test]
fn real_hdr_and_interlaced_clips() {
    let test = "real_hdr_and_interlaced_clips";
    let Some(data) = data(test) else { return };
    let dir = tempfile::tempdir().unwrap();
    let hard = |name: &str| -> PathBuf { data.join("hard").join(name) };
    let hold = [
        "--fps",
        "10",
        "--method",
        "hold",
        "--encoder-preset",
        "ultrafast",
    ];
    for (name, output) in [
        ("hdr10_pq_10bit_vfr.mp4", "a.mp4"),
        ("hdr10_pq_10bit_vfr.mp4", "a.mkv"),
        ("hlg_10bit_av1.mkv", "b.mkv"),
    ] {
        let output = dir.path().join(output);
        let said = retime(&hard(name), &hold, &output);
        assert_eq!(light(&output), light(&hard(name)), "{name} {said}");
        let (given, found) = (probe(&hard(name), COLOURS), probe(&output, COLOURS));
        for line in given
            .lines()
            .filter(|l| !l.ends_with("=unspecified") && !l.ends_with("=unknown"))
        {
            assert!(found.contains(line), "{name}: {line}\n{found}{said}");
        }
    }
    let output = dir.path().join("i.mp4");
    let said = retime(&hard("derived_interlaced_tff.mp4"), &hold, &output);
    assert!(said.contains("bwdif"), "{said}");
    let said = retime(&hard("rot90.mov"), &hold, &dir.path().join("r.mkv"));
    let turned = probe(&dir.path().join("r.mkv"), "stream_side_data").contains("rotation");
    assert_ne!(turned, said.contains("rotation and mirroring"), "{said}");
}
