//! Clips as ffprobe sees them.

use otinterp_video::time::Rational;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Whether there is an ffprobe program; if not, a line says that `test` was skipped.
pub fn is_there(test: &str) -> bool {
    let found = Command::new("ffprobe").arg("-version").output().is_ok();
    if !found {
        eprintln!("skipped: {test}: there is no ffprobe program");
    }
    found
}

/// What ffprobe prints; `None` where it fails.
pub fn probe(path: &Path, args: &[&str]) -> Option<Value> {
    let out = Command::new("ffprobe")
        .args(["-v", "quiet", "-of", "json"])
        .args(args)
        .arg(path)
        .output()
        .unwrap();
    let parsed = serde_json::from_slice(&out.stdout).ok();
    parsed.filter(|_| out.status.success())
}

/// One frame, as far as it says when it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    pub ticks: Option<i64>,
    pub duration_ticks: Option<i64>,
}

/// A clip and the frames of its main video.
pub struct Clip {
    /// Streams, chapters and the container.
    pub facts: Value,
    /// Index of the main video among the streams.
    pub main: usize,
    /// In the order in which they are shown.
    pub frames: Vec<Shown>,
    /// Whether those are not all.
    pub is_part: bool,
    /// All that is said of the first.
    pub first: Value,
    /// The packets of each stream.
    pub packets: Vec<Vec<Packet>>,
    /// When the first frame of each sound stream is heard, in the order of the streams.
    pub sound: Vec<Option<Rational>>,
}

/// A packet as far as it says what it is and when it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    pub time: Option<Rational>,
    pub duration_ticks: i64,
    pub hash: String,
    /// Whether an edit list leaves it out.
    pub is_hidden: bool,
    /// Whether it has no bytes: in AVI, the picture before stays.
    pub is_empty: bool,
    /// Whether it brings alpha along.
    pub has_more: bool,
}

impl Clip {
    /// Reads a clip, but no more than about `limit` frames. `None` if there is no video, or nothing of it can be decoded.
    pub fn read(path: &Path, limit: impl Fn(&Value) -> Option<usize>) -> Option<Self> {
        let facts = probe(path, &["-show_streams", "-show_chapters", "-show_format"])?;
        let streams = facts["streams"].as_array()?;
        let main = streams
            .iter()
            .position(|s| s["codec_type"] == "video" && s["disposition"]["attached_pic"] != 1)?;
        let limit = limit(&streams[main]);
        let mut frames = frames_of(path, main, limit)?;
        let is_part = limit.is_some_and(|limit| frames.len() >= limit);
        frames.truncate(limit.unwrap_or(usize::MAX));
        let first = frames.first()?.clone();
        let shown = frames.iter().map(|f| Shown {
            ticks: f["best_effort_timestamp"].as_i64(),
            duration_ticks: f["pkt_duration"].as_i64().or(f["duration"].as_i64()),
        });
        let shown = shown.collect();
        let ticks: Vec<_> = streams.iter().map(|s| fraction(&s["time_base"])).collect();
        let sound = streams.iter().zip(&ticks).enumerate();
        let sound = sound.map(|(index, (stream, tick))| {
            let is_sound = stream["codec_type"] == "audio";
            let heard = is_sound.then(|| frames_of(path, index, Some(20)))??;
            let first = heard
                .iter()
                .find_map(|f| f["best_effort_timestamp"].as_i64())?;
            Some((*tick)? * i128::from(first))
        });
        let sound = sound.collect();
        let all = probe(path, &["-show_packets", "-show_data_hash", "md5"])?;
        let mut packets = vec![Vec::new(); streams.len()];
        for packet in all["packets"].as_array()? {
            let index = packet["stream_index"].as_u64()? as usize;
            let ticks = packet["pts"].as_i64().zip(ticks[index]);
            packets.get_mut(index)?.push(Packet {
                time: ticks.map(|(t, tick)| tick * i128::from(t)),
                duration_ticks: packet["duration"].as_i64().unwrap_or(0),
                hash: packet["data_hash"].as_str().unwrap_or_default().to_owned(),
                is_empty: packet["size"] == "0",
                is_hidden: packet["flags"].as_str().unwrap_or_default().contains('D'),
                has_more: packet["side_data_list"][0]["side_data_type"]
                    == "Matroska BlockAdditional",
            });
        }
        Some(Self {
            main,
            frames: shown,
            is_part,
            first,
            packets,
            sound,
            facts,
        })
    }

    pub fn streams(&self) -> &[Value] {
        self.facts["streams"].as_array().unwrap()
    }

    /// The stream of the main video.
    pub fn video(&self) -> &Value {
        &self.streams()[self.main]
    }

    /// Seconds in which a stream counts.
    pub fn tick_of(&self, stream: usize) -> Rational {
        fraction(&self.streams()[stream]["time_base"]).unwrap()
    }

    /// Seconds in which the main video counts.
    pub fn tick(&self) -> Rational {
        self.tick_of(self.main)
    }

    /// When a stream other than the main one begins: with its first packet.
    pub fn start_of(&self, stream: usize) -> Option<Rational> {
        self.packets[stream].iter().filter_map(|p| p.time).min()
    }
}

/// About `limit` frames of a stream.
fn frames_of(path: &Path, stream: usize, limit: Option<usize>) -> Option<Vec<Value>> {
    let index = stream.to_string();
    // Not every packet becomes a frame.
    let interval = limit.map(|limit| format!("%+#{}", limit + 10));
    let mut args = vec!["-select_streams", &index, "-show_frames"];
    if let Some(interval) = &interval {
        args.extend(["-read_intervals", interval]);
    }
    let found = probe(path, &args)?;
    Some(found["frames"].as_array()?.clone())
}

/// `30000/1001` or `16:15`, if it is positive.
pub fn fraction(value: &Value) -> Option<Rational> {
    let (num, den) = value.as_str()?.split_once(['/', ':'])?;
    let (num, den): (i128, i128) = (num.parse().ok()?, den.parse().ok()?);
    (num > 0 && den > 0).then(|| Rational::new(num, den))
}
