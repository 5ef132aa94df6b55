//! Reading of a clip, several times over: its part, the pipeline on it, and what goes wrong.

use crate::commands::common::{Common, MethodArg};
use crate::commands::exit::{Interrupted, is_interrupted, plain};
use crate::pipeline::{self, CONTEXT_FRAMES, Counts, Cut, Cuts, Observer, Rules};
use crate::reporter::Bar;
use anyhow::{Context, anyhow};
use otinterp_video::range::Position;
use otinterp_video::time::OutputClock;
use otinterp_video::{Access, Clip, ReadOptions, Sink, open_clip};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A clip that is read more than once, in the same way each time.
pub struct Reading<'a> {
    pub input: &'a Path,
    /// The part that is asked for.
    pub part: (Option<Position>, Option<Position>),
    pub access: Access,
    pub common: &'a Common,
}

impl Reading<'_> {
    /// Opens it as `retime` does, turned as a player shows it.
    pub fn open(&self) -> anyhow::Result<Clip> {
        let options = ReadOptions {
            threads: self.common.threads,
            deinterlace: true,
            turn: true,
            counts_frames: true,
            access: self.access,
            ..ReadOptions::default()
        };
        open_clip(Some(self.input), None, &options)
            .and_then(|clip| clip.part(self.part, CONTEXT_FRAMES))
            .map_err(plain)
            .with_context(|| self.shown())
    }

    /// Its name in messages.
    pub fn shown(&self) -> String {
        self.input.display().to_string()
    }

    /// Those of `retime` without options but a method, with these cuts.
    pub fn rules(&self, method: MethodArg, cuts: Cuts) -> Rules {
        Rules {
            cuts,
            ..Rules::new(self.common.interpolator(method))
        }
    }

    /// Retimes it; no counts if the watch has seen enough before the end.
    pub fn run(
        &self,
        clip: &mut Clip,
        sink: &mut dyn Sink,
        clock: OutputClock,
        rules: &Rules,
        watch: &Watch,
    ) -> anyhow::Result<Option<Counts>> {
        let source = clip.source.as_mut();
        match pipeline::retime(source, sink, clock, rules, None, watch) {
            Ok(counts) => Ok(Some(counts)),
            Err(pipeline::Error::Interrupted) if watch.has_enough() && !is_interrupted() => {
                Ok(None)
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    fn explain(&self, error: pipeline::Error) -> anyhow::Error {
        let shown = self.shown();
        match error {
            pipeline::Error::Interrupted => Interrupted.into(),
            pipeline::Error::Read(error) => plain(error).context(shown),
            pipeline::Error::TooShort(frames) => {
                let found = if frames == 0 {
                    "no frame"
                } else {
                    "only one frame"
                };
                anyhow!(
                    "{shown}: it has {found}; a page is made of a clip, or of two pictures or more"
                )
            }
            error => anyhow::Error::new(error).context(shown),
        }
    }
}

/// What the pipeline is told and tells.
pub struct Watch<'a> {
    bar: &'a Bar,
    /// First frames after the cuts that were seen, in order.
    cuts: Mutex<Vec<u64>>,
    has_enough: AtomicBool,
}

impl<'a> Watch<'a> {
    /// One that has seen nothing.
    pub fn new(bar: &'a Bar) -> Self {
        Self {
            bar,
            cuts: Mutex::default(),
            has_enough: AtomicBool::new(false),
        }
    }

    /// Whether a cut was seen before this frame of the source, which is being written.
    pub fn is_cut(&self, frame: u64) -> bool {
        let cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        cuts.binary_search(&frame).is_ok()
    }

    /// The pipeline may end.
    pub fn enough(&self) {
        self.has_enough.store(true, Ordering::SeqCst);
    }

    fn has_enough(&self) -> bool {
        self.has_enough.load(Ordering::SeqCst)
    }
}

impl Observer for Watch<'_> {
    fn is_interrupted(&self) -> bool {
        is_interrupted() || self.has_enough()
    }

    fn written(&self, frames: u64) {
        self.bar.count(frames as usize);
    }

    fn cuts(&self, cuts: &[Cut]) {
        let mut seen = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        let new = &cuts[seen.len()..];
        seen.extend(new.iter().map(|cut| cut.frame));
    }
}

/// An error of a sink's own as one of clips.
pub fn invalid(error: &anyhow::Error) -> otinterp_video::Error {
    otinterp_video::Error::Invalid(error.to_string())
}
