//! `otinterp compare`.

use super::Common;
use clap::Args;

/// Arguments of `otinterp compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {}

/// Runs `otinterp compare`.
pub fn run(_args: &CompareArgs, _common: &Common) -> anyhow::Result<()> {
    anyhow::bail!("not there yet")
}
