//! Threads and bounded queues: decode | solve and render | encode.
//!
//! Order is kept by construction: every queue has one writer and one reader, and every stage
//! handles one thing after the other. A few frames are in memory at a time, however long the clip.

mod checkpoint;
mod cuts;
mod duplicates;
mod pan;
mod render;
mod rules;
mod thumbnail;

pub use checkpoint::frames_kept;
pub use cuts::Cut;
pub use rules::{AtCut, Cuts, DEFAULT_CUT_THRESHOLD, Duplicates, HandCut, Rules};

use crate::work::{self, Work};
use checkpoint::Segments;
use cuts::Small;
use otinterp::timings::{Stage, stage};
use otinterp_video::time::{OutputClock, Rational};
use otinterp_video::{self as video, Frame, Sink, Source};
use render::{Message, render};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Whether pictures of so many pixels are above 1080p: there each frame is some 50 MB, and memory counts.
pub fn is_large(pixels: usize) -> bool {
    pixels > 1920 * 1088
}

/// Frames that wait between two stages.
fn queue_frames(pixels: usize) -> usize {
    if is_large(pixels) { 1 } else { 2 }
}

/// Why a clip was not retimed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The clip cannot be read.
    #[error(transparent)]
    Read(video::Error),
    /// The output cannot be written.
    #[error("output: {0}")]
    Write(video::Error),
    /// Two pictures do not go together.
    #[error(transparent)]
    Interpolate(#[from] otinterp::Error),
    /// The clip has no frame, or one.
    #[error("it has {}: there is nothing in between", if *.0 == 0 { "no frame" } else { "only one frame" })]
    TooShort(u64),
    /// The user wants no more.
    #[error("interrupted")]
    Interrupted,
    /// What is done cannot be kept, or gone on with.
    #[error(transparent)]
    Work(#[from] work::Error),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Source frames read.
    pub frames_in: u64,
    /// Frames written.
    pub frames_out: u64,
    /// Seconds from the first source frame to the end of the last.
    pub duration: Rational,
    /// Mean over the in-betweens of the share of the picture that no motion explains; 0 without in-betweens.
    /// Those at a cut do not count.
    pub unexplained_share: f64,
    /// Where one scene ends and another begins, in order of time.
    pub cuts: Vec<Cut>,
    /// Cuts given by hand that lie beyond the clip's last frame.
    pub cuts_beyond: usize,
    /// Source frames that repeated the one before and gave way to in-betweens.
    pub duplicates_replaced: u64,
}

/// What the pipeline asks and tells while it runs.
pub trait Observer: Sync {
    /// Whether to stop.
    fn is_interrupted(&self) -> bool {
        false
    }

    /// So many frames are written.
    fn written(&self, _frames: u64) {}

    /// Of those, so many were written by an earlier run.
    fn passed(&self, _frames: u64) {}

    /// So many in-betweens are made.
    fn in_betweens(&self, _frames: u64) {}

    /// So many cuts are seen.
    fn cuts(&self, _count: u64) {}
}

/// Reads all of `source`, makes the frames of `clock`, and writes them to `sink`.
///
/// The last frame lasts as long as it says, or else as long as the one before it.
///
/// With `work`, what is written is kept there segment by segment, and what an earlier run has kept is not made again.
/// The output's name and the removal of the work folder are the caller's.
///
/// # Errors
/// [`Error`]: the first thing that went wrong in any stage. The sink is not finished then.
pub fn retime(
    source: &mut dyn Source,
    sink: &mut dyn Sink,
    clock: OutputClock,
    rules: &Rules,
    work: Option<&mut Work>,
    observer: &dyn Observer,
) -> Result<Counts, Error> {
    let segments = Segments::new(work.as_deref())?;
    let shared = Shared {
        stop: AtomicBool::new(false),
        error: Mutex::new(None),
        observer,
    };
    let depth = queue_frames(source.info().width * source.info().height);
    let (frames_to_render, decoded) = sync_channel(depth);
    let (pictures_to_encode, rendered) = sync_channel(depth);
    let counts = thread::scope(|scope| {
        let shared = &shared;
        let reader = thread::Builder::new().name("decode".into());
        let reading = reader.spawn_scoped(scope, move || {
            shared.run(|| read(source, &frames_to_render, rules, shared))
        });
        let writer = thread::Builder::new().name("encode".into());
        let writing = writer.spawn_scoped(scope, move || {
            shared.run(|| write(sink, work, &rendered, shared))
        });
        if let Some(error) = reading.err().or(writing.err()) {
            shared.fail(Error::Thread(error));
        }
        // The queues' ends belong to the stages: a stage that ends wakes its neighbours.
        shared.run(move || {
            render(
                decoded,
                pictures_to_encode,
                clock,
                rules,
                segments,
                observer,
            )
        })
    });
    match shared
        .error
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
    {
        Some(error) => Err(error),
        // The stages end without an error only together.
        None => counts.ok_or(Error::Interrupted),
    }
}

/// What the stages share: the first error, and the wish to stop.
struct Shared<'a> {
    stop: AtomicBool,
    error: Mutex<Option<Error>>,
    observer: &'a dyn Observer,
}

impl Shared<'_> {
    /// Runs a stage; keeps its error if it is the first.
    fn run<T>(&self, stage: impl FnOnce() -> Result<T, Error>) -> Option<T> {
        match stage() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    fn fail(&self, error: Error) {
        let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(error);
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Whether a stage is to give up.
    fn check(&self) -> Result<bool, Error> {
        if self.observer.is_interrupted() {
            return Err(Error::Interrupted);
        }
        Ok(self.stop.load(Ordering::SeqCst))
    }
}

/// A frame on its way from the first stage to the second.
struct Read {
    frame: Frame,
    /// What cuts are sought on, if they are.
    small: Option<Small>,
}

/// First stage. A closed queue means that the next stage has ended: it says why.
fn read(
    source: &mut dyn Source,
    out: &SyncSender<Read>,
    rules: &Rules,
    shared: &Shared,
) -> Result<(), Error> {
    while !shared.check()? {
        let Some(frame) = source.next().map_err(Error::Read)? else {
            break;
        };
        let reducing = stage(Stage::Cuts);
        let small = rules
            .seeks_cuts()
            .then(|| Small::of(&frame.picture))
            .transpose()
            .map_err(|error| Error::Read(error.into()))?;
        drop(reducing);
        if out.send(Read { frame, small }).is_err() {
            break;
        }
    }
    Ok(())
}

/// Third stage.
fn write(
    sink: &mut dyn Sink,
    mut work: Option<&mut Work>,
    pictures: &Receiver<Message>,
    shared: &Shared,
) -> Result<(), Error> {
    let (mut written, mut passed) = (0, 0);
    while let Ok(message) = pictures.recv() {
        if shared.check()? {
            return Ok(());
        }
        match message {
            Message::Picture(picture, shown) => {
                let _stage = stage(Stage::Encode);
                sink.write(&picture, shown).map_err(Error::Write)?;
            }
            Message::Passed(shown) => {
                sink.passed(shown).map_err(Error::Write)?;
                passed += 1;
                shared.observer.passed(passed);
            }
            Message::SegmentEnd(checkpoint) => {
                if let Some(work) = &mut work
                    && sink.checkpoint().map_err(Error::Write)?
                {
                    work.commit(&checkpoint)?;
                }
                continue;
            }
            Message::End => {
                if let Some(work) = &work {
                    work.check_sources()?;
                }
                let _stage = stage(Stage::Encode);
                return sink.finish().map_err(Error::Write);
            }
        }
        written += 1;
        shared.observer.written(written);
    }
    Ok(())
}
