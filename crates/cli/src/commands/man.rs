//! `otinterp man`: manual pages, made of what `--help` says.

use super::exit::Usage;
use crate::reporter::Stream;
use clap::Args;
use clap_mangen::Man;

/// Arguments of `otinterp man`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  otinterp man | man -l -
  otinterp man retime > otinterp-retime.1")]
pub struct ManArgs {
    /// The command that the page is of [default: all of the program]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Runs `otinterp man`: the page in roff's `man` macros on standard output.
/// Fails with [`Usage`] where there is no such command.
pub fn run(args: &ManArgs, mut program: clap::Command) -> anyhow::Result<()> {
    // Hands the options that all commands take down to them.
    program.build();
    let command = match &args.command {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            found.ok_or_else(|| {
                Usage(format!(
                    "man: there is no command '{name}'; --help lists them"
                ))
            })?
        }
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Stream::Out
        .write(&page)
        .map_err(|e| Stream::Out.named(&e))?;
    Ok(())
}
