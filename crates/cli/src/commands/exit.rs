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
