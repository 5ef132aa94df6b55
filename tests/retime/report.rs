//! The report of `retime` holds to `docs/report.md`; progress on terminals and elsewhere; Ctrl-C.

use crate::common::clips::{SMALL, SMALL_HEAD, events, names, report, y4m};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const DOC: &str = include_str!("../../docs/report.md");

/// Field -> (type, whether it is always there), for each kind of line; `""` for every line.
type Schema = BTreeMap<String, BTreeMap<String, (String, bool)>>;

/// The tables of the document.
fn schema() -> Schema {
    let mut schema = Schema::new();
    let mut kind = None;
    for line in DOC.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            kind = Some(match title.strip_prefix('`') {
                Some(event) => event.trim_end_matches('`').to_owned(),
                None => String::new(),
            });
        }
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let (Some(kind), [_, fields, type_, _, present, _]) = (&kind, cells.as_slice()) else {
            continue;
        };
        for field in fields.split(", ").filter(|f| f.starts_with('`')) {
            let entry = (type_.to_string(), *present == "always");
            let table = schema.entry(kind.clone()).or_default();
            table.insert(field.trim_matches('`').to_owned(), entry);
        }
    }
    schema
}

fn fits(value: &Value, type_: &str) -> bool {
    type_.split(" or ").any(|type_| match type_ {
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array of strings" => value
            .as_array()
            .is_some_and(|a| a.iter().all(Value::is_string)),
        "timings" => value["stages"].as_array().is_some_and(|stages| {
            stages.iter().all(|s| {
                let has_cpu = s["cpu_ms"].is_number() || s["cpu_ms"].is_null();
                s["stage"].is_string() && s["calls"].is_u64() && s["wall_ms"].is_number() && has_cpu
            })
        }),
        "array of cuts" => value.as_array().is_some_and(|a| {
            a.iter()
                .all(|cut| cut["frame"].is_u64() && cut["time_s"].is_number())
        }),
        other => panic!("the document has an unknown type: {other}"),
    })
}

/// Panics at the first thing in a line that the document does not say.
fn check(line: &Value, schema: &Schema) {
    let kind = line["event"].as_str().unwrap();
    let (all, own) = (&schema[""], schema.get(kind));
    let own = own.unwrap_or_else(|| panic!("no such event: {line}"));
    for (field, value) in line.as_object().unwrap() {
        let known = own.get(field).or(all.get(field));
        let (type_, _) = known.unwrap_or_else(|| panic!("{field} is not described: {line}"));
        assert!(fits(value, type_), "{field} is no {type_}: {line}");
    }
    for (field, (_, always)) in all.iter().chain(own) {
        assert!(!always || line.get(field).is_some(), "no {field}: {line}");
    }
    assert_eq!(line.get("index").is_some(), kind != "summary", "{line}");
    assert_eq!(line["input"].is_null(), kind == "summary", "{line}");
}

fn clip(folder: &Path, name: &str, frames: usize) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, y4m(SMALL_HEAD, SMALL, 8, frames)).unwrap();
    path
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"));
    command.current_dir(folder).arg("retime");
    command
}

fn run(folder: &Path, args: &str) -> Output {
    program(folder).args(args.split(' ')).output().unwrap()
}

