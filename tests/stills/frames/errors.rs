//! Everything that can go wrong: one clear line, the right exit code, nothing left behind.

use super::support::*;
use image::ColorType;

const FAILED: i32 = 1;
const USAGE: i32 = 2;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.pair(ColorType::Rgb8);
    bench
}

#[test]
fn inputs_that_are_no_pictures() {
    let bench = bench();
    std::fs::create_dir(bench.path("folder")).unwrap();
    std::fs::write(bench.path("empty.png"), "").unwrap();
    std::fs::write(bench.path("text.png"), "no picture at all").unwrap();
    let whole = std::fs::read(bench.path("a.png")).unwrap();
    std::fs::write(bench.path("cut.png"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(bench.path("head.png"), &whole[..20]).unwrap();
    bench.save("whole.jpg", &picture(ColorType::Rgb8, 0));
    let jpeg = std::fs::read(bench.path("whole.jpg")).unwrap();
    std::fs::write(bench.path("cut.jpg"), &jpeg[..jpeg.len() - 40]).unwrap();
    let exr = [0x76, 0x2F, 0x31, 0x01, 2, 0, 0, 0];
    std::fs::write(bench.path("light.exr"), exr).unwrap();
    for (input, word) in [
        ("missing.png", "no such file"),
        ("folder", "is a folder"),
        ("empty.png", "is empty"),
        ("text.png", "not a picture"),
        ("cut.png", "broken or cut short"),
        ("head.png", "broken or cut short"),
        ("cut.jpg", "broken or cut short"),
        ("light.exr", "an OpenEXR picture, which is not read"),
    ] {
        for args in [format!("{input} b.png"), format!("a.png {input}")] {
            bench.frames_fail(&format!("{args} -o mid.png"), FAILED, &[input, word]);
            bench.frames_fail(&args, FAILED, &[input, word]);
        }
    }
}

#[test]
fn sizes_that_differ_are_both_named() {
    let bench = bench();
    bench.save("small.png", &picture(ColorType::Rgb8, 0).crop(0, 0, 8, 5));
    let size = format!("{WIDTH}x{HEIGHT}");
    let words = ["a.png", &size, "small.png", "8x5"];
    bench.frames_fail("a.png small.png -o mid.png", FAILED, &words);
}

#[test]
fn both_inputs_from_one_pipe() {
    bench().frames_fail("- - -o mid.png", USAGE, &["standard input"]);
}

#[test]
fn counts_and_times_out_of_range() {
    let bench = bench();
    for args in ["-n 0", "-n -1", "-n x", "-n 10000"] {
        bench.frames_fail(&format!("a.png b.png {args} -o out"), USAGE, &["'-n <N>'"]);
    }
    for times in ["nan", "0.5,NaN", "-0.1", "1.01", "inf", "0.5,", "half"] {
        let args = format!("a.png b.png --times {times} -o out");
        bench.frames_fail(&args, USAGE, &["--times"]);
    }
    bench.frames_fail(
        "a.png b.png -n 3 --times 0.5 -o out",
        USAGE,
        &["-n", "--times"],
    );
    for fps in ["0", "-1", "nan", "inf", "fast"] {
        bench.frames_fail(
            &format!("a.png b.png --fps={fps} -o x.gif"),
            USAGE,
            &["--fps"],
        );
    }
}

#[test]
fn outputs_that_make_no_sense() {
    let bench = bench();
    for (args, words) in [
        ("-n 3 -o mid.png", ["mid.png", "3 frames"]),
        ("-n 3 -o mid%%.png", ["mid%%.png", "3 frames"]),
        ("-o mid%s.png", ["mid%s.png", "%d"]),
        ("-o mid%d%d.png", ["mid%d%d.png", "one %d"]),
        ("-o mid_%03d", ["mid_%03d", "extension"]),
        ("-o mid.xyz", ["mid.xyz", ".png"]),
        ("-o mid.png --format png", ["--format", "-o -"]),
        ("--format rgb24", ["--format", "-o -"]),
        ("-o - --format bmp", ["--format", "rgb24"]),
        ("--method magic", ["--method", "crossfade"]),
        ("--nonsense", ["--nonsense", ""]),
    ] {
        bench.frames_fail(&format!("a.png b.png {args}"), USAGE, &words);
    }
    bench.frames_fail("a.png", USAGE, &["<B>"]);
}

#[test]
fn places_that_cannot_be_written() {
    let bench = bench();
    std::fs::write(bench.path("file"), "in the way").unwrap();
    for (out, words) in [
        ("none/mid.png", ["none", "no folder"]),
        ("none/mid_%d.png", ["none", "no folder"]),
        ("none/mid.gif", ["none", "no folder"]),
        ("file", ["file", "in its way"]),
        ("file/", ["file", "in its way"]),
        ("file/deeper/", ["file", "in its way"]),
        ("file/mid.png", ["file", "not a directory"]),
    ] {
        bench.frames_fail(&format!("a.png b.png -o {out}"), FAILED, &words);
    }
}

#[cfg(unix)]
#[test]
fn devices_are_not_replaced() {
    let bench = bench();
    std::os::unix::fs::symlink("/dev/null", bench.path("null.png")).unwrap();
    bench.frames_fail(
        "a.png b.png -y -o null.png",
        FAILED,
        &["not a regular file"],
    );
}

/// Starts a long run, interrupts it once `begun` says so, and returns what it said.
#[cfg(unix)]
fn interrupted(bench: &Bench, args: &str, begun: impl Fn() -> bool) -> String {
    use std::process::{Command, Stdio};
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"))
        .current_dir(bench.path("."))
        .args(args.split(' '))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !begun() {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    String::from_utf8(output.stderr).unwrap()
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_whole_files_only() {
    let bench = bench();
    let long = "frames a.png b.png -n 9999 --method crossfade -o";
    let third = bench.path("out/0003.png");
    let said = interrupted(&bench, &format!("{long} out"), || third.exists());
    assert!(said.starts_with("otinterp: interrupted"), "{said}");
    assert_eq!(said.lines().count(), 1);
    for name in bench.names("out") {
        assert!(!name.starts_with('.'), "{name}");
        bench.load(&format!("out/{name}"));
    }
    std::fs::remove_dir_all(bench.path("out")).unwrap();

    // The clip grows under a hidden name, and goes.
    let before = bench.names(".");
    interrupted(&bench, &format!("{long} x.apng"), || {
        bench.names(".") != before
    });
    assert_eq!(bench.names("."), before);
}

#[test]
fn transparency_is_not_thrown_away() {
    let bench = bench();
    bench.save("a.png", &rgba(|i| [1, 2, 3, (i % 256) as u8]));
    let files = ["mid.jpg", "mid.ppm", "x.mp4", "x.y4m"];
    for out in files
        .into_iter()
        .chain(["- --format rgb24", "- --format y4m"])
    {
        let args = format!("a.png b.png -o {out}");
        bench.frames_fail(&args, FAILED, &["holds no transparency", ".png"]);
    }
    // Where all is opaque nothing is lost.
    bench.save("a.png", &rgba(|_| [1, 2, 3, 255]));
    bench.frames_ok("a.png b.png -o mid.jpg");
}

#[test]
fn a_folder_made_for_nothing_goes_again() {
    let bench = bench();
    let too_wide = image::DynamicImage::new(65_536, 1, ColorType::L8);
    bench.save("wide.png", &too_wide);
    // GIF and JPEG sides end at 65535: the one is known beforehand, the other when it is written.
    bench.frames_fail("wide.png wide.png -o x.gif", FAILED, &["x.gif", "65535"]);
    bench.frames_fail("wide.png wide.png -o x.jpg", FAILED, &["x.jpg", "JPEG"]);
}
