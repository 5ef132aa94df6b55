//! What comes in another way than a file, and what other readers and containers cannot say: named pipes, fields, rotation.

use crate::common::clips::{ffmpeg, names, otinterp, retime, words};
use crate::common::played::ffprobe;
use crate::encoded::hashes;
use predicates::prelude::*;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TWICE: [&str; 4] = ["--factor", "2", "--method", "hold"];

/// FFmpeg's test pattern, made into a file of this name.
fn pattern(test: &str, dir: &Path, how: &str, name: &str) -> Option<PathBuf> {
    let path = dir.join(name);
    let source = "-f lavfi -i testsrc2=size=96x64:rate=50:duration=0.4";
    let args = [&words(source)[..], &words(how), &[path.to_str().unwrap()]].concat();
    ffmpeg(test, &args)?;
    Some(path)
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
#[cfg(unix)]
fn named_pipes_are_read_once() {
    let test = "named_pipes_are_read_once";
    let dir = tempfile::tempdir().unwrap();
    for (how, name) in [("-c:v ffv1", "a.mkv"), ("-pix_fmt yuv420p", "a.y4m")] {
        let Some(file) = pattern(test, dir.path(), how, name) else {
            return;
        };
        let output = dir.path().join("out.mkv");
        let lossless = [&TWICE[..], &["--codec", "ffv1", "-y"]].concat();
        retime(&file, &lossless, &output);
        let expected = hashes(test, &output, "yuv420p");
        let pipe = dir.path().join(format!("pipe-{name}"));
        make_pipe(&pipe);
        let bytes = std::fs::read(&file).unwrap();
        let to = pipe.clone();
        let writer = std::thread::spawn(move || std::fs::write(to, bytes));
        retime(&pipe, &lossless, &output);
        writer.join().unwrap().unwrap();
        assert_eq!(hashes(test, &output, "yuv420p"), expected, "{name}");
        // The program's own standard input, by its name.
        otinterp()
            .args(["retime", "/dev/stdin", "-q", "-o"])
            .arg(&output)
            .args(&lossless)
            .write_stdin(std::fs::read(&file).unwrap())
            .assert()
            .success();
        assert_eq!(hashes(test, &output, "yuv420p"), expected, "{name}");
    }
}

/// Runs the program, which waits for ever, sends it a signal, and returns its exit code.
#[cfg(unix)]
fn ended_by_a_signal(signal: &str, args: &[&str], stdin: Stdio) -> Option<i32> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_otinterp"))
        .args(args)
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    assert!(child.try_wait().unwrap().is_none(), "{args:?} did not wait");
    let kill = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let sent = Instant::now();
    while sent.elapsed() < Duration::from_secs(10) {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code().unwrap_or(-1));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

#[test]
#[cfg(unix)]
fn the_first_signal_ends_a_read_that_waits() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe.mkv");
    make_pipe(&pipe);
    let pipe = pipe.to_str().unwrap();
    let out = dir.path().join("out.mkv");
    let out = ["-o", out.to_str().unwrap(), "-q"];
    for signal in ["-TERM", "-INT"] {
        // Nobody writes.
        let args = [&["retime", pipe], &TWICE[..], &out].concat();
        assert_eq!(ended_by_a_signal(signal, &args, Stdio::null()), Some(130));
        let args = [&["retime", "-"], &TWICE[..], &out].concat();
        assert_eq!(ended_by_a_signal(signal, &args, Stdio::piped()), Some(130));
        let args = ["distance", pipe];
        assert_eq!(ended_by_a_signal(signal, &args, Stdio::null()), Some(130));
        // Those that have nothing to clean up leave it to the system.
        let args = ["frames", pipe, pipe, "-o", out[1]];
        assert!(ended_by_a_signal(signal, &args, Stdio::null()).is_some());
    }
    assert_eq!(names(dir.path()), ["pipe.mkv"]);
}

#[test]
fn fields_of_every_reader_become_whole_frames() {
    let test = "fields_of_every_reader_become_whole_frames";
    let dir = tempfile::tempdir().unwrap();
    let fields = "-vf interlace=scan=tff:lowpass=off,format=yuv420p,setfield=tff -field_order tt";
    let Some(file) = pattern(test, dir.path(), &format!("{fields} -c:v ffv1"), "in.mkv") else {
        return;
    };
    let at = |name: &str| dir.path().join(name);
    let from = ["-i", file.to_str().unwrap()];
    for (how, name) in [("-pix_fmt yuv420p", "in.y4m"), ("-f rawvideo", "in.yuv")] {
        let path = at(name);
        ffmpeg(
            test,
            &[&from[..], &words(how), &[path.to_str().unwrap()]].concat(),
        )
        .unwrap();
    }
    let head = std::fs::read(at("in.y4m")).unwrap();
    assert!(head[..60].windows(3).any(|w| w == b" It"), "not interlaced");
    let output = at("out.mkv");
    let lossless = [&TWICE[..], &["--codec", "ffv1", "-y"]].concat();
    let said = retime(&file, &lossless, &output);
    assert!(said.contains("bwdif"), "{said}");
    let expected = hashes(test, &output, "yuv420p");
    let said = retime(&at("in.y4m"), &lossless, &output);
    assert!(said.contains("bwdif"), "{said}");
    assert_eq!(hashes(test, &output, "yuv420p"), expected);
    let raw = words("--size 96x64 --pix-fmt yuv420p --source-fps 25 --fields top-first");
    let said = retime(&at("in.yuv"), &[&lossless[..], &raw].concat(), &output);
    assert!(said.contains("bwdif"), "{said}");
    assert_eq!(hashes(test, &output, "yuv420p"), expected);
    // The order matters, and what is whole says so.
    let bottom = [&lossless[..], &["--fields", "bottom-first"]].concat();
    retime(&at("in.y4m"), &bottom, &output);
    assert_ne!(hashes(test, &output, "yuv420p"), expected);
    retime(
        &at("in.y4m"),
        &[&TWICE[..], &["-y"]].concat(),
        &at("out.y4m"),
    );
    let head = std::fs::read(at("out.y4m")).unwrap();
    assert!(head[..60].windows(3).any(|w| w == b" Ip"), "not whole");
    // Frames as they are, and the word for it.
    let as_is = [&lossless[..], &["--no-deinterlace"]].concat();
    let said = retime(&at("in.y4m"), &as_is, &output);
    assert!(
        said.contains("interlaced") && !said.contains("bwdif"),
        "{said}"
    );
    let kept = hashes(test, &output, "yuv420p");
    assert_eq!(kept[0], hashes(test, &file, "yuv420p")[0]);
}