#[test]
fn every_line_is_as_the_document_says() {
    let dir = tempfile::tempdir().unwrap();
    clip(dir.path(), "a.y4m", 3);
    clip(dir.path(), "c.y4m", 4);
    let cut = y4m(SMALL_HEAD, SMALL, 8, 3);
    std::fs::write(dir.path().join("b.y4m"), &cut[..cut.len() - 9]).unwrap();
    std::fs::write(dir.path().join("d.y4m"), "no clip").unwrap();
    let made = run(dir.path(), "c.y4m --factor 2 --method hold -q");
    assert!(made.status.success());
    let schema = schema();
    let mut seen: Vec<String> = Vec::new();
    for args in [
        ". --dry-run --skip-existing",
        ". --skip-existing --progress json",
        ". -y -q --jobs 3 --progress json",
        "a.y4m -y -q",
        "a.y4m -y -q --timings",
        "d.y4m -y -q",
    ] {
        let output = run(
            dir.path(),
            &format!("{args} --factor 2 --method hold --json"),
        );
        let lines = report(&output.stdout);
        for line in &lines {
            check(line, &schema);
            seen.push(line["event"].as_str().unwrap().to_owned());
        }
        assert_eq!(lines.last().unwrap()["event"], "summary", "{args}");
        assert_eq!(events(&lines, "summary").len(), 1, "{args}");
        // The last progress of a clip is all of it.
        for done in events(&lines, "done") {
            let same = |p: &&&Value| p["index"] == done["index"];
            let progress = events(&lines, "progress");
            let Some(last) = progress.iter().rfind(same) else {
                continue;
            };
            assert_eq!(last["frames"], done["frames_out"]);
            assert!(last["in_betweens"].as_u64() < last["frames"].as_u64());
        }
    }
    // And all that the document describes was seen.
    for kind in schema.keys().filter(|kind| !kind.is_empty()) {
        assert!(seen.contains(kind), "{kind} was not seen");
    }
}

