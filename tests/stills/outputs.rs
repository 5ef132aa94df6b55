//! Outputs of every command against what is there already: inputs, links, modes, leftovers of killed runs, names.

use crate::common::room::Room;
use crate::common::small_disk::SmallDisk;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

/// A room with pictures, tables and a clip.
fn room() -> Room {
    let room = Room::new();
    room.flat("a.png", (24, 16), 60);
    room.flat("b.png", (24, 16), 90);
    room.flat("t.png", (24, 16), 75);
    room.write("x.csv", b"0,0\n1,0\n0,1\n");
    room.write("y.csv", b"2,0\n3,1\n2,2\n");
    let mut clip = b"YUV4MPEG2 W16 H16 F25:1 Ip A1:1 Cmono\n".to_vec();
    for frame in 0..4 {
        clip.extend(b"FRAME\n");
        clip.extend([40 + 20 * frame; 256]);
    }
    room.write("c.y4m", &clip);
    room.write("cuts", b"2\n");
    room
}

#[test]
fn no_input_is_overwritten_under_any_name() {
    let room = room();
    // All inputs of a command in turn as its output; IN stands for it.
    let cases = [
        ("frames a.png b.png -o IN", &["a.png", "b.png"][..]),
        (
            "compare a.png b.png --truth t.png -o IN",
            &["a.png", "b.png", "t.png"],
        ),
        (
            "flow a.png b.png --before t.png -o IN",
            &["a.png", "b.png", "t.png"],
        ),
        ("path a.png b.png --plot IN", &["a.png", "b.png"]),
        (
            "distance --against a.png b.png t.png --plot IN",
            &["a.png", "b.png", "t.png"],
        ),
        ("points x.csv y.csv --map IN", &["x.csv", "y.csv"]),
        ("retime c.y4m --factor 2 -o IN", &["c.y4m"]),
        (
            "retime c.y4m --factor 2 -o n.y4m --timecodes IN",
            &["c.y4m"],
        ),
        (
            "retime c.y4m --factor 2 --cuts cuts -o n.y4m --timecodes IN",
            &["cuts"],
        ),
    ];
    for (case, inputs) in cases {
        for input in inputs {
            let extension = input
                .split_once('.')
                .map_or(String::new(), |(_, e)| format!(".{e}"));
            let (hard, soft) = (format!("hard{extension}"), format!("soft{extension}"));
            fs::hard_link(room.path(input), room.path(&hard)).unwrap();
            symlink(input, room.path(&soft)).unwrap();
            for name in [*input, &format!("./{input}"), &hard, &soft] {
                let args = format!("{} -y", case.replace("IN", name));
                room.fails(&args, 1, &[name]);
            }
            fs::remove_file(room.path(&hard)).unwrap();
            fs::remove_file(room.path(&soft)).unwrap();
        }
    }
    // In a folder that is written to, and on standard input.
    room.flat("steps/0002.png", (24, 16), 60);
    room.fails(
        "frames steps/0002.png b.png -n 3 -o steps/ -y",
        1,
        &["0002.png", "input"],
    );
    let before = room.listing();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"));
    command
        .current_dir(room.folder())
        .args(["frames", "-", "b.png", "-o", "a.png", "-y"]);
    let done = command
        .stdin(fs::File::open(room.path("a.png")).unwrap())
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(room.listing(), before);
}

#[test]
fn a_file_that_is_replaced_leaves_its_mode() {
    let room = room();
    for (output, args) in [
        ("out.png", "frames a.png b.png -y -o"),
        ("out.gif", "frames a.png b.png -n 3 -y -o"),
        ("out.csv", "points x.csv y.csv -y --map"),
        ("out.y4m", "retime c.y4m --factor 2 -y -o"),
        ("out_1.png", "frames a.png b.png -y -o"),
    ] {
        for mode in [0o600, 0o640, 0o444, 0o666] {
            let path = room.path(output);
            let _ = fs::remove_file(&path);
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            room.ok(&format!("{args} {output}"));
            let now = path.metadata().unwrap().permissions().mode() & 0o7777;
            assert_eq!(now, mode, "{output}: {now:o}");
            assert_ne!(fs::read(&path).unwrap(), b"old");
        }
    }
}

