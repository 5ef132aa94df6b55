//! The wish to stop, which is asked for while a read waits.

use std::sync::OnceLock;

static WISH: OnceLock<fn() -> bool> = OnceLock::new();

/// Says how to find out that the user wants an end (a signal came): reads that wait for a pipe or the network then end with
/// [`crate::Error::Stopped`]. The first call counts.
pub fn stop_when(is_wished: fn() -> bool) {
    let _ = WISH.set(is_wished);
}

/// Whether the user wants an end.
pub(crate) fn is_wished() -> bool {
    WISH.get().is_some_and(|wish| wish())
}
