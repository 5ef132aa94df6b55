//! Stage timings: where the time of a run goes, stage by stage, once enabled.
//!
//! A stage is held by a guard on the thread that works on it: `let _stage = stage(Stage::Refine);`. Off, which it is until
//! [`enable`], a guard costs one relaxed load. Stages nest: while an inner one runs, the outer one's clock stands, so
//! that no time counts twice.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Work that is timed as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Files and streams to code values: still images, FFmpeg's decoder.
    Decode,
    /// Decoded samples to pictures of `f32`.
    FromSamples,
    /// Reduced pictures, cuts and repeated frames.
    Cuts,
    /// Brightness change between the pictures, and its compensation.
    Content,
    /// Pyramids.
    Pyramid,
    /// Tiles and their fusion.
    Tiles,
    /// Residual transport.
    Residual,
    /// Variational refinement.
    Refine,
    /// Transport of mass.
    Mass,
    /// Photometric error, choice of candidates, fallback map.
    Evidence,
    /// Spline coefficients.
    Spline,
    /// Motion splatted to time t, holes filled.
    Splat,
    /// Pictures warped along the motion and blended; cross-fades.
    Render,
    /// Rounding to code values.
    Quantize,
    /// Pictures to samples to be encoded.
    ToSamples,
    /// Encoders, containers, pipes, still-image files.
    Encode,
}

/// Every stage and its name in reports, in the order of the work.
const STAGES: [(Stage, &str); 16] = [
    (Stage::Decode, "decode"),
    (Stage::FromSamples, "from_samples"),
    (Stage::Cuts, "cuts"),
    (Stage::Content, "content"),
    (Stage::Pyramid, "pyramid"),
    (Stage::Tiles, "tiles"),
    (Stage::Residual, "residual"),
    (Stage::Refine, "refine"),
    (Stage::Mass, "mass"),
    (Stage::Evidence, "evidence"),
    (Stage::Spline, "spline"),
    (Stage::Splat, "splat"),
    (Stage::Render, "render"),
    (Stage::Quantize, "quantize"),
    (Stage::ToSamples, "to_samples"),
    (Stage::Encode, "encode"),
];

/// What one stage has taken so far, in nanoseconds.
struct Account {
    calls: AtomicU64,
    wall_ns: AtomicU64,
    cpu_ns: AtomicU64,
}

static ENABLED: AtomicBool = AtomicBool::new(false);
static ACCOUNTS: [Account; STAGES.len()] = [const {
    Account {
        calls: AtomicU64::new(0),
        wall_ns: AtomicU64::new(0),
        cpu_ns: AtomicU64::new(0),
    }
}; STAGES.len()];

thread_local! {
    /// The stage whose clock runs on this thread, and since when.
    static RUNNING: Cell<Option<(Stage, Clocks)>> = const { Cell::new(None) };
}

/// Wall clock, and the time that this thread has spent on a core.
#[derive(Clone, Copy)]
struct Clocks {
    wall: Instant,
    cpu: Option<Duration>,
}

impl Clocks {
    fn now() -> Self {
        Self {
            wall: Instant::now(),
            cpu: thread_cpu_time(),
        }
    }
}

/// Times every stage from now on, for the rest of the process.
pub fn enable() {
    ENABLED.store(true, Relaxed);
}

/// Begins a stage on this thread; dropping the guard ends it.
///
/// What cut detection does with small pictures counts as [`Stage::Cuts`], whatever it is.
#[must_use = "the stage ends when the guard is dropped"]
pub fn stage(stage: Stage) -> Guard {
    if !ENABLED.load(Relaxed) {
        return Guard::IDLE;
    }
    let outer = RUNNING.get();
    if let Some((Stage::Cuts, _)) = outer {
        return Guard::IDLE;
    }
    let now = Clocks::now();
    if let Some((outer, since)) = outer {
        book(outer, since, now);
    }
    ACCOUNTS[stage as usize].calls.fetch_add(1, Relaxed);
    RUNNING.set(Some((stage, now)));
    Guard {
        outer: Some(outer.map(|(outer, _)| outer)),
        on_this_thread: PhantomData,
    }
}

/// Adds what has passed to a stage.
fn book(stage: Stage, since: Clocks, now: Clocks) {
    let account = &ACCOUNTS[stage as usize];
    let wall = now.wall.saturating_duration_since(since.wall);
    account.wall_ns.fetch_add(wall.as_nanos() as u64, Relaxed);
    if let (Some(from), Some(to)) = (since.cpu, now.cpu) {
        let cpu = to.saturating_sub(from);
        account.cpu_ns.fetch_add(cpu.as_nanos() as u64, Relaxed);
    }
}

/// A stage that runs until this is dropped.
#[derive(Debug)]
pub struct Guard {
    /// The stage around it, if there is one; `None` where nothing is timed.
    outer: Option<Option<Stage>>,
    on_this_thread: PhantomData<*const ()>,
}

