//! What outlives a run of `retime` that is cut short, and that going on with it gives the same bits.

use crate::common::clips::{SMALL, SMALL_HEAD, events, names, otinterp, report, y4m};
use crate::common::small_disk::SmallDisk;
use crate::common::through_ffmpeg::frames;
use crate::resumable::{FACTOR, FRAMES, Resumable, wait_until};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::Command;
use std::time::Instant;

/// Numbers that look like chance but are the same in each run: a linear congruential generator (Knuth's MMIX).
fn chance(state: &mut u64) -> f64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1u64 << 53) as f64
}

/// Kills runs at `kills` moments, each of which goes on where the one before was killed, and compares the result.
fn killed_at_random_moments(name: &str, kills: usize, seed: u64) {
    let job = Resumable::new();
    let undisturbed = format!("undisturbed-{name}");
    let begun = Instant::now();
    job.ok(&undisturbed, &["-q"]);
    let whole = begun.elapsed();
    let expected = fs::read(job.at(&undisturbed)).unwrap();
    let (mut state, mut killed, mut went_on) = (seed, 0, 0);
    while killed < kills {
        let mut child = job.start(name, &["-q", "--resume"]);
        if killed + 1 == kills {
            // However slow the machine is, once something is kept.
            wait_until(|| job.segments(name) > 0 || job.at(name).exists());
        } else {
            std::thread::sleep(whole.mul_f64(0.6 * chance(&mut state)));
        }
        if child.try_wait().unwrap().is_none() {
            killed += 1;
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        if job.at(name).exists() {
            // It was whole before the kill came, or else it may not stand there.
            assert!(fs::read(job.at(name)).unwrap() == expected);
            fs::remove_file(job.at(name)).unwrap();
        } else {
            assert!(!status.success());
            went_on += usize::from(job.segments(name) > 0);
        }
    }
    job.ok(name, &["-q", "--resume"]);
    assert!(
        fs::read(job.at(name)).unwrap() == expected,
        "{name} differs"
    );
    assert!(!job.work_folder(name).exists());
    println!("{name}: killed {killed} times, {went_on} times with segments kept");
    assert!(went_on > 0);
}

#[test]
fn twenty_kills_at_random_moments_change_nothing() {
    killed_at_random_moments("killed.mp4", 12, 1);
    killed_at_random_moments("killed.mkv", 4, 2);
    killed_at_random_moments("killed.y4m", 4, 3);
}

#[test]
fn paths_that_bend_go_on_across_segments_with_the_same_bits() {
    let job = Resumable::shaking();
    job.ok("whole.y4m", &["-q"]);
    job.cut_short("out.y4m", 1, &[]);
    // Another machine may go on: all CPU levels make the same bits.
    let mut lower = job.command("out.y4m", &["-q", "--resume"]);
    assert!(
        lower
            .env("OTINTERP_CPU", "sse2")
            .status()
            .unwrap()
            .success()
    );
    let whole = fs::read(job.at("whole.y4m")).unwrap();
    assert!(fs::read(job.at("out.y4m")).unwrap() == whole);
    job.ok("straight.y4m", &["-q", "--motion", "straight"]);
    assert!(fs::read(job.at("straight.y4m")).unwrap() != whole);
}

#[test]
fn what_is_kept_is_not_made_again() {
    let job = Resumable::new();
    job.cut_short("out.mkv", 2, &[]);
    let done = job.command("out.mkv", &["--resume", "--json"]).output();
    let lines = report(&done.unwrap().stdout);
    let start = events(&lines, "start")[0];
    assert!(start["frames_kept"].as_u64().unwrap() >= 500, "{start}");
    let done = events(&lines, "done")[0];
    assert_eq!(done["frames_out"], FRAMES * FACTOR);
    assert_eq!(frames(&job.at("out.mkv")).len(), FRAMES * FACTOR);
}

#[test]
fn every_time_is_right_across_segments() {
    let job = Resumable::new();
    job.cut_short("out.mp4", 3, &[]);
    job.ok("out.mp4", &["--resume", "-q"]);
    let all = frames(&job.at("out.mp4"));
    assert_eq!(all.len(), FRAMES * FACTOR);
    for (index, frame) in all.iter().enumerate() {
        let expected = otinterp_video::time::Rational::new(1001 * index as i128, 120_000);
        assert_eq!(frame.time, expected, "frame {index}");
    }
}

#[test]
fn numbered_images_go_on_too() {
    let job = Resumable::new();
    job.ok("whole_%04d.png", &["-q"]);
    job.cut_short("out_%04d.png", 2, &[]);
    job.ok("out_%04d.png", &["-q", "--resume"]);
    for number in 1..=FRAMES * FACTOR {
        let read = |name: &str| fs::read(job.at(&format!("{name}_{number:04}.png"))).unwrap();
        assert!(read("out") == read("whole"), "image {number}");
    }
    assert!(!job.work_folder("out_%04d.png").exists());
}

#[test]
fn an_unfinished_work_is_neither_lost_nor_mixed() {
    let job = Resumable::new();
    job.cut_short("out.mp4", 2, &[]);
    let kept = job.segments("out.mp4");
    let refuses = |more: &[&str], words: &[&str]| {
        let (code, said) = job.run("out.mp4", more);
        assert_eq!(code, 1, "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        for word in words {
            assert!(said.contains(word), "{word:?} is not in: {said}");
        }
        assert!(!job.at("out.mp4").exists());
        assert_eq!(job.segments("out.mp4"), kept);
    };
    refuses(&[], &["out.mp4", "unfinished", "--resume", "-y"]);
    refuses(&["--resume", "--crf", "30"], &["--crf", "30", "not set"]);
    refuses(&["--resume", "--preset", "fast"], &["--preset", "balanced"]);
    // Another source of the same name and size.
    let source = fs::read(job.at("clip.y4m")).unwrap();
    let mut other = source.clone();
    let middle = other.len() / 2;
    other[middle] ^= 1;
    fs::write(job.at("clip.y4m"), &other).unwrap();
    refuses(&["--resume"], &["source", "not the one"]);
    // The same content is the same source, whenever it was written.
    fs::write(job.at("clip.y4m"), &source).unwrap();
    job.ok("out.mp4", &["--resume", "-q"]);
    job.ok("undisturbed.mp4", &["-q"]);
    let read = |name: &str| fs::read(job.at(name)).unwrap();
    assert!(read("out.mp4") == read("undisturbed.mp4"));
}

#[test]
fn y_throws_away_what_was_left() {
    let job = Resumable::new();
    job.cut_short("out.mp4", 2, &[]);
    job.ok("out.mp4", &["-y", "-q", "--crf", "30"]);
    job.ok("anew.mp4", &["-q", "--crf", "30"]);
    let read = |name: &str| fs::read(job.at(name)).unwrap();
    assert!(read("out.mp4") == read("anew.mp4"));
    assert!(!job.work_folder("out.mp4").exists());
}

#[test]
fn lines_and_data_that_did_not_reach_the_disk_whole_are_made_again() {
    let job = Resumable::new();
    job.ok("undisturbed.mp4", &["-q"]);
    job.cut_short("out.mp4", 2, &[]);
    let append = |name: &str, bytes: &[u8]| {
        let path = job.work_folder("out.mp4").join(name);
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(bytes).unwrap();
    };
    append("data", &[7; 5000]);
    append("journal", b"{\"data_bytes\":99,\"sta");
    job.ok("out.mp4", &["--resume", "-q"]);
    let read = |name: &str| fs::read(job.at(name)).unwrap();
    assert!(read("out.mp4") == read("undisturbed.mp4"));
}

#[test]
fn two_runs_do_not_write_one_output() {
    let job = Resumable::new();
    let mut first = job.start("out.mp4", &["-q"]);
    wait_until(|| job.segments("out.mp4") > 0);
    let (code, said) = job.run("out.mp4", &["--resume"]);
    if first.try_wait().unwrap().is_none() {
        assert_eq!(code, 1);
        assert!(said.contains("another run"), "{said}");
    }
    assert!(first.wait().unwrap().success());
}

#[test]
fn an_interrupt_keeps_what_is_done() {
    let job = Resumable::new();
    let child = job.start("out.mp4", &[]);
    wait_until(|| job.segments("out.mp4") > 0);
    let id = child.id().to_string();
    Command::new("kill").args(["-INT", &id]).status().unwrap();
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(130), "{said}");
    assert!(said.contains("--resume goes on with it"), "{said}");
    assert!(!job.at("out.mp4").exists());
    job.ok("out.mp4", &["-q", "--resume"]);
}