#[test]
fn a_link_is_followed_also_where_it_leads_to_no_file_yet() {
    let room = room();
    fs::create_dir(room.path("films")).unwrap();
    for (link, target, args) in [
        ("link.png", "films/x.png", "frames a.png b.png -y -o"),
        ("link.y4m", "films/x.y4m", "retime c.y4m --factor 2 -y -o"),
    ] {
        symlink(target, room.path(link)).unwrap();
        // A link to the link.
        let second = format!("second-{link}");
        symlink(link, room.path(&second)).unwrap();
        room.fails(
            &format!("{} {second}", args.replace(" -y", "")),
            1,
            &[&second],
        );
        for _ in 0..2 {
            room.ok(&format!("{args} {second}"));
            assert!(room.path(&second).is_symlink() && room.path(link).is_symlink());
            assert!(room.path(target).symlink_metadata().unwrap().is_file());
        }
        fs::remove_file(room.path(target)).unwrap();
    }
    symlink("nowhere/x.png", room.path("bad.png")).unwrap();
    room.fails(
        "frames a.png b.png -y -o bad.png",
        1,
        &["bad.png", "nowhere"],
    );
    symlink("loop.png", room.path("loop.png")).unwrap();
    room.fails("frames a.png b.png -y -o loop.png", 1, &["loop.png"]);
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    let room = room();
    fs::create_dir(room.path("steps")).unwrap();
    for folder in ["", "steps/"] {
        room.write(
            &format!("{folder}.otinterp-tmp-aBcDeF.png"),
            b"half a picture",
        );
    }
    room.ok("frames a.png b.png -n 2 -o steps/");
    room.ok("frames a.png b.png -o out.png");
    let names: Vec<_> = room.listing().into_iter().map(|(path, _)| path).collect();
    let leftovers = names
        .iter()
        .filter(|path| path.to_string_lossy().contains("otinterp-tmp"));
    assert_eq!(leftovers.count(), 0, "{names:?}");
}

#[test]
fn messages_hold_nothing_that_a_terminal_would_obey() {
    let room = room();
    let run = |args: &[&OsStr]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"));
        let done = command
            .current_dir(room.folder())
            .args(args)
            .output()
            .unwrap();
        (done.status.code(), [done.stderr, done.stdout].concat())
    };
    for name in [
        &b"n\x1b[2J\x07.png"[..],
        b"n\xc2\x9b31m.png",
        b"n\rotinterp: all is well\n.png",
        b"n\xff.png",
    ] {
        let name = OsStr::from_bytes(name);
        for args in [
            &[OsStr::new("frames"), name, OsStr::new("b.png")][..],
            &[
                OsStr::new("frames"),
                OsStr::new("a.png"),
                OsStr::new("b.png"),
                OsStr::new("-o"),
                name,
            ],
            &[OsStr::new("distance"), OsStr::new("a.png"), name],
            &[
                OsStr::new("retime"),
                name,
                OsStr::new("--factor"),
                OsStr::new("2"),
            ],
            &[
                OsStr::new("retime"),
                name,
                OsStr::new("c.y4m"),
                OsStr::new("--factor"),
                OsStr::new("2"),
                OsStr::new("-y"),
            ],
            &[
                OsStr::new("retime"),
                OsStr::new("c.y4m"),
                OsStr::new("--factor"),
                name,
            ],
            &[OsStr::new("score"), name],
            &[name],
        ] {
            let (_, said) = run(args);
            let said = String::from_utf8(said).unwrap();
            let obeyed = said
                .chars()
                .find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
            assert_eq!(obeyed, None, "{args:?}: {said:?}");
            assert!(
                !said.lines().any(|line| line == "otinterp: all is well"),
                "{said}"
            );
        }
    }
}

