//! Outputs that are there already: `--resume` and `--skip-existing` pass over what the same run would make, and over nothing else.

use crate::common::clips::{SMALL, SMALL_HEAD, y4m};
use crate::common::room::Room;
use std::fs;

const HOLD: &str = "--method hold -q";

/// A room with a clip, and its output `out.EXTENSION` with twice the frames.
fn room(extension: &str) -> Room {
    let room = Room::new();
    room.write("clip.y4m", &y4m(SMALL_HEAD, SMALL, 8, 5));
    room.ok(&format!(
        "retime clip.y4m --factor 2 -o out.{extension} {HOLD}"
    ));
    room
}

/// Both options refuse what is there, with a line that holds `words`, and change nothing.
fn refused(room: &Room, args: &str, words: &[&str]) {
    for option in ["--resume", "--skip-existing"] {
        room.fails(&format!("retime {args} {option} {HOLD}"), 1, words);
    }
}

fn passed_over(room: &Room, args: &str) {
    for option in ["--resume", "--skip-existing"] {
        let before = room.listing();
        let args = format!("retime {args} {option} --method hold");
        let output = room.run(&args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{args}: {said}");
        assert!(said.contains("skipped"), "{args}: {said}");
        assert_eq!(room.listing(), before, "{args}");
    }
}

/// Containers with and without a place for tags.
#[cfg(feature = "video")]
const EXTENSIONS: &[&str] = &["y4m", "mkv", "mp4", "gif", "apng", "avi", "ts"];
#[cfg(not(feature = "video"))]
const EXTENSIONS: &[&str] = &["y4m"];

#[test]
fn other_settings_are_refused_in_every_container() {
    for extension in EXTENSIONS {
        let room = room(extension);
        let out = format!("out.{extension}");
        passed_over(&room, &format!("clip.y4m --factor 2 -o {out}"));
        refused(
            &room,
            &format!("clip.y4m --factor 3 -o {out}"),
            &[&out, "--factor 2", "3", "-y"],
        );
        refused(
            &room,
            &format!("clip.y4m --slow 2 -o {out}"),
            &[&out, "--factor"],
        );
        room.write("cuts", b"2\n");
        refused(
            &room,
            &format!("clip.y4m --factor 2 --cuts cuts -o {out}"),
            &["--cuts"],
        );
        room.ok(&format!("retime clip.y4m --factor 3 -o {out} -y {HOLD}"));
        passed_over(&room, &format!("clip.y4m --factor 3 -o {out}"));
    }
}

#[test]
fn what_the_bits_depend_on_beside_the_settings_is_no_reason_to_make_it_anew() {
    let room = room("y4m");
    passed_over(&room, "clip.y4m --factor 2 -o out.y4m --threads 3");
}

#[test]
fn another_source_is_refused_and_the_same_under_another_name_is_not() {
    let room = room("y4m");
    let mut other = fs::read(room.path("clip.y4m")).unwrap();
    room.write("same.y4m", &other);
    passed_over(&room, "same.y4m --factor 2 -o out.y4m");
    // As long and as old as the one that it replaces.
    let time = room
        .path("clip.y4m")
        .metadata()
        .unwrap()
        .modified()
        .unwrap();
    *other.last_mut().unwrap() ^= 1;
    room.write("clip.y4m", &other);
    let file = fs::File::options().write(true).open(room.path("clip.y4m"));
    file.unwrap().set_modified(time).unwrap();
    refused(
        &room,
        "clip.y4m --factor 2 -o out.y4m",
        &["out.y4m", "source"],
    );
}

#[test]
fn what_was_put_in_an_outputs_place_is_refused() {
    let room = room("y4m");
    room.ok(&format!("retime clip.y4m --factor 3 -o three.y4m {HOLD}"));
    let two = fs::read(room.path("out.y4m")).unwrap();
    // Into the same file, which keeps its attributes.
    fs::write(
        room.path("out.y4m"),
        fs::read(room.path("three.y4m")).unwrap(),
    )
    .unwrap();
    refused(&room, "clip.y4m --factor 2 -o out.y4m", &["changed since"]);
    fs::write(room.path("out.y4m"), &two).unwrap();
    passed_over(&room, "clip.y4m --factor 2 -o out.y4m");
    // Another file, under the same name.
    fs::rename(room.path("three.y4m"), room.path("out.y4m")).unwrap();
    refused(&room, "clip.y4m --factor 2 -o out.y4m", &["--factor 3"]);
    fs::remove_file(room.path("out.y4m")).unwrap();
    room.write("out.y4m", &two);
    refused(&room, "clip.y4m --factor 2 -o out.y4m", &["nothing tells"]);
}

#[test]
fn an_output_that_is_moved_takes_its_record_along() {
    let room = room("y4m");
    fs::create_dir(room.path("films")).unwrap();
    fs::rename(room.path("out.y4m"), room.path("films/x.y4m")).unwrap();
    std::os::unix::fs::symlink("films/x.y4m", room.path("link.y4m")).unwrap();
    if xattr::get(room.path("films/x.y4m"), "user.otinterp.made")
        .ok()
        .flatten()
        .is_none()
    {
        return eprintln!(
            "skipped: an_output_that_is_moved_takes_its_record_along: no extended attributes here"
        );
    }
    passed_over(&room, "clip.y4m --factor 2 -o films/x.y4m");
    passed_over(&room, "clip.y4m --factor 2 -o link.y4m");
    // Nothing lies beside it.
    assert_eq!(fs::read_dir(room.path("films")).unwrap().count(), 1);
}

#[test]
fn without_extended_attributes_the_record_lies_beside_the_output() {
    let room = Room::new();
    // More than an attribute may hold on any file system (xattr(7): 64 KiB), so that setting it fails.
    let preset = "x".repeat(70_000);
    room.write("clip.y4m", &y4m(SMALL_HEAD, SMALL, 8, 5));
    let args = format!("clip.y4m --factor 2 -o out.y4m --encoder-preset {preset}");
    room.ok(&format!("retime {args} {HOLD}"));
    assert!(room.path(".out.y4m.otinterp-made").is_file());
    passed_over(&room, &args);
    refused(
        &room,
        "clip.y4m --factor 2 -o out.y4m",
        &["--encoder-preset"],
    );
    // One that can be kept with the file takes its place.
    room.ok(&format!("retime clip.y4m --factor 2 -o out.y4m -y {HOLD}"));
    assert!(!room.path(".out.y4m.otinterp-made").exists());
}
