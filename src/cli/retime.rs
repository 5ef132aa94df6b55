//! `otinterp retime`.

use super::Common;
use clap::Args;

/// Arguments of `otinterp retime`.
#[derive(Debug, Args)]
pub struct RetimeArgs {}

/// Runs `otinterp retime`.
pub fn run(_args: &RetimeArgs, _common: &Common) -> anyhow::Result<()> {
    anyhow::bail!("not there yet")
}
