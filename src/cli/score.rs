//! `otinterp score`.

use super::Common;
use clap::Args;

/// Arguments of `otinterp score`.
#[derive(Debug, Args)]
pub struct ScoreArgs {}

/// Runs `otinterp score`.
pub fn run(_args: &ScoreArgs, _common: &Common) -> anyhow::Result<()> {
    anyhow::bail!("not there yet")
}
