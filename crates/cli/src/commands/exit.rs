//! Exit of a run: one line on stderr and an exit code; Ctrl-C.

use crate::reporter::{Stream, is_closed_pipe};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// The command line makes no sense: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Some inputs of a batch failed; says how many, and which: exit code 3.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BatchFailed(pub String);

/// Ctrl-C or a termination signal: exit code 130.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; no unfinished file was left")]
pub struct Interrupted;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes Ctrl-C raise a flag instead of ending the process, so that pending files are removed.
/// A second Ctrl-C ends it at once. Without a handler (none could be set) the default holds.
pub fn watch_interrupt() {
    otinterp_video::stop_when(is_interrupted);
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
}

/// [`Interrupted`] if Ctrl-C was pressed since [`watch_interrupt`].
pub fn check_interrupt() -> anyhow::Result<()> {
    if is_interrupted() {
        Err(Interrupted.into())
    } else {
        Ok(())
    }
}

/// Whether Ctrl-C was pressed since [`watch_interrupt`].
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Prints the error as one line and chooses the exit code.
pub fn report(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    if is_closed_pipe(&error) {
        return ExitCode::SUCCESS;
    }
    let line = format!("otinterp: {}\n", one_line(&error));
    // The exit code says it where standard error cannot.
    let _ = Stream::Err.write(line.as_bytes());
    if error.is::<Interrupted>() {
        ExitCode::from(130)
    } else if error.is::<Usage>() {
        ExitCode::from(2)
    } else if error.is::<BatchFailed>() {
        ExitCode::from(3)
    } else {
        ExitCode::FAILURE
    }
}

/// A clip's error; the system's own keep their kind: a closed pipe is no failure.
pub fn plain(error: otinterp_video::Error) -> anyhow::Error {
    match error {
        otinterp_video::Error::Io(error) => error.into(),
        otinterp_video::Error::Stopped => Interrupted.into(),
        error => error.into(),
    }
}

/// An error and its causes as one line, `what: why: why`.
pub fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").replace('\n', " ")
}
