//! Time. Output `k` stands at `k/R` from the first source frame, for all that lie before the end of the last one.

use super::probe::{Clip, fraction};
use super::{Case, Fate, Finding};
use otinterp_video::time::{Rational, distance, to_f64, zero};

/// When the frames of a source are shown, in seconds.
pub struct Times {
    pub starts: Vec<Rational>,
    /// When the last one ends.
    pub end: Rational,
    /// By how much single times may be rounded.
    pub tick: Rational,
}

impl Times {
    /// The rules where a file does not say it: a frame without a time comes one frame after its predecessor, one at
    /// the same time as its predecessor half a frame after it, and the last frame lasts as it says, or else as long as
    /// the one before it.
    pub fn of(clip: &Clip, limit: Option<usize>) -> Self {
        let tick = clip.tick();
        let interval = interval_of(clip);
        let seconds = |ticks: i64| tick * i128::from(ticks);
        // Frames before the first time that is told stand before it.
        let untimed = clip.frames.iter().take_while(|f| f.ticks.is_none()).count();
        let told = clip.frames.get(untimed).and_then(|f| f.ticks);
        let start = told.map_or(zero(), |t| seconds(t) - interval * untimed as i128);
        let mut starts: Vec<Rational> = Vec::new();
        for frame in &clip.frames {
            let time = match (frame.ticks, starts.last()) {
                (Some(ticks), Some(last)) if seconds(ticks) <= *last => *last + interval / 2,
                (Some(ticks), _) => seconds(ticks),
                (None, Some(last)) => *last + interval,
                (None, None) => start,
            };
            starts.push(time);
        }
        if let Some(&end) = limit.and_then(|limit| starts.get(limit)) {
            starts.truncate(limit.unwrap_or_default());
            return Self { starts, end, tick };
        }
        let count = starts.len();
        let gap = match count {
            0 | 1 => interval,
            _ => starts[count - 1] - starts[count - 2],
        };
        let told = clip.frames.last().and_then(|f| f.duration_ticks);
        let told = told.filter(|&ticks| is_told(ticks, tick, interval));
        let last = starts.last().copied().unwrap_or_default();
        Self {
            end: last + told.map_or(gap, seconds),
            starts,
            tick,
        }
    }

    pub fn first(&self) -> Rational {
        self.starts[0]
    }

    pub fn duration(&self) -> Rational {
        self.end - self.first()
    }

    /// Frames per second, where all frames but for rounding are equally far apart.
    pub fn constant_rate(&self, declared: &[Rational]) -> Option<Rational> {
        let is_fine = |rate: &Rational| self.tick * 4 <= rate.recip();
        declared.iter().copied().filter(is_fine).find(|rate| {
            let count = self.starts.len() as i128;
            let on_grid = (0..count).map(|k| Rational::from_integer(k) / rate);
            let mut pairs = self.starts.iter().zip(on_grid);
            pairs.all(|(t, on_grid)| distance(t - self.first(), on_grid) <= self.tick)
                && distance(self.duration(), Rational::from_integer(count) / rate) <= self.tick * 2
        })
    }
}

/// Frames per second that the header declares: on average, and those of the grid on which all frames stand.
pub fn declared(clip: &Clip) -> [Option<Rational>; 2] {
    let video = clip.video();
    ["avg_frame_rate", "r_frame_rate"].map(|key| fraction(&video[key]))
}

/// Where a container does not tell durations, one tick is said for it, however far apart frames are.
fn is_told(ticks: i64, tick: Rational, interval: Rational) -> bool {
    ticks > 1 || (ticks == 1 && tick * 4 > interval)
}

fn interval_of(clip: &Clip) -> Rational {
    let [average, grid] = declared(clip);
    let rate = grid.or(average).unwrap_or(Rational::from_integer(25));
    rate.recip()
}

/// Frames per second of a source on average, and by which share it may be off: what both rates of the header say, or one
/// of them that fits the frames, or else what the frames say.
fn rate_of(clip: &Clip) -> (Rational, Rational) {
    let [average, grid] = declared(clip);
    if let (Some(average), true) = (average, average == grid) {
        return (average, zero());
    }
    let (count, duration) = if clip.is_part {
        // All of it is known from its packets alone.
        let packets = &clip.packets[clip.main];
        let times = packets.iter().filter_map(|p| p.time);
        let last = packets.iter().filter(|p| p.time.is_some());
        let last = last.max_by_key(|p| p.time).unwrap();
        let between = last.time.unwrap() - times.min().unwrap();
        let count = packets.len() as i128;
        let gap = between / (count - 1);
        let told = Some(last.duration_ticks).filter(|&ticks| is_told(ticks, clip.tick(), gap));
        let shown = told.map_or(gap, |ticks| clip.tick() * i128::from(ticks));
        (count, between + shown)
    } else {
        let whole = Times::of(clip, None);
        (whole.starts.len() as i128, whole.duration())
    };
    let rounding = clip.tick() * 2;
    let mut declared = [average, grid].into_iter().flatten();
    let count = Rational::from_integer(count);
    match declared.find(|rate| distance(count / rate, duration) < rounding) {
        Some(rate) => (rate, zero()),
        None => (count / duration, rounding / duration),
    }
}

