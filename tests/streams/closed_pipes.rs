//! Standard output of every command: one that takes nothing (a reader that has gone, a full disk), and reports as JSON, one
//! object a line.

use crate::common::clips::{otinterp, small_y4m};
use image::{ImageBuffer, Luma, Rgb, RgbImage};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// All that writes to standard output, as typed.
const CASES: &[&str] = &[
    "--help",
    "--version",
    "help",
    "frames --help",
    "frames a.png b.png -n 2 -o -",
    "frames a.png b.png -n 2 -o - --json",
    "frames a.png b.png -n 2 -o - --format y4m",
    "frames a.png b.png -n 2 -o - --format rgb24",
    "frames a.png b.png -o made.png -y --json",
    "frames a.pfm b.pfm --method mass -o made.npy -y --json",
    "retime clip.y4m --factor 2 --method hold -o -",
    "retime clip.y4m --factor 2 --method hold -o - --json",
    "retime clip.y4m --factor 2 --method hold -o made.y4m -y --json",
    "retime clip.y4m --factor 2 --dry-run",
    "retime clip.y4m --factor 2 --dry-run --json",
    "codecs",
    "codecs --json",
    "compare a.png b.png -n 1 -o -",
    "compare a.png b.png -n 1 -o - --json",
    "compare a.png b.png -n 1 -o made.png -y --json",
    "inspect a.png b.png -o look -y --json",
    "flow a.png b.png -o -",
    "flow a.png b.png -o wheel:- --json",
    "flow a.png b.png --json",
    "report a.png b.png -n 1 -o -",
    "report a.png b.png -n 1 -o - --json",
    "report a.png b.png -n 1 -o made.html -y --json",
    "path a.png b.png --frames 1",
    "path a.png b.png --frames 1 --json",
    "score triplet",
    "score triplet --json",
    "distance a.png b.png",
    "distance a.png b.png --json",
    "distance --against a.png b.png",
    "distance --against a.png b.png --json",
    "points x.csv y.csv",
    "points x.csv y.csv --json",
    "points x.csv y.csv --batch 2",
    "points x.csv y.csv --batch 2 --json",
    "completions bash",
    "man",
    "man retime",
];

/// Inputs of all cases.
fn inputs(folder: &Path) {
    let picture = |name: &str, shift: u32| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let code = |x: u32, y: u32| 20 + ((7 * (x + shift) + 5 * y) % 200) as u8;
        RgbImage::from_fn(24, 24, |x, y| Rgb([code(x, y); 3]))
            .save(path)
            .unwrap();
    };
    picture("a.png", 0);
    picture("b.png", 2);
    picture("triplet/im1.png", 0);
    picture("triplet/gt.png", 1);
    picture("triplet/im3.png", 2);
    for (name, text) in [("x.csv", "0,0\n1,0\n0,1\n"), ("y.csv", "2,0\n3,1\n2,2\n")] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    for (name, at) in [("a.pfm", 5), ("b.pfm", 9)] {
        let mut field = b"Pf\n16 16\n-1.0\n".to_vec();
        let values = (0..256).map(|k| f32::from(u8::from(k % 16 == at)));
        field.extend(values.flat_map(f32::to_le_bytes));
        std::fs::write(folder.join(name), field).unwrap();
    }
    for (name, level) in [("a16.png", 300), ("b16.png", 700)] {
        ImageBuffer::from_fn(24, 24, |x, y| Luma([(level + 900 * x + 31 * y) as u16]))
            .save(folder.join(name))
            .unwrap();
    }
    small_y4m(folder, "clip.y4m", 4);
}

/// Whether this build can do it at all.
fn is_built(case: &str) -> bool {
    cfg!(feature = "video") || !case.starts_with("codecs")
}

fn run(folder: &Path, case: &str, stdout: impl Into<Stdio>) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("otinterp"))
        .current_dir(folder)
        .args(case.split_whitespace())
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .output()
        .unwrap()
}

