//! Ctrl-C and SIGTERM: every command ends within a second, at the second one at once, and leaves nothing.

use crate::common::room::Room;
use image::{Rgb, RgbImage};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Work that takes many times as long as it is waited for.
const LONG: &[&str] = &[
    "path a.png b.png --frames 9 --plot way.svg",
    "distance a.png b.png",
    "distance x.csv y.csv --debiased",
    "frames a.png b.png --method mass -o mid.png",
    "frames a.png b.png --method mass -n 3 -o steps/",
    "compare a.png b.png --method mass -o c.png",
    "flow a.png b.png --method mass -o ab.flo",
    "report a.png b.png -n 60 --preset best -o page.html",
    "retime slow.y4m --method mass --factor 2 -o out.y4m",
];

/// Noise, in which everything is far from everything.
fn room() -> Room {
    const SIZE: (u32, u32) = (1280, 960);
    let room = Room::new();
    let mut state = 1u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for name in ["a.png", "b.png"] {
        let picture = RgbImage::from_fn(SIZE.0, SIZE.1, |_, _| Rgb([noise(), noise(), noise()]));
        picture.save(room.path(name)).unwrap();
    }
    let mut clip = format!("YUV4MPEG2 W{} H{} F25:1 Ip A1:1 Cmono\n", SIZE.0, SIZE.1).into_bytes();
    for _ in 0..3 {
        clip.extend(b"FRAME\n");
        clip.extend((0..SIZE.0 * SIZE.1).map(|_| noise().clamp(16, 235)));
    }
    room.write("slow.y4m", &clip);
    for name in ["x.csv", "y.csv"] {
        let rows: String = (0..6000)
            .map(|_| format!("{},{}\n", noise(), noise()))
            .collect();
        room.write(name, rows.as_bytes());
    }
    room
}

/// The exit code, what was said, and how long it took from the last signal on.
fn ended(room: &Room, args: &str, signals: &[&str]) -> (Option<i32>, String, Duration) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"));
    command.current_dir(room.folder()).args(args.split(' '));
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    sleep(Duration::from_millis(800));
    let id = child.id().to_string();
    let mut begun = Instant::now();
    for signal in signals {
        sleep(Duration::from_millis(60));
        begun = Instant::now();
        assert!(
            Command::new("kill")
                .args([*signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    (done.status.code(), said, begun.elapsed())
}

#[test]
fn long_work_ends_within_a_second_and_leaves_nothing() {
    let room = room();
    let before = room.listing();
    for (number, args) in LONG.iter().enumerate() {
        let signal = ["-INT", "-TERM"][number % 2];
        let (code, said, took) = ended(&room, args, &[signal]);
        assert_eq!(code, Some(130), "{args}: {said}");
        assert!(
            said.ends_with("otinterp: interrupted; no unfinished file was left\n"),
            "{args}: {said}"
        );
        // The machine may be busy with other tests.
        assert!(took < Duration::from_millis(1500), "{args}: {took:?}");
        assert_eq!(room.listing(), before, "{args}");
    }
}

#[test]
fn the_second_ends_it_at_once() {
    let room = room();
    let before = room.listing();
    for args in LONG.iter().step_by(3) {
        let (code, said, took) = ended(&room, args, &["-INT", "-INT"]);
        assert_eq!(code, Some(130), "{args}: {said}");
        assert!(took < Duration::from_millis(500), "{args}: {took:?}");
        assert_eq!(room.listing(), before, "{args}");
    }
}

#[test]
fn a_terminal_sees_how_far_long_work_is() {
    let room = room();
    let program = assert_cmd::cargo::cargo_bin!("otinterp");
    // Long work is interrupted after a while; what it showed until then is enough.
    for (args, shown) in [
        ("path a.png b.png --frames 9", "0 of 10 frames"),
        ("distance a.png b.png", "a.png and b.png "),
        ("distance --against a.png b.png", "a.png and b.png "),
        ("distance --against a.png b.png slow.png", "0 of 2 files"),
        ("frames a.png b.png --method mass -o mid.png", "solving "),
        ("compare a.png b.png --method mass -o c.png", "solving "),
        ("flow a.png b.png --method mass", "solving "),
    ] {
        let line = format!("timeout -s INT 1.5 {} {args}", program.display());
        let run = |line: &str| {
            let mut script = Command::new("script");
            script
                .args(["-qec", line, "/dev/null"])
                .env("TERM", "xterm");
            script
                .stdin(Stdio::null())
                .current_dir(room.folder())
                .output()
        };
        let Ok(output) = run(&line) else {
            return eprintln!(
                "skipped: a_terminal_sees_how_far_long_work_is: there is no script program"
            );
        };
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains(shown), "{args}: {said}");
        let quiet = run(&format!("{line} -q")).unwrap();
        let said = String::from_utf8_lossy(&quiet.stdout).into_owned();
        assert!(!said.contains(shown), "{args}: {said}");
    }
}
