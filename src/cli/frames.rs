//! `otinterp frames`.

use super::Common;
use clap::Args;

/// Arguments of `otinterp frames`.
#[derive(Debug, Args)]
pub struct FramesArgs {}

/// Runs `otinterp frames`.
pub fn run(_args: &FramesArgs, _common: &Common) -> anyhow::Result<()> {
    anyhow::bail!("not there yet")
}
