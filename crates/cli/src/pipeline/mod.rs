//! Pipeline of three threads with bounded queues: decode | solve and render | encode.
//!
//! Order is kept by construction: every queue has one writer and one reader, and every stage
//! handles one thing after the other. A few frames are in memory at a time, however long the clip.

mod checkpoint;
mod cuts;
mod duplicates;
mod outcome;
mod pair;
mod pan;
mod render;
mod rules;
mod thumbnail;

pub use checkpoint::frames_kept;
pub use outcome::{Counts, Cut, Error, Observer};
pub use rules::{AtCut, Cuts, DEFAULT_CUT_THRESHOLD, Duplicates, HandCut, Paths, Rules};
pub(crate) use thumbnail::of as thumbnail;

use crate::work::Work;
use checkpoint::Segments;
use cuts::{Read, Small};
use otinterp::timings::{Stage, stage};
use otinterp_video::time::OutputClock;
use otinterp_video::{Sink, Source};
use render::{Message, render};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Whether pictures of so many pixels are above 1080p: there each frame is some 50 MB, and memory counts.
pub fn is_large(pixels: usize) -> bool {
    pixels > 1920 * 1088
}

/// Frames before and after a part of a clip that it is to be read with, so that it is made as it is in the whole: cuts are judged by
/// three frames on either side, and a path asks for one before the first and two after the last, each of which may stand with
/// three repeats. Those before are held together, and count in memory.
pub const CONTEXT_FRAMES: [usize; 2] = [4, 12];

/// Frames that wait between two stages.
fn queue_frames(pixels: usize) -> usize {
    if is_large(pixels) { 1 } else { 2 }
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