#[test]
fn a_report_beside_data_has_stderr_to_itself() {
    let dir = tempfile::tempdir().unwrap();
    clip(dir.path(), "a.y4m", 3);
    let args = "a.y4m --factor 2 --method hold --json --progress json -o -";
    let output = run(dir.path(), args);
    assert!(output.status.success() && output.stdout.starts_with(b"YUV4MPEG2 "));
    let kinds: Vec<_> = report(&output.stderr)
        .iter()
        .map(|l| l["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["start", "progress", "done", "summary"]);
}

#[test]
fn a_report_that_nobody_reads_stops_no_work() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.y4m", "b.y4m"] {
        clip(dir.path(), name, 3);
    }
    let mut child = program(dir.path())
        .args([".", "--factor", "2", "--method", "hold", "--json", "-q"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
    assert_eq!(names(dir.path()).len(), 4);
}

/// Starts work that does not end, waits for `ready`, presses Ctrl-C, and returns what was said.
#[cfg(unix)]
fn interrupted(mut command: Command, ready: impl Fn() -> bool) -> Output {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !ready() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(killed.success());
    child.wait_with_output().unwrap()
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_batch_and_leaves_nothing_unfinished() {
    let dir = tempfile::tempdir().unwrap();
    // Two that are done at once, and two of which each lasts for minutes.
    clip(dir.path(), "1.y4m", 2);
    clip(dir.path(), "2.y4m", 2);
    let long: Vec<u8> = y4m("W640 H480 F25:1 Cmono", &[(640, 480)], 8, 2);
    for name in ["3.y4m", "4.y4m", "5.y4m"] {
        std::fs::write(dir.path().join(name), &long).unwrap();
    }
    for jobs in ["1", "2"] {
        let mut command = program(dir.path());
        let args = "--slow 200 --method ot --preset best --threads 1 --json -q --out-dir out";
        command.args([".", "--jobs", jobs]).args(args.split(' '));
        let out = dir.path().join("out");
        let output = interrupted(command, || {
            let found = if out.exists() {
                names(&out)
            } else {
                Vec::new()
            };
            ["1.", "2.", "."]
                .iter()
                .all(|start| found.iter().any(|name| name.starts_with(start)))
        });
        assert_eq!(output.status.code(), Some(130));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "otinterp: interrupted; no unfinished file was left\n"
        );
        assert_eq!(names(&out), ["1.slow200.y4m", "2.slow200.y4m"]);
        let lines = report(&output.stdout);
        lines.iter().for_each(|line| check(line, &schema()));
        assert_eq!(events(&lines, "done").len(), 2);
        let summary = lines.last().unwrap();
        assert_eq!(
            (&summary["interrupted"], &summary["total"]),
            (&true.into(), &5.into())
        );
        std::fs::remove_dir_all(&out).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn progress_is_told_in_the_way_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.y4m", "b.y4m"] {
        clip(dir.path(), name, 20);
    }
    let all = [
        "",
        "--progress plain",
        "--progress none",
        "-q",
        "-q --progress plain",
    ];
    // All at once, each for the same three seconds.
    let said = |args: &str| {
        let mut command = program(dir.path());
        let folder = args.replace(' ', "_");
        command.args(["a.y4m", "b.y4m", "--slow", "50000", "--method", "crossfade"]);
        command.args(["--out-dir", &format!("out{folder}"), "--jobs", "2"]);
        command.args(args.split_whitespace());
        let start = Instant::now();
        let ready = || start.elapsed() > Duration::from_millis(4500);
        let output = interrupted(command, ready);
        assert_eq!(output.status.code(), Some(130), "{args}");
        String::from_utf8(output.stderr).unwrap()
    };
    let said: Vec<(String, String)> = std::thread::scope(|scope| {
        let running = all.map(|args| (args, scope.spawn(move || said(args))));
        let ended = running.map(|(args, thread)| (args.to_owned(), thread.join().unwrap()));
        ended.into()
    });
    for (args, said) in said {
        let end = "otinterp: interrupted; no unfinished file was left\n";
        let told = said.strip_suffix(end);
        let told = told.unwrap_or_else(|| panic!("{args}: {said}"));
        // What a fast machine finished by then is kept, and that is said even with -q.
        let kept = |line: &&str| line.contains(": what is done is kept in ");
        let mut lines: Vec<_> = told.lines().filter(|line| !kept(line)).collect();
        lines.sort();
        if args.contains("-q") || args.contains("none") {
            assert!(lines.is_empty(), "{args}: {said}");
            continue;
        }
        // One of each clip after two seconds; the next comes after twelve.
        assert_eq!(lines.len(), 2, "{args}: {said}");
        for (line, name) in lines.iter().zip(["[1/2] a.y4m", "[2/2] b.y4m"]) {
            assert!(line.starts_with(&format!("otinterp: {name}: ")), "{said}");
            for part in [" of 1000000 frames, ", " left, ", "x, ", " in-betweens/s"] {
                assert!(line.contains(part), "{said}");
            }
            assert!(!line.contains("cut"), "{said}");
        }
    }
}

/// A bar on a terminal, gone at the end; none with -q. `script` gives the terminal.
#[cfg(all(target_os = "linux", feature = "video"))]
#[test]
fn a_terminal_gets_a_bar() {
    let dir = tempfile::tempdir().unwrap();
    clip(dir.path(), "a.y4m", 40);
    let made = run(dir.path(), "a.y4m --factor 1 --codec ffv1 -q -o a.mkv");
    assert!(made.status.success());
    let program = assert_cmd::cargo::cargo_bin!("otinterp");
    let on_terminal = |args: &str| {
        let program = program.display();
        let line =
            format!("{program} retime a.mkv --slow 100 --codec ffv1 --method crossfade -y {args}");
        let run = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .current_dir(dir.path())
            .output();
        let output = match run {
            Ok(output) => output,
            Err(_) => return None,
        };
        assert!(output.status.success());
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(said) = on_terminal("") else {
        return eprintln!("skipped: a_terminal_gets_a_bar: there is no script program");
    };
    assert!(said.contains("a.mkv █") && said.contains("░"), "{said}");
    for part in [" of 39", " frames, 00:00:0", " left, ", "x, "] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let last = said.lines().last().unwrap();
    assert!(last.contains("40 frames to 4000 at 29.97 fps"), "{said}");
    assert_eq!(on_terminal("-q").unwrap(), "");
    let none = on_terminal("--progress none").unwrap();
    assert_eq!(none.lines().count(), 1, "{none}");
}