impl Guard {
    const IDLE: Self = Self {
        outer: None,
        on_this_thread: PhantomData,
    };
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(outer) = self.outer else {
            return;
        };
        let now = Clocks::now();
        if let Some((stage, since)) = RUNNING.get() {
            book(stage, since, now);
        }
        RUNNING.set(outer.map(|outer| (outer, now)));
    }
}

/// Where all clocks stand: what a piece of work took is the difference of two of these.
#[derive(Debug, Clone)]
pub struct Reading {
    wall: Instant,
    process_cpu: Option<Duration>,
    accounts: [[u64; 3]; STAGES.len()],
}

impl Reading {
    /// Reads all clocks.
    pub fn now() -> Self {
        Self {
            wall: Instant::now(),
            process_cpu: process_cpu_time(),
            accounts: std::array::from_fn(|i| {
                let Account {
                    calls,
                    wall_ns,
                    cpu_ns,
                } = &ACCOUNTS[i];
                [calls, wall_ns, cpu_ns].map(|n| n.load(Relaxed))
            }),
        }
    }

    /// What has passed since, if stages are timed.
    pub fn elapsed(&self) -> Option<Timings> {
        ENABLED.load(Relaxed).then(|| self.until(&Self::now()))
    }

    fn until(&self, end: &Self) -> Timings {
        // A thread of the pool also works for stages that other threads hold, unless it is alone.
        let is_alone = rayon::current_num_threads() == 1;
        let counted = self.accounts.iter().zip(&end.accounts).zip(&STAGES);
        let cpu = self.process_cpu.zip(end.process_cpu);
        let stages = counted.map(|((from, to), &(_, name))| {
            let [calls, wall_ns, cpu_ns] = std::array::from_fn(|i| to[i] - from[i]);
            StageTime {
                stage: name,
                calls,
                wall_ms: wall_ns as f64 * 1e-6,
                cpu_ms: (is_alone && cpu.is_some()).then_some(cpu_ns as f64 * 1e-6),
            }
        });
        Timings {
            wall_ms: (end.wall - self.wall).as_secs_f64() * 1e3,
            cpu_ms: cpu.map(|(from, to)| (to - from).as_secs_f64() * 1e3),
            stages: stages.filter(|s| s.calls > 0).collect(),
        }
    }
}

/// Where the time went.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Timings {
    /// From the first clock to the last, in ms.
    pub wall_ms: f64,
    /// Of all threads of the process together, in ms; none where the system does not tell.
    pub cpu_ms: Option<f64>,
    /// Those that were passed through, in the order of the work.
    pub stages: Vec<StageTime>,
}

/// What one stage took, without the stages within it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct StageTime {
    /// Its name.
    pub stage: &'static str,
    /// How many times it was begun.
    pub calls: u64,
    /// Wall-clock time of the threads that hold the stage, in ms.
    pub wall_ms: f64,
    /// Their time on a core, in ms; only with one thread, as others would work beside them.
    pub cpu_ms: Option<f64>,
}

impl Timings {
    /// A table for people, with a line for what no stage holds.
    pub fn table(&self) -> String {
        let number = |ms: Option<f64>| ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1}"));
        let mut out = format!(
            "{:<14}{:>8}{:>12}{:>12}\n",
            "stage", "calls", "wall ms", "CPU ms"
        );
        for s in &self.stages {
            let (wall, cpu) = (number(Some(s.wall_ms)), number(s.cpu_ms));
            out += &format!("{:<14}{:>8}{wall:>12}{cpu:>12}\n", s.stage, s.calls);
        }
        let (wall, cpu) = (number(Some(self.wall_ms)), number(self.cpu_ms));
        out + &format!("{:<22}{wall:>12}{cpu:>12}\n", "from start to end")
    }
}

/// Time that this process has spent on all cores; none where the system does not tell.
pub fn process_cpu_time() -> Option<Duration> {
    #[cfg(unix)]
    return cpu_time(rustix::time::ClockId::ProcessCPUTime);
    #[cfg(not(unix))]
    None
}

fn thread_cpu_time() -> Option<Duration> {
    #[cfg(unix)]
    return cpu_time(rustix::time::ClockId::ThreadCPUTime);
    #[cfg(not(unix))]
    None
}

#[cfg(unix)]
fn cpu_time(clock: rustix::time::ClockId) -> Option<Duration> {
    Duration::try_from(rustix::time::clock_gettime(clock)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_its_own_account_and_name() {
        for (i, (stage, name)) in STAGES.iter().enumerate() {
            assert_eq!(*stage as usize, i);
            assert_eq!(STAGES.iter().filter(|(_, n)| n == name).count(), 1);
        }
    }
}