#[test]
fn without_a_finished_segment_nothing_is_left() {
    let job = Resumable::new();
    let before = names(&job.folder);
    let child = job.start("out.mp4", &[]);
    wait_until(|| job.work_folder("out.mp4").exists());
    let id = child.id().to_string();
    Command::new("kill").args(["-INT", &id]).status().unwrap();
    child.wait_with_output().unwrap();
    if job.segments("out.mp4") == 0 && !job.at("out.mp4").exists() {
        assert_eq!(names(&job.folder), before);
    }
}

#[test]
fn a_source_that_shrinks_while_it_is_read_is_noticed() {
    let job = Resumable::new();
    job.ok("undisturbed.mkv", &["-q"]);
    let source = fs::read(job.at("clip.y4m")).unwrap();
    let child = job.start("out.mkv", &[]);
    wait_until(|| job.segments("out.mkv") > 0);
    let file = OpenOptions::new().write(true).open(job.at("clip.y4m"));
    file.unwrap()
        .set_len(source.len() as u64 - 100_000)
        .unwrap();
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(
        said.contains("clip.y4m changed while it was read"),
        "{said}"
    );
    assert!(!job.at("out.mkv").exists());
    // Whole again, it is gone on with.
    fs::write(job.at("clip.y4m"), &source).unwrap();
    job.ok("out.mkv", &["-q", "--resume"]);
    let read = |name: &str| fs::read(job.at(name)).unwrap();
    assert!(read("out.mkv") == read("undisturbed.mkv"));
}