fn rational(text: &str) -> Rational {
    let (num, den) = text.split_once('/').unwrap_or((text, "1"));
    Rational::new(num.parse().unwrap(), den.parse().unwrap())
}

/// The fates of rate, count, times, duration and of the distance of picture and sound.
pub fn check(case: &Case) -> Vec<Finding> {
    let times = Times::of(case.source, case.limit);
    let found = Times::of(case.output, None);
    let rate = rational(case.done["rate"].as_str().unwrap());
    vec![
        ("frames read", frames_read(case, &times)),
        ("rate", rate_fate(case, rate)),
        ("frames out", count(case, &times, rate)),
        ("first time", first_time(case, &times, &found)),
        ("times", all_times(case, &found, rate)),
        ("duration", duration(case, &times, &found, rate)),
        ("sound offset", sound_offset(case, &times, &found)),
        ("copied packets", copied_packets(case, &times, &found)),
    ]
}

fn held(is_so: bool, what: impl FnOnce() -> String) -> Fate {
    if is_so {
        Fate::Kept
    } else {
        Fate::Broken(what())
    }
}

/// All that can be decoded; a warning says if that is less than the header announces, in frames and in time: edit lists leave frames
/// out, and AVI may count fields.
fn frames_read(case: &Case, times: &Times) -> Fate {
    let read = case.done["frames_in"].as_u64().unwrap();
    let expected = times.starts.len() as u64;
    if read != expected {
        return Fate::Broken(format!("{read} of {expected}"));
    }
    let announced = case.source.video()["nb_frames"].as_str();
    let announced: u64 = announced.and_then(|n| n.parse().ok()).unwrap_or(0);
    let packets = case.source.packets[case.source.main].iter();
    let hidden = packets.filter(|p| p.is_hidden || p.is_empty).count() as u64;
    let last = times.starts.last().zip(times.starts.first());
    let shown = last.map_or(zero(), |(last, first)| *last - *first);
    let told: Option<f64> = case.source.video()["duration"]
        .as_str()
        .and_then(|d| d.parse().ok());
    let is_long_enough = told.is_some_and(|told| to_f64(shown) > 0.9 * told);
    let all_there = case.limit.is_some() || read + hidden >= announced || is_long_enough;
    if all_there && case.is_named("announced") {
        return Fate::Broken("nothing is missing, but a warning says so".to_owned());
    }
    case.kept_or_named(all_there, "could", || {
        format!("{read} of {announced}, unsaid")
    })
}

fn rate_fate(case: &Case, rate: Rational) -> Fate {
    let (expected, share) = rate_of(case.source);
    let expected = expected * case.factor;
    held(distance(rate, expected) <= expected * share, || {
        format!("{rate}, not {expected}")
    })
}

/// `ceil(D·R)`. Where `D` is known only to within rounding, both neighbours will do; a constant rate leaves no doubt.
fn count(case: &Case, times: &Times, rate: Rational) -> Fate {
    let count = case.output.frames.len() as i128;
    let rates: Vec<_> = declared(case.source).into_iter().flatten().collect();
    let outputs = |duration: Rational| (duration * rate).ceil().to_integer();
    let expected = match times.constant_rate(&rates) {
        Some(rate) => {
            let exact = outputs(Rational::from_integer(times.starts.len() as i128) / rate);
            exact..=exact
        }
        None => {
            let rounding = times.tick * 2;
            outputs(times.duration() - rounding)..=outputs(times.duration() + rounding)
        }
    };
    held(expected.contains(&count), || {
        format!("{count}, not {expected:?}")
    })
}

/// The earliest of all streams stands at 0; in a part the picture does.
fn first_time(case: &Case, times: &Times, found: &Times) -> Fate {
    let mut zero = times.first();
    for (stream, copy) in case.copies().into_iter().filter(|_| case.limit.is_none()) {
        let is_subtitle = case.source.streams()[stream]["codec_type"] == "subtitle";
        let start =
            case.source.sound[stream].or(case.source.start_of(stream).filter(|_| is_subtitle));
        if copy.is_some() {
            zero = start.map_or(zero, |start| start.min(zero));
        }
    }
    let expected = times.first() - zero;
    // MP4 counts starts in milliseconds, if it is not told otherwise.
    let room = if plays_hidden(case) {
        Rational::new(1, 20)
    } else {
        Rational::new(1, 1000)
    };
    let tolerance = coarsest_tick(case).max(room);
    let is_kept = distance(found.first(), expected) <= tolerance;
    case.kept_or_named(is_kept, "have no times", || {
        format!("{}, not {expected}", found.first())
    })
}

