//! Every clip of the test material through `retime`: what comes out is what the rules say, or it is named.

use crate::common::clips::{data, events, names, otinterp, report};
use crate::rules::probe::{Clip, is_there};
use crate::rules::{Case, Fate};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const FACTOR: i128 = 2;

/// The container that an output is written to: of the same kind as the source's, Matroska for what has none.
fn extension_for(input: &Path) -> &'static str {
    match input.extension().unwrap().to_str().unwrap() {
        "mp4" => "mp4",
        "mov" => "mov",
        "webm" => "webm",
        "gif" => "gif",
        "png" => "apng",
        _ => "mkv",
    }
}

/// How many frames of a clip are shown: fewer of large ones, which take long. Up to half as many again are shown all.
fn limit_for(video: &Value, input: &Path) -> usize {
    let size = |key: &str| video[key].as_u64().unwrap_or(0);
    let limit = match size("width") * size("height") {
        0..=200_000 => 100,
        // Of the hard ones, most are worth being seen whole.
        200_001..=1_000_000 if input.parent().unwrap().ends_with("hard") => 40,
        200_001..=1_000_000 => 16,
        1_000_001..=3_000_000 => 8,
        _ => 4,
    };
    // Its encoders are slow.
    let is_slow = extension_for(input) == "webm";
    if is_slow { limit / 4 } else { limit }
}

/// Lets encoders be fast, where the one of the container can.
fn fast(output: &Path) -> &'static [&'static str] {
    match output.extension().unwrap().to_str().unwrap() {
        "mp4" | "mov" | "mkv" => &["--encoder-preset", "superfast"],
        _ => &[],
    }
}

/// A line of the table, and whether all is well.
struct Row {
    name: String,
    text: String,
    is_well: bool,
}

fn row(input: &Path, folder: &Path) -> Row {
    let name = input.file_name().unwrap().to_str().unwrap().to_owned();
    let source = Clip::read(input, |video| Some(limit_for(video, input) * 3 / 2));
    let frames = source.as_ref().map_or(0, |s| s.frames.len());
    let (text, is_well) = match &source {
        Some(source) if frames > 1 => retimed(input, source, folder),
        _ => refused(input, frames, folder),
    };
    Row {
        name,
        text,
        is_well,
    }
}

/// A clip that can be decoded.
fn retimed(input: &Path, source: &Clip, folder: &Path) -> (String, bool) {
    let limit = source.is_part.then(|| limit_for(source.video(), input));
    let output = folder.join(format!("out.{}", extension_for(input)));
    let no_cuts = folder.join("cuts.txt");
    std::fs::write(&no_cuts, "").unwrap();
    let mut command = otinterp();
    command
        .args([
            "retime",
            "--json",
            "--method",
            "crossfade",
            "--threads",
            "1",
        ])
        .args(fast(&output))
        .args(["--factor", &FACTOR.to_string(), "--cuts"])
        .args([&no_cuts, input, Path::new("-o"), &output]);
    if let Some(limit) = limit {
        command.args(["--end", &format!("{limit}f")]);
    }
    let ran = command.output().unwrap();
    let lines = report(&ran.stdout);
    let Some(done) = events(&lines, "done").first().copied() else {
        return (
            format!("FAILED: {}", String::from_utf8_lossy(&ran.stderr)),
            false,
        );
    };
    let written = Clip::read(&output, |_| None).unwrap();
    std::fs::remove_file(&no_cuts).unwrap();
    let left = names(folder);
    std::fs::remove_file(&output).unwrap();
    let case = Case {
        source,
        output: &written,
        done,
        factor: FACTOR,
        limit,
    };
    let mut told = Vec::new();
    let mut is_well = true;
    for (property, fate) in case.findings() {
        match fate {
            Fate::Kept => {}
            Fate::Named => told.push(format!("{property} named")),
            Fate::Broken(what) => {
                is_well = false;
                told.push(format!("{property} BROKEN: {what}"));
            }
        }
    }
    if left != [output.file_name().unwrap().to_str().unwrap()] {
        is_well = false;
        told.push(format!("files left: {left:?}"));
    }
    let text = format!(
        "{} -> {} frames at {}/s, {}; {}",
        done["frames_in"],
        written.frames.len(),
        done["rate"].as_str().unwrap(),
        done["pixel_format"].as_str().unwrap(),
        if told.is_empty() {
            "all kept".to_owned()
        } else {
            told.join("; ")
        }
    );
    let text = if is_well {
        text
    } else {
        format!("{text}\n      {}", done["warnings"])
    };
    (text, is_well)
}

/// What cannot be decoded, or has only one frame, ends with one line that names the file, and leaves nothing behind.
fn refused(input: &Path, frames: usize, folder: &Path) -> (String, bool) {
    let name = input.file_name().unwrap().to_str().unwrap();
    let output = folder.join(format!("out.{}", extension_for(input)));
    let ran = otinterp()
        .args(["retime", "--factor", "2", "--method", "crossfade"])
        .args([input, Path::new("-o"), &output])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).trim_end().to_owned();
    let why = if frames == 1 { "only one frame" } else { "" };
    let is_well = ran.status.code() == Some(1)
        && said.lines().count() == 1
        && said.starts_with("otinterp: ")
        && said.contains(name)
        && said.contains(why)
        && ran.stdout.is_empty()
        && names(folder).is_empty();
    let shown = said.replace(&input.display().to_string(), name);
    (format!("refused: {shown}"), is_well)
}

#[test]
fn every_clip_keeps_its_times_and_all_else_or_says_what_it_loses() {
    let test = "every_clip_keeps_its_times_and_all_else_or_says_what_it_loses";
    let Some(data) = data(test).filter(|_| is_there(test)) else {
        return;
    };
    let mut inputs: Vec<PathBuf> = ["hard", "clips"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(data.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    inputs.sort();
    let only = std::env::var("OTINTERP_TABLE_ONLY").unwrap_or_default();
    inputs.retain(|path| path.to_str().unwrap().contains(&only));
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(input) = inputs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let folder = tempfile::tempdir().unwrap();
                    let begun = std::time::Instant::now();
                    let mut row = row(input, folder.path());
                    row.text += &format!(" [{:.1} s]", begun.elapsed().as_secs_f32());
                    rows.lock().unwrap().push(row);
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    for row in &rows {
        let mark = if row.is_well { "ok " } else { "BAD" };
        println!("{mark} {:28} {}", row.name, row.text);
    }
    assert!(rows.len() == inputs.len() && rows.iter().all(|row| row.is_well));
}