#[test]
fn a_name_makes_no_lines_of_its_own() {
    let room = room();
    let name = "n\notinterp: all is well\n.y4m";
    fs::copy(room.path("c.y4m"), room.path(name)).unwrap();
    let output = "o\notinterp: all is well\n.y4m";
    for more in [
        &["--progress", "plain"][..],
        &["--skip-existing"],
        &["--dry-run", "-y"],
        &[],
    ] {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"));
        command
            .current_dir(room.folder())
            .args(["retime", name, "--factor", "2", "-o", output]);
        let done = command.args(more).output().unwrap();
        let said = String::from_utf8([done.stderr, done.stdout].concat()).unwrap();
        assert!(!said.is_empty());
        assert!(
            !said
                .lines()
                .any(|line| line.starts_with("otinterp: all is well")),
            "{said}"
        );
    }
    // Programs are told the name as it is.
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"));
    command
        .current_dir(room.folder())
        .args(["retime", name, "--factor", "2", "-o", output]);
    let report = command
        .args(["-y", "-q", "--json"])
        .output()
        .unwrap()
        .stdout;
    let report = String::from_utf8(report).unwrap();
    let done: serde_json::Value = serde_json::from_str(report.lines().next().unwrap()).unwrap();
    assert_eq!(done["input"], name);
}

#[test]
fn a_full_or_read_only_disk_leaves_no_part_of_a_file() {
    const TEST: &str = "a_full_or_read_only_disk_leaves_no_part_of_a_file";
    let Some(disk) = SmallDisk::new(TEST, 16 << 10) else {
        return;
    };
    let room = room();
    let out = disk.path().display().to_string();
    // Noise, which no format makes small.
    let mut state = 1u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for name in ["n.png", "m.png"] {
        let picture =
            image::RgbImage::from_fn(96, 96, |_, _| image::Rgb([noise(), noise(), noise()]));
        picture.save(room.path(name)).unwrap();
    }
    let cases = [
        format!("frames n.png m.png -o {out}/x.png"),
        format!("frames n.png m.png -n 3 -o {out}/x.apng"),
        format!("compare n.png m.png -o {out}/x.png"),
        format!("flow n.png m.png -o {out}/x.flo"),
        format!("inspect n.png m.png -o {out}/look"),
    ];
    let whole = |name: &OsStr| name.to_string_lossy().ends_with(".png");
    for reads_only in [false, true] {
        for args in &cases {
            let output = room.run(args);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{args}: {said}");
            let error = said.lines().last().unwrap();
            let why = if reads_only {
                "ead-only"
            } else {
                "No space left"
            };
            assert!(
                error.contains(why) && error.contains(&out),
                "{args}: {said}"
            );
            // Of several files those that were finished may be there.
            let names = fs::read_dir(disk.path())
                .unwrap()
                .map(|e| e.unwrap().file_name());
            let left: Vec<_> = names.filter(|name| name != "look").collect();
            assert!(left.is_empty(), "{args}: {left:?}");
            if let Ok(look) = fs::read_dir(disk.path().join("look")) {
                assert!(
                    look.map(|e| e.unwrap().file_name())
                        .all(|name| whole(&name))
                );
                fs::remove_dir_all(disk.path().join("look")).unwrap();
            }
        }
        assert!(disk.mount("remount,ro"));
    }
}

#[test]
fn more_threads_than_can_be_had_are_refused_and_the_most_work() {
    let room = room();
    for threads in ["0", "100000", "18446744073709551615"] {
        room.fails(
            &format!("frames a.png b.png -o out.png --threads {threads}"),
            2,
            &["--threads"],
        );
    }
    room.ok("frames a.png b.png -o one.png --threads 1");
    room.ok("frames a.png b.png -o most.png --threads 256");
    let read = |name: &str| fs::read(room.path(name)).unwrap();
    assert_eq!(read("one.png"), read("most.png"));
}