/// Bytes of the source of [`Resumable`].
fn source_bytes() -> usize {
    y4m(SMALL_HEAD, SMALL, 8, FRAMES).len()
}

#[test]
fn a_full_disk_loses_nothing() {
    // The source, and less than half of what is kept on the way to the output.
    let room = source_bytes() + 4_000_000;
    let Some(disk) = SmallDisk::new("a_full_disk_loses_nothing", room) else {
        return;
    };
    let job = Resumable::within(disk.path().to_owned(), None);
    let elsewhere = Resumable::new();
    let lossless = ["-q", "--codec", "ffv1"];
    elsewhere.ok("out.mkv", &lossless);
    let (code, said) = job.run("out.mkv", &["--codec", "ffv1"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("out.mkv") && said.contains("No space left"),
        "{said}"
    );
    assert!(!job.at("out.mkv").exists());
    assert!(job.segments("out.mkv") > 0);
    assert!(disk.mount("remount,size=200m"));
    job.ok("out.mkv", &["-q", "--codec", "ffv1", "--resume"]);
    let expected = fs::read(elsewhere.at("out.mkv")).unwrap();
    assert!(fs::read(job.at("out.mkv")).unwrap() == expected);
    assert!(!job.work_folder("out.mkv").exists());
}

#[test]
fn a_read_only_folder_gets_one_line() {
    let room = source_bytes() + 10_000_000;
    let Some(disk) = SmallDisk::new("a_read_only_folder_gets_one_line", room) else {
        return;
    };
    let job = Resumable::within(disk.path().to_owned(), None);
    let before = names(&job.folder);
    assert!(disk.mount("remount,ro"));
    for output in ["out.mp4", "out.y4m", "out_%04d.png"] {
        let (code, said) = job.run(output, &[]);
        assert_eq!(code, 1, "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(output) && said.contains("ead-only"), "{said}");
    }
    assert_eq!(names(&job.folder), before);
}

#[test]
fn pipes_keep_nothing() {
    let job = Resumable::new();
    let before = names(&job.folder);
    let source = fs::read(job.at("clip.y4m")).unwrap();
    otinterp()
        .current_dir(&job.folder)
        .args(["retime", "-", "-o", "-", "--method", "hold", "--fps", "10"])
        .write_stdin(source)
        .assert()
        .success();
    assert_eq!(names(&job.folder), before);
}
