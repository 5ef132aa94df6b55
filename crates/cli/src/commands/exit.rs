//! Exit of a run: one line on stderr and an exit code; Ctrl-C.

use crate::reporter::{is_closed_pipe, last_error};
use crate::temporary;
use crate::work;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

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

/// Exit code after Ctrl-C: 128 and the number of SIGINT, as shells have it.
const INTERRUPTED_CODE: u8 = 130;

/// Makes Ctrl-C raise a flag instead of ending the process, so that pending files are removed and it is said what is kept.
/// If it has not ended after `grace`, or at a second Ctrl-C, it ends at once; what is temporary is removed then, too.
/// Without a handler (none could be set) the default holds.
pub fn watch_interrupt(grace: Duration) {
    otinterp_video::stop_when(is_interrupted);
    let _ = ctrlc::set_handler(move || {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            leave();
        }
        let waiting = thread::Builder::new().spawn(move || {
            thread::sleep(grace);
            // Whoever reads that may be asleep; a second Ctrl-C does not wait for it.
            for folder in work::kept() {
                last_error(&kept_in(&folder));
            }
            last_error(&Interrupted.to_string());
            leave();
        });
        if waiting.is_err() {
            leave();
        }
    });
}

/// That a later run can go on with the work of this one.
pub fn kept_in(folder: &Path) -> String {
    let folder = folder.display();
    format!("what is done is kept in {folder}; --resume goes on with it")
}

fn leave() -> ! {
    temporary::remove_all();
    otinterp_video::leave(INTERRUPTED_CODE)
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
    last_error(&one_line(&error));
    if error.is::<Interrupted>() {
        ExitCode::from(INTERRUPTED_CODE)
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

/// An error and its causes as one line, `what: why: why`. A cause that was said already is not said again, and the system's errors
/// come without their numbers.
pub fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let cause = without_number(&cause.to_string().replace('\n', " "));
        // What the standard library says where a file ends in the middle of something.
        let cause = cause.replace("failed to fill whole buffer", "it ends too early");
        if !line.ends_with(&cause) {
            let colon = if line.is_empty() { "" } else { ": " };
            line += colon;
            line += &cause;
        }
    }
    line
}

/// `No such file or directory (os error 2)` without what stands in brackets.
fn without_number(text: &str) -> String {
    let Some((before, after)) = text.split_once(" (os error ") else {
        return text.to_owned();
    };
    match after.split_once(')') {
        Some((number, rest)) if number.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{before}{}", without_number(rest))
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn nothing_is_said_twice_and_no_numbers_of_the_system_are_told() {
        let system = std::io::Error::from_raw_os_error(2);
        let plain = without_number(&system.to_string());
        assert!(!plain.contains("os error") && !plain.is_empty());
        let error = Err::<(), _>(system).context("a.csv").unwrap_err();
        assert_eq!(one_line(&error), format!("a.csv: {plain}"));
        let short = std::io::Read::read_exact(&mut &[0u8][..], &mut [0; 2]).unwrap_err();
        let short = anyhow::Error::new(short).context("a.tif is broken");
        assert_eq!(one_line(&short), "a.tif is broken: it ends too early");
        let twice = anyhow::anyhow!("it is broken").context("a.csv: it is broken");
        assert_eq!(one_line(&twice), "a.csv: it is broken");
        assert_eq!(without_number("f(x) (os error x)"), "f(x) (os error x)");
    }
}
