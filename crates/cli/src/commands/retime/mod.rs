//! `otinterp retime`: clips at more frames per second, or in slow motion.

mod args;
mod batch;
mod clip;
mod cuts;
mod dry;
mod events;
mod input_reporter;
mod inputs;
mod job;
mod name;
mod options;
mod ordered_reporter;
mod outputs;
mod pending;
mod plan;
mod playlist;
mod progress;
mod report;
mod resume;

use crate::commands::common::Common;
use crate::commands::exit;

pub use args::RetimeArgs;
pub use cuts::cuts;
pub use inputs::is_clip;
pub use options::parse_range;
pub use report::CutAt;

/// Runs `otinterp retime`.
pub fn run(args: &RetimeArgs, common: &Common) -> anyhow::Result<()> {
    args.mass.options(&[args.method])?;
    let plan = plan::plan(args, common)?;
    if args.timings.is_on() && args.jobs > 1 {
        let why = "--timings: with --jobs it could not be told which clip takes what";
        return Err(exit::Usage(why.to_owned()).into());
    }
    if common.verbose {
        otinterp_video::show_ffmpeg_log()?;
    }
    batch::run(&plan, args, common)
}