#[test]
fn pictures_are_turned_where_the_container_cannot_say_it() {
    let test = "pictures_are_turned_where_the_container_cannot_say_it";
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let Some(file) = pattern(test, dir.path(), "-c:v libx264 -pix_fmt yuv420p", "in.mp4") else {
        return;
    };
    for degrees in ["90", "180", "270"] {
        let turned = at("turned.mp4");
        let tag = format!("rotate={degrees}");
        let args = [
            &["-i", file.to_str().unwrap()][..],
            &["-c", "copy", "-metadata:s:v", &tag],
            &[turned.to_str().unwrap()],
        ];
        ffmpeg(test, &args.concat()).unwrap();
        // As FFmpeg's own program turns it.
        let own = at("own.mkv");
        let args = [
            "-i",
            turned.to_str().unwrap(),
            "-c:v",
            "ffv1",
            own.to_str().unwrap(),
        ];
        ffmpeg(test, &args).unwrap();
        let expected = hashes(test, &own, "yuv420p");
        for name in ["out.y4m", "out.avi", "out.nut"] {
            let codec: &[&str] = if name == "out.y4m" {
                &[]
            } else {
                &["--codec", "ffv1"]
            };
            let said = retime(&turned, &[&TWICE[..], &["-y"], codec].concat(), &at(name));
            assert!(!said.contains("rotation"), "{said}");
            let found = hashes(test, &at(name), "yuv420p");
            assert_eq!(found.len(), 2 * expected.len());
            let sources: Vec<_> = found.iter().step_by(2).cloned().collect();
            assert_eq!(sources, expected, "{name} {degrees}");
        }
        // A player that is told turns them itself: they lie as they lay.
        let out = at("out.mov");
        retime(&turned, &[&TWICE[..], &["-y"]].concat(), &out);
        assert_eq!(ffprobe(&out, "v", "stream=width,height"), ["96,64"]);
        let rotation = ffprobe(&out, "v", "stream_side_data=rotation");
        assert_eq!(rotation, ffprobe(&turned, "v", "stream_side_data=rotation"));
    }
}

#[test]
fn the_default_encoders_take_every_size_and_depth() {
    let test = "the_default_encoders_take_every_size_and_depth";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.nut");
    let path = path.to_str().unwrap();
    for size in ["2x2", "17x13", "48x32"] {
        for format in [
            "yuv420p",
            "yuv420p10le",
            "yuv422p12le",
            "gray16le",
            "gbrp10le",
        ] {
            let source = format!("testsrc2=size={size}:rate=25:duration=0.12,format={format}");
            let args = ["-f", "lavfi", "-i", &source, "-c:v", "rawvideo", path];
            if ffmpeg(test, &args).is_none() {
                return;
            }
            for extension in ["mp4", "mov", "webm", "ts"] {
                let output = dir.path().join(format!("out.{extension}"));
                // An allocator that checks: x265 writes beyond its memory where pictures are narrow.
                otinterp()
                    .args(["retime", path, "-q", "-y", "-o"])
                    .arg(&output)
                    .args(TWICE)
                    .env("MALLOC_CHECK_", "3")
                    .env("LD_PRELOAD", "libc_malloc_debug.so.0")
                    .assert()
                    .success();
                let frames = ffprobe(&output, "v", "packet=size").len();
                assert_eq!(frames, 6, "{size} {format} {extension}");
            }
        }
    }
}

#[test]
fn a_crf_that_the_encoder_does_not_have_is_refused() {
    let test = "a_crf_that_the_encoder_does_not_have_is_refused";
    let dir = tempfile::tempdir().unwrap();
    let Some(file) = pattern(test, dir.path(), "-c:v ffv1", "in.mkv") else {
        return;
    };
    for (codec, crf, name) in [
        ("libx264", "52", "out.mp4"),
        ("libx265", "52", "out.mp4"),
        ("libvpx-vp9", "64", "out.webm"),
    ] {
        otinterp()
            .arg("retime")
            .arg(&file)
            .args(["--codec", codec, "--crf", crf, "-q", "-o"])
            .arg(dir.path().join(name))
            .args(TWICE)
            .assert()
            .code(1)
            .stderr(predicate::str::contains(format!(
                "--crf {crf}: the encoder {codec} takes 0 to"
            )));
        assert_eq!(names(dir.path()), ["in.mkv"]);
    }
}
