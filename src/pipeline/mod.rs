//! Threads and bounded queues: decode | solve and render | encode.
//!
//! Order is kept by construction: every queue has one writer and one reader, and every stage
//! handles one thing after the other. A few frames are in memory at a time, however long the clip.

use crate::interpolator::{self, Interpolator};
use crate::picture::Picture;
use crate::video::time::{OutputClock, Rational, to_f64};
use crate::video::{self, Frame, Sink, Source};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Frames that wait between two stages: enough that neither waits on a single slow frame of the
/// other, and few, because a 4K frame takes 50 to 100 MB.
const QUEUE_FRAMES: usize = 2;

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
    Interpolate(#[from] interpolator::Error),
    /// The clip has no frame, or one.
    #[error("it has {}: there is nothing in between", if *.0 == 0 { "no frame" } else { "only one frame" })]
    TooShort(u64),
    /// The user wants no more.
    #[error("interrupted")]
    Interrupted,
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counts {
    /// Source frames read.
    pub frames_in: u64,
    /// Frames written.
    pub frames_out: u64,
    /// Seconds from the first source frame to the end of the last.
    pub duration: Rational,
    /// Mean over the in-betweens of the share of the picture that no motion explains; 0 without in-betweens.
    pub unexplained_share: f64,
}

/// What the pipeline asks and tells while it runs.
pub trait Observer: Sync {
    /// Whether to stop.
    fn is_interrupted(&self) -> bool {
        false
    }

    /// So many frames are written.
    fn written(&self, _frames: u64) {}

    /// So many in-betweens are made.
    fn in_betweens(&self, _frames: u64) {}

    /// So many cuts are seen.
    fn cuts(&self, _count: u64) {}
}

/// Reads all of `source`, makes the frames of `clock`, and writes them to `sink`.
///
/// The last frame lasts as long as it says, or else as long as the one before it.
///
/// # Errors
/// [`Error`]: the first thing that went wrong in any stage. The sink is not finished then.
pub fn retime(
    source: &mut dyn Source,
    sink: &mut dyn Sink,
    clock: OutputClock,
    interpolator: &Interpolator,
    observer: &dyn Observer,
) -> Result<Counts, Error> {
    let shared = Shared {
        stop: AtomicBool::new(false),
        error: Mutex::new(None),
        observer,
    };
    let (frames_to_render, decoded) = sync_channel(QUEUE_FRAMES);
    let (pictures_to_encode, rendered) = sync_channel(QUEUE_FRAMES);
    let counts = thread::scope(|scope| {
        let shared = &shared;
        let reader = thread::Builder::new().name("decode".into());
        let reading = reader.spawn_scoped(scope, move || {
            shared.run(|| read(source, &frames_to_render, shared))
        });
        let writer = thread::Builder::new().name("encode".into());
        let writing =
            writer.spawn_scoped(scope, move || shared.run(|| write(sink, &rendered, shared)));
        if let Some(error) = reading.err().or(writing.err()) {
            shared.fail(Error::Thread(error));
        }
        // The queues' ends belong to the stages: a stage that ends wakes its neighbours.
        shared.run(move || render(decoded, pictures_to_encode, clock, interpolator, observer))
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
fn read(source: &mut dyn Source, out: &SyncSender<Frame>, shared: &Shared) -> Result<(), Error> {
    while !shared.check()? {
        let Some(frame) = source.next().map_err(Error::Read)? else {
            break;
        };
        if out.send(frame).is_err() {
            break;
        }
    }
    Ok(())
}

/// Third stage.
fn write(sink: &mut dyn Sink, pictures: &Receiver<Message>, shared: &Shared) -> Result<(), Error> {
    let mut written = 0;
    while let Ok(message) = pictures.recv() {
        if shared.check()? {
            return Ok(());
        }
        match message {
            Message::Picture(picture) => sink.write(&picture).map_err(Error::Write)?,
            Message::End => return sink.finish().map_err(Error::Write),
        }
        written += 1;
        shared.observer.written(written);
    }
    Ok(())
}

/// From the second stage to the third.
enum Message {
    Picture(Arc<Picture>),
    /// All is done; a queue that closes without it means that a stage failed.
    End,
}

/// Second stage: holds two neighbouring frames, and renders what falls between them.
fn render(
    frames: Receiver<Frame>,
    out: SyncSender<Message>,
    clock: OutputClock,
    interpolator: &Interpolator,
    observer: &dyn Observer,
) -> Result<Counts, Error> {
    let mut renderer = Renderer {
        out,
        clock,
        interpolator,
        observer,
        frames_out: 0,
        in_betweens: 0,
        unexplained: 0.0,
    };
    let first = frames.recv().map_err(|_| Error::TooShort(0))?;
    let start = first.time;
    let mut from = Held::new(first, start);
    let mut frames_in = 1;
    let mut gap = None;
    for frame in frames {
        let until = Held::new(frame, start);
        gap = Some(until.time - from.time);
        renderer.between(&from, &until)?;
        from = until;
        frames_in += 1;
    }
    let Some(gap) = gap else {
        return Err(Error::TooShort(frames_in));
    };
    let end = from.time + from.duration.unwrap_or(gap);
    renderer.hold(&from, end)?;
    let frames_out = renderer.frames_out;
    let unexplained_share = renderer.unexplained / renderer.in_betweens.max(1) as f64;
    renderer.send(Message::End)?;
    Ok(Counts {
        frames_in,
        frames_out,
        duration: end,
        unexplained_share,
    })
}

/// A source frame, at its time since the first.
struct Held {
    picture: Arc<Picture>,
    time: Rational,
    duration: Option<Rational>,
}

impl Held {
    fn new(frame: Frame, start: Rational) -> Self {
        Self {
            picture: Arc::new(frame.picture),
            time: frame.time - start,
            duration: frame.duration,
        }
    }
}

struct Renderer<'a> {
    out: SyncSender<Message>,
    clock: OutputClock,
    interpolator: &'a Interpolator,
    observer: &'a dyn Observer,
    frames_out: u64,
    in_betweens: u64,
    /// Sum over the in-betweens of what no motion explains.
    unexplained: f64,
}

impl Renderer<'_> {
    /// All outputs from one frame's time up to the next's. The transport is solved only if one of
    /// them falls on neither.
    fn between(&mut self, from: &Held, until: &Held) -> Result<(), Error> {
        let mut transition = None;
        while let Some(t) = self.clock.next_between(from.time, until.time) {
            if *t.numer() == 0 {
                self.send(Message::Picture(Arc::clone(&from.picture)))?;
                continue;
            }
            let transition = match &transition {
                Some(solved) => solved,
                None => {
                    transition.insert(self.interpolator.between(&from.picture, &until.picture)?)
                }
            };
            let picture = transition.at(to_f64(t) as f32);
            self.in_betweens += 1;
            self.observer.in_betweens(self.in_betweens);
            self.unexplained += f64::from(transition.unexplained_share());
            self.send(Message::Picture(Arc::new(picture)))?;
        }
        Ok(())
    }

    /// All outputs from the last frame's time up to its end.
    fn hold(&mut self, last: &Held, end: Rational) -> Result<(), Error> {
        while self.clock.next_between(last.time, end).is_some() {
            self.send(Message::Picture(Arc::clone(&last.picture)))?;
        }
        Ok(())
    }

    fn send(&mut self, message: Message) -> Result<(), Error> {
        if let Message::Picture(_) = message {
            self.frames_out += 1;
        }
        // A closed queue means that the third stage has failed, and its error came first.
        self.out.send(message).map_err(|_| Error::Interrupted)
    }
}
