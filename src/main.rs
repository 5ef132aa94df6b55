//! The `otinterp` command: parse, run, print the error, exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    otinterp_cli::main()
}
