//! The program `otinterp`: commands on top of the library of the same name.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the reporter alone prints"
)]

mod commands;
pub mod data;
mod files;
pub mod flow;
pub mod pipeline;
mod plot;
pub mod quality;
mod reporter;
pub mod targets;
mod temporary;
mod work;

pub use commands::main;
