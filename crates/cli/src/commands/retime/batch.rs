//! Batch of clips: worker threads, outcomes, exit code.

use super::args::RetimeArgs;
use super::cuts;
use super::events::Event;
use super::input_reporter::InputReporter;
use super::job::{End, Job};
use super::ordered_reporter::{OrderedReporter, lock};
use super::plan::Plan;
use super::progress::TICK;
use super::report::Summary;
use super::{clip, dry, report, resume};
use crate::commands::common::Common;
use crate::commands::exit::{self, BatchFailed, Interrupted};
use crate::files::OutputFolder;
use crate::reporter::is_closed_pipe;
use crate::work;
use anyhow::Context;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, Builder};
use std::time::Instant;

/// How one input went.
enum Outcome {
    Done,
    Skipped,
    Failed(anyhow::Error),
    /// Not begun, or given up, because the user wants no more.
    Stopped,
}

/// Does what is planned. A failure ends the run only if there is nothing else to do.
pub(super) fn run(plan: &Plan, args: &RetimeArgs, common: &Common) -> anyhow::Result<()> {
    let started = Instant::now();
    let reporter = OrderedReporter::new(plan, args.progress, args.dry_run, common);
    let folders = match args.out_dir {
        Some(_) if !args.dry_run => Folders::create(&plan.jobs)?,
        _ => Folders(Vec::new()),
    };
    let outcomes = do_all(plan, args, common, &reporter);
    drop(folders);
    let ended = end(plan, args, &reporter, outcomes, started);
    // The clips come first; a report that broke off is told if they are well.
    ended.and_then(|()| match reporter.broken() {
        Some(error) => Err(error.into()),
        None => Ok(()),
    })
}

/// `--out-dir` with its sub-folders. Those made for the run that stayed empty go with it.
struct Folders(Vec<OutputFolder>);

impl Folders {
    fn create(jobs: &[Job]) -> anyhow::Result<Self> {
        let mut folders = Self(Vec::new());
        for job in jobs.iter().filter(|job| !job.is_there) {
            let End::File(path) = &job.output else {
                continue;
            };
            if let Some(folder) = path.parent().filter(|f| is_to_be_made(f)) {
                let made = OutputFolder::create(folder);
                let made = made.with_context(|| folder.display().to_string())?;
                folders.0.push(made);
            }
        }
        Ok(folders)
    }
}

fn is_to_be_made(folder: &Path) -> bool {
    !folder.as_os_str().is_empty() && !folder.is_dir()
}

impl Drop for Folders {
    fn drop(&mut self) {
        // Later ones lie within or beside earlier ones, which may be empty only without them.
        while self.0.pop().is_some() {}
    }
}

/// All jobs, `--jobs` at a time; their outcomes in their order.
fn do_all(
    plan: &Plan,
    args: &RetimeArgs,
    common: &Common,
    reporter: &OrderedReporter,
) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes: Vec<Mutex<Outcome>> = plan
        .jobs
        .iter()
        .map(|_| Mutex::new(Outcome::Stopped))
        .collect();
    let worker = || {
        loop {
            let index = next.fetch_add(1, Ordering::SeqCst);
            let (Some(job), Some(outcome)) = (plan.jobs.get(index), outcomes.get(index)) else {
                return;
            };
            let file = InputReporter::new(reporter, index, job);
            *lock(outcome) = run_job(job, args, common, &file);
            file.finish();
        }
    };
    thread::scope(|scope| {
        let (stop, stopped) = mpsc::channel::<()>();
        if reporter.shows_progress() {
            let show = move || {
                while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    reporter.tick();
                }
            };
            // Without this thread there is no progress to be seen, and all else goes its way.
            let _ = Builder::new()
                .name("progress".into())
                .spawn_scoped(scope, show);
        }
        let helpers: Vec<_> = (1..args.jobs.min(plan.jobs.len()))
            // Without a thread there is one clip fewer at a time.
            .filter_map(|_| Builder::new().spawn_scoped(scope, worker).ok())
            .collect();
        worker();
        for helper in helpers {
            // A panic was reported when it happened; its file counts as not done.
            let _ = helper.join();
        }
        drop(stop);
    });
    let outcomes = outcomes.into_iter();
    outcomes
        .map(|o| o.into_inner().unwrap_or_else(|e| e.into_inner()))
        .collect()
}

fn run_job(job: &Job, args: &RetimeArgs, common: &Common, file: &InputReporter) -> Outcome {
    if exit::is_interrupted() {
        return Outcome::Stopped;
    }
    let result = if job.is_there {
        cuts::rules(args, common)
            .and_then(|rules| resume::check_finished(job, args, &rules, common))
    } else if args.dry_run {
        dry::run(job, args, common, file)
    } else {
        clip::run(job, args, common, file)
    };
    match result {
        Ok(()) if job.is_there => {
            file.skipped(job);
            Outcome::Skipped
        }
        Ok(()) => Outcome::Done,
        Err(error) if error.is::<Interrupted>() => Outcome::Stopped,
        Err(error) if matches!(error.downcast_ref(), Some(work::Error::Interrupted)) => {
            Outcome::Stopped
        }
        Err(error) => {
            if !is_closed_pipe(&error) {
                file.failed(job, &exit::one_line(&error));
            }
            Outcome::Failed(error)
        }
    }
}

/// The last words, and the exit code.
fn end(
    plan: &Plan,
    args: &RetimeArgs,
    reporter: &OrderedReporter,
    outcomes: Vec<Outcome>,
    started: Instant,
) -> anyhow::Result<()> {
    let mut summary = Summary {
        total: outcomes.len(),
        interrupted: exit::is_interrupted(),
        dry_run: args.dry_run,
        wall_s: started.elapsed().as_secs_f64(),
        ..Summary::default()
    };
    let mut errors = Vec::new();
    let mut was_stopped = false;
    for outcome in outcomes {
        match outcome {
            Outcome::Done => summary.done += 1,
            Outcome::Skipped => summary.skipped += 1,
            Outcome::Failed(error) => errors.push(error),
            Outcome::Stopped if summary.interrupted => was_stopped = true,
            Outcome::Stopped => {
                errors.push(anyhow::anyhow!("a thread ended by a fault of its own"))
            }
        }
    }
    if !plan.is_batch && errors.iter().any(is_closed_pipe) {
        // Who reads wants no more, of the report neither.
        return errors.pop().map_or(Ok(()), Err);
    }
    summary.failed = errors.len();
    reporter.event(&Event::Summary(&summary));
    if was_stopped {
        return Err(Interrupted.into());
    }
    if !plan.is_batch {
        return errors.pop().map_or(Ok(()), Err);
    }
    let lines: Vec<String> = errors.iter().map(exit::one_line).collect();
    let line = report::last_line(&summary, &lines);
    match summary.failed {
        0 => {
            reporter.talk(&line);
            Ok(())
        }
        failed if failed == summary.total => anyhow::bail!(line),
        _ => Err(BatchFailed(line).into()),
    }
}
