//! Faults from outside: nothing wrong gets an output's name, and nothing is left in the way.

use crate::common::clips::{SMALL, SMALL_HEAD, names, y4m};
use crate::common::room::Room;
use crate::resumable::{Resumable, wait_until};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

fn program(room: &Room, args: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"));
    command.current_dir(room.folder()).args(args.split(' '));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn a_folder_that_is_removed_meanwhile_ends_the_run_in_one_line() {
    for name in ["out.y4m", "out.mp4"] {
        let job = Resumable::new();
        fs::create_dir(job.at("films")).unwrap();
        let output = format!("films/{name}");
        let child = job.start(&output, &[]);
        let work = job.at("films").join(format!(".{name}.otinterp"));
        wait_until(|| fs::read(work.join("journal")).is_ok());
        fs::remove_dir_all(job.at("films")).unwrap();
        let done = child.wait_with_output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{said}");
        let errors = said
            .lines()
            .filter(|line| !line.contains("what is done is kept"));
        assert_eq!(errors.count(), 1, "{said}");
        assert!(said.contains(name), "{said}");
        assert!(!said.contains("panicked"), "{said}");
        assert!(!job.at("films").exists());
    }
}

#[test]
fn the_next_run_removes_what_a_killed_one_left() {
    let room = Room::new();
    room.write("clip.y4m", &y4m(SMALL_HEAD, SMALL, 8, 60));
    let before = names(room.folder());
    // A pipe has no work folder: its output is written beside its name.
    for output in ["out.mp4", "out_%03d.png", "out.y4m"] {
        let mut killed = program(&room, &format!("retime - -o {output} --factor 2 -q"));
        let mut child = killed.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let clip = fs::read(room.path("clip.y4m")).unwrap();
        // All but the last frame, and then nothing, so that it waits.
        std::io::Write::write_all(&mut stdin, &clip[..clip.len() - 100]).unwrap();
        wait_until(|| names(room.folder()).len() > before.len());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(names(room.folder()).len(), before.len() + 1, "{output}");
        room.ok("retime clip.y4m -o other.y4m --factor 2 --method hold -q");
        fs::remove_file(room.path("other.y4m")).unwrap();
        assert_eq!(names(room.folder()), before, "{output}");
    }
}

#[test]
fn two_runs_onto_one_output_leave_one_whole_file() {
    let room = Room::new();
    room.write("clip.y4m", &y4m(SMALL_HEAD, SMALL, 8, 40));
    room.ok("retime clip.y4m -o whole.mkv --factor 2 --method hold -q");
    let whole = fs::read(room.path("whole.mkv")).unwrap();
    for _ in 0..5 {
        let run = || {
            program(
                &room,
                "retime clip.y4m -o out.mkv --factor 2 --method hold -q -y",
            )
        };
        let all: Vec<_> = (0..3).map(|_| run().spawn().unwrap()).collect();
        let mut done = 0;
        for child in all {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            match output.status.code() {
                Some(0) => done += 1,
                code => {
                    assert_eq!(code, Some(1), "{said}");
                    assert!(said.contains("another run is writing this"), "{said}");
                }
            }
        }
        assert!(done > 0);
        assert!(fs::read(room.path("out.mkv")).unwrap() == whole);
        assert_eq!(names(room.folder()), ["clip.y4m", "out.mkv", "whole.mkv"]);
    }
}

#[test]
fn names_that_are_no_text_and_decimal_commas_change_nothing() {
    let room = Room::new();
    let clip = std::ffi::OsStr::from_bytes(b"cl\xffip.y4m");
    fs::write(room.folder().join(clip), y4m(SMALL_HEAD, SMALL, 8, 6)).unwrap();
    for name in [&b"o\xfeut.mkv"[..], b"o\xfeut.y4m"] {
        let output = std::ffi::OsStr::from_bytes(name);
        let run = |locale: &str| {
            let mut command = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"));
            command
                .current_dir(room.folder())
                .env("LANG", locale)
                .env("LC_ALL", locale);
            command.arg("retime").arg(clip).arg("-o").arg(output);
            command.args(["--factor", "2.5", "--method", "hold", "-y", "-q"]);
            let done = command.output().unwrap();
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            (done.status.success(), said)
        };
        let (went_well, said) = run("C");
        if !went_well {
            // FFmpeg takes names as text.
            assert!(
                said.contains("UTF-8") && said.lines().count() == 1,
                "{said}"
            );
            continue;
        }
        let made = fs::read(room.folder().join(output)).unwrap();
        assert_eq!(run("de_DE.UTF-8"), (true, String::new()));
        assert!(fs::read(room.folder().join(output)).unwrap() == made);
    }
}
