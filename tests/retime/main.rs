//! `retime`: its pipeline, batches, reports, errors, and runs that are cut short.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod batch;
#[path = "../common/mod.rs"]
mod common;
mod curved;
mod cuts;
mod drawn;
mod duplicates;
#[cfg(feature = "video")]
mod errors;
#[cfg(all(feature = "video", unix))]
mod faults;
#[cfg(unix)]
mod finished;
#[cfg(all(feature = "video", unix))]
mod joins;
mod pipeline;
mod report;
#[cfg(all(feature = "video", unix))]
mod resumable;
#[cfg(all(feature = "video", unix))]
mod resume;
#[cfg(feature = "video")]
mod rgb_frames;
#[cfg(all(feature = "video", unix))]
mod work_folder;
mod y4m;
