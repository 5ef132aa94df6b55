//! The program `otinterp`: commands on top of the library of the same name.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the reporter alone prints"
)]

pub mod commands;
pub mod data;
pub mod files;
pub mod flow;
pub mod pipeline;
pub mod plot;
pub mod quality;
pub mod reporter;
pub mod work;

pub use commands::main;
