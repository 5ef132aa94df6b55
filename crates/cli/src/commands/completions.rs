//! `otinterp completions`: a script by which a shell completes command lines.

use crate::reporter::Stream;
use clap::Args;
use clap_complete::Shell;

/// Arguments of `otinterp completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  otinterp completions bash > ~/.local/share/bash-completion/completions/otinterp
  otinterp completions zsh > \"${fpath[1]}/_otinterp\"
  otinterp completions fish > ~/.config/fish/completions/otinterp.fish")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Runs `otinterp completions`: the script for `command` on standard output.
pub fn run(args: &CompletionsArgs, mut command: clap::Command) -> anyhow::Result<()> {
    let (name, mut script) = (command.get_name().to_owned(), Vec::new());
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    Stream::Out
        .write(&script)
        .map_err(|e| Stream::Out.named(&e))?;
    Ok(())
}