/// Whether an edit list of the source leaves out packets, and the output has none: the last of them stand before the first
/// sound then, for decoders start with them.
fn plays_hidden(case: &Case) -> bool {
    let container = case.output.facts["format"]["format_name"].as_str().unwrap();
    let is_hidden = case.source.packets.iter().flatten().any(|p| p.is_hidden);
    is_hidden && !container.contains("mp4")
}

/// Of all streams of source and output that have a clock.
fn coarsest_tick(case: &Case) -> Rational {
    let ticks = |clip: &Clip| {
        let all = clip.streams().iter();
        let timed = all.filter(|s| s["codec_type"] != "data" && s["codec_type"] != "attachment");
        let ticks = timed.filter_map(|s| fraction(&s["time_base"]));
        ticks.max().unwrap()
    };
    ticks(case.source).max(ticks(case.output))
}

fn all_times(case: &Case, found: &Times, rate: Rational) -> Fate {
    let rounding = found.tick;
    let off = found.starts.iter().enumerate().find_map(|(k, t)| {
        let expected = Rational::from_integer(k as i128) / rate;
        let time = t - found.first();
        (distance(time, expected) > rounding).then(|| format!("{k}: {time}, not {expected}"))
    });
    // Players show fast GIFs slower, and ffprobe counts as they do.
    case.kept_or_named(off.is_none(), "show more than 50", || {
        off.unwrap_or_default()
    })
}

/// The last output ends with the source, to within one output.
fn duration(case: &Case, times: &Times, found: &Times, rate: Rational) -> Fate {
    let (expected, got) = (times.duration(), found.duration());
    let tolerance = rate.recip() + times.tick * 2 + found.tick * 2;
    let is_kept = distance(expected, got) <= tolerance;
    case.kept_or_named(is_kept, "show more than 50", || {
        format!("{got}, not {expected}")
    })
}

/// From the first picture to the first sound of every stream, to within a tick of the coarser clock.
fn sound_offset(case: &Case, times: &Times, found: &Times) -> Fate {
    for (stream, copy) in case.copies() {
        let Some((Some(heard), copy)) = copy.map(|copy| (case.source.sound[stream], copy)) else {
            continue;
        };
        let Some(Some(got)) = case.output.sound.get(copy) else {
            return Fate::Broken(format!("stream {stream} is not heard"));
        };
        let (mut expected, got) = (heard - times.first(), got - found.first());
        let mut tolerance = coarsest_tick(case);
        // Packets before the picture are left out, whole ones; so are those that an edit list leaves out.
        if plays_hidden(case) {
            tolerance += Rational::new(1, 20);
        }
        if case.limit.is_some() {
            expected = expected.max(zero());
            tolerance += Rational::new(1, 40);
        }
        if distance(got, expected) > tolerance {
            return case.kept_or_named(false, "have no times", || {
                format!("stream {stream}: {got}, not {expected}")
            });
        }
    }
    Fate::Kept
}

/// Every packet of every copied stream is there, at its distance from the first picture.
fn copied_packets(case: &Case, times: &Times, found: &Times) -> Fate {
    let tolerance = coarsest_tick(case);
    for (stream, copy) in case.copies() {
        let is_data = case.source.streams()[stream]["codec_type"] == "data";
        let Some(copy) = copy.filter(|_| !is_data) else {
            continue;
        };
        let mut expected = case.source.packets[stream].clone();
        if case.limit.is_some() {
            let in_part =
                |time: Option<Rational>| time.is_none_or(|t| times.first() <= t && t <= times.end);
            expected.retain(|p| in_part(p.time));
        }
        let mut got = case.output.packets.get(copy).cloned().unwrap_or_default();
        // What is not heard may be there or not.
        let (hidden, heard) = expected.into_iter().partition::<Vec<_>, _>(|p| p.is_hidden);
        let expected = heard;
        while got.len() > expected.len() && hidden.iter().any(|h| h.hash == got[0].hash) {
            got.remove(0);
        }
        // In a part, the last one may end with the picture or a packet later.
        let missing = expected.len() as i64 - got.len() as i64;
        if missing.abs() > i64::from(case.limit.is_some()) {
            return Fate::Broken(format!("stream {stream}: {missing} packets are missing"));
        }
        for (k, (a, b)) in expected.iter().zip(&got).enumerate() {
            let place = |t: Option<Rational>, times: &Times| t.map(|t| t - times.first());
            let (was, is) = (place(a.time, times), place(b.time, found));
            let is_near = was
                .zip(is)
                .is_none_or(|(was, is)| distance(was, is) <= tolerance);
            // MPEG-TS wraps each packet of sound in a header of its own.
            let is_same =
                a.hash == b.hash || case.source.facts["format"]["format_name"] == "mpegts";
            if !is_same || !is_near {
                return case.kept_or_named(false, "have no times", || {
                    format!("stream {stream}, packet {k}: {was:?} became {is:?}")
                });
            }
        }
    }
    Fate::Kept
}
