//! The work folder against others than its user, and against what changes in it.

use crate::common::clips::names;
use crate::resumable::Resumable;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn only_its_user_looks_into_it() {
    let job = Resumable::new();
    job.cut_short("out.y4m", 1, &[]);
    assert_eq!(mode(&job.work_folder("out.y4m")), 0o700);
    job.ok("out.y4m", &["-q", "--resume"]);
    assert_ne!(mode(&job.at("out.y4m")) & 0o044, 0, "of all others");
}

/// Runs onto `out.y4m` say in one line that the folder is in the way, whatever is asked for.
fn is_refused(job: &Resumable) {
    for more in [&[][..], &["-y"], &["--resume"]] {
        let (code, said) = job.run("out.y4m", more);
        assert_eq!(code, 1, "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(".out.y4m.otinterp is in the way"), "{said}");
        assert!(!job.at("out.y4m").exists());
    }
}

#[test]
fn one_that_others_could_write_to_is_refused() {
    let job = Resumable::new();
    let folder = job.work_folder("out.y4m");
    job.cut_short("out.y4m", 1, &[]);
    for open in [0o777, 0o755, 0o750] {
        set_mode(&folder, open);
        is_refused(&job);
    }
    set_mode(&folder, 0o700);
    job.ok("out.y4m", &["-q", "--resume"]);
}

#[test]
fn nothing_that_it_leads_to_is_written() {
    let job = Resumable::new();
    let folder = job.work_folder("out.y4m");
    fs::write(job.at("victim"), "theirs").unwrap();
    fs::create_dir(job.at("elsewhere")).unwrap();
    let before = names(&job.folder);
    let make = |name: &str, link: &dyn Fn(&Path)| {
        fs::create_dir(&folder).unwrap();
        set_mode(&folder, 0o700);
        link(&folder.join(name));
        is_refused(&job);
        fs::remove_dir_all(&folder).unwrap();
    };
    for name in ["data", "journal", "lock", "output.mkv", "images"] {
        make(name, &|path| symlink(job.at("victim"), path).unwrap());
        make(name, &|path| fs::hard_link(job.at("victim"), path).unwrap());
        make(name, &|path| symlink(job.at("elsewhere"), path).unwrap());
    }
    // The folder itself.
    symlink(job.at("elsewhere"), &folder).unwrap();
    is_refused(&job);
    fs::remove_file(&folder).unwrap();
    fs::write(&folder, "a file").unwrap();
    is_refused(&job);
    fs::remove_file(&folder).unwrap();
    assert_eq!(names(&job.folder), before);
    assert_eq!(fs::read(job.at("victim")).unwrap(), b"theirs");
    assert_eq!(fs::read_dir(job.at("elsewhere")).unwrap().count(), 0);
}

#[test]
fn an_empty_one_of_a_killed_run_is_taken() {
    let job = Resumable::new();
    fs::create_dir(job.work_folder("out.y4m")).unwrap();
    set_mode(&job.work_folder("out.y4m"), 0o700);
    job.ok("out.y4m", &["-q"]);
    assert!(!job.work_folder("out.y4m").exists());
}

#[test]
fn a_changed_byte_is_refused_wherever_it_is() {
    let job = Resumable::new();
    job.ok("undisturbed.mp4", &["-q"]);
    job.cut_short("out.mp4", 3, &[]);
    let folder = job.work_folder("out.mp4");
    let (data, journal) = (folder.join("data"), folder.join("journal"));
    let kept = [fs::read(&data).unwrap(), fs::read(&journal).unwrap()];
    // The journal's last whole line ends there; the data of finished segments is at least as long as the first.
    let lines: Vec<usize> = (0..kept[1].len())
        .filter(|&k| kept[1][k] == b'\n')
        .collect();
    let journal_places = [
        0,
        70,
        lines[0] - 2,
        lines[0] + 3,
        lines[0] + 80,
        lines[1] - 2,
    ];
    let refused = |what: &str| {
        let (code, said) = job.run("out.mp4", &["--resume"]);
        assert_eq!(code, 1, "{what}: {said}");
        assert!(
            said.contains("damaged") && said.contains("-y"),
            "{what}: {said}"
        );
        assert!(!job.at("out.mp4").exists());
    };
    for place in [0, 9, 40, 300, 5000] {
        let mut changed = kept[0].clone();
        changed[place] ^= 0x10;
        fs::write(&data, changed).unwrap();
        refused(&format!("data {place}"));
    }
    fs::write(&data, &kept[0]).unwrap();
    for place in journal_places {
        let mut changed = kept[1].clone();
        changed[place] ^= 1;
        fs::write(&journal, changed).unwrap();
        refused(&format!("journal {place}"));
    }
    // A line left out, and two in each other's place.
    let all: Vec<&[u8]> = kept[1].split_inclusive(|b| *b == b'\n').collect();
    fs::write(&journal, [all[0], all[2]].concat()).unwrap();
    refused("left out");
    fs::write(&journal, [all[0], all[2], all[1]].concat()).unwrap();
    refused("exchanged");
    fs::write(&journal, &kept[1]).unwrap();
    job.ok("out.mp4", &["--resume", "-q"]);
    let read = |name: &str| fs::read(job.at(name)).unwrap();
    assert!(read("out.mp4") == read("undisturbed.mp4"));
}

#[test]
fn data_cut_short_is_made_again_from_the_last_whole_segment() {
    let job = Resumable::new();
    job.ok("undisturbed.mp4", &["-q"]);
    job.cut_short("out.mp4", 3, &[]);
    let data = job.work_folder("out.mp4").join("data");
    // Within the last segments: those before it are whole.
    let journal = fs::read_to_string(job.work_folder("out.mp4").join("journal")).unwrap();
    let second = journal.lines().nth(2).unwrap().split_once(' ').unwrap().1;
    let second: serde_json::Value = serde_json::from_str(second).unwrap();
    let bytes = second["data_bytes"].as_u64().unwrap() + 10;
    let file = fs::File::options().write(true).open(data).unwrap();
    file.set_len(bytes).unwrap();
    drop(file);
    job.ok("out.mp4", &["--resume", "-q"]);
    let read = |name: &str| fs::read(job.at(name)).unwrap();
    assert!(read("out.mp4") == read("undisturbed.mp4"));
}