/// Lines that the program says of errors; no panic is among them.
fn errors(case: &str, output: &Output) -> Vec<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{case}: {said}");
    let lines = said.lines().filter(|line| line.starts_with("otinterp: "));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_command_is_among_the_cases() {
    let help = otinterp().arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let list = help.split("\nCommands:\n").nth(1).unwrap();
    let list = list.split("\n\n").next().unwrap();
    // Names are indented by two; their descriptions' further lines by more.
    let names = list.lines().filter(|line| !line.starts_with("   "));
    let commands: BTreeSet<&str> = names
        .map(|l| l.split_whitespace().next().unwrap())
        .collect();
    let cases = CASES.iter().map(|case| case.split(' ').next().unwrap());
    let cases: BTreeSet<&str> = cases.filter(|name| !name.starts_with('-')).collect();
    assert!(commands.len() > 8, "{help}");
    assert_eq!(commands, cases);
}

#[test]
fn a_reader_that_is_gone_ends_every_command_quietly() {
    let folder = tempfile::tempdir().unwrap();
    inputs(folder.path());
    for case in CASES.iter().filter(|case| is_built(case)) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = run(folder.path(), case, writer);
        assert_eq!(errors(case, &output), [""; 0], "{case}");
        assert_eq!(output.status.code(), Some(0), "{case}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    inputs(folder.path());
    for case in CASES.iter().filter(|case| is_built(case)) {
        let full = std::fs::File::create("/dev/full").unwrap();
        let output = run(folder.path(), case, full);
        let errors = errors(case, &output);
        let [error] = &errors[..] else {
            panic!("{case}: {errors:?}");
        };
        let what = "cannot be written: No space left on device";
        assert!(error.contains(what), "{case}: {error}");
        assert_eq!(output.status.code(), Some(1), "{case}");
    }
}

/// The lines of a stream that holds nothing but objects.
fn objects(case: &str, stream: &[u8]) -> Vec<Value> {
    let text = String::from_utf8(stream.to_vec()).unwrap();
    let lines = text.lines().map(|line| {
        let value = serde_json::from_str::<Value>(line);
        let value = value.unwrap_or_else(|e| panic!("{case}: {e}: {line}"));
        assert!(value.is_object(), "{case}: {line}");
        value
    });
    lines.collect()
}

#[test]
fn every_report_is_objects_of_a_line_each_and_alone_in_its_stream() {
    let folder = tempfile::tempdir().unwrap();
    inputs(folder.path());
    let reports = CASES.iter().filter(|case| case.contains("--json"));
    for case in reports.filter(|case| is_built(case)) {
        let output = run(folder.path(), case, Stdio::piped());
        assert_eq!(output.status.code(), Some(0), "{case}");
        let carries_data = case.contains("-o -") || case.contains(":-");
        let stream = match carries_data {
            true => &output.stderr,
            false => &output.stdout,
        };
        let objects = objects(case, stream);
        if case.starts_with("retime") {
            assert!(objects.len() > 1, "{case}");
        } else {
            assert_eq!(objects.len(), 1, "{case}");
            assert_eq!(objects[0]["warnings"], Value::Array(Vec::new()), "{case}");
        }
    }
}

#[test]
fn warnings_are_in_the_report_and_beside_it_only_where_it_leaves_room() {
    let folder = tempfile::tempdir().unwrap();
    inputs(folder.path());
    for (args, carries_data) in [("-o - --format rgb24", true), ("-o made.jpg", false)] {
        let case = format!("frames a16.png b16.png --json {args}");
        let output = run(folder.path(), &case, Stdio::piped());
        let (report, other) = match carries_data {
            true => (&output.stderr, String::new()),
            false => (
                &output.stdout,
                String::from_utf8(output.stderr.clone()).unwrap(),
            ),
        };
        let report = objects(&case, report);
        let warning = report[0]["warnings"][0].as_str().unwrap();
        assert!(warning.contains("8 bits"), "{case}: {warning}");
        let beside = match carries_data {
            true => String::new(),
            false => format!("otinterp: warning: {warning}\n"),
        };
        assert_eq!(other, beside, "{case}");
    }
}
