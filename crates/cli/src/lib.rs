//! The program `otinterp`: commands on top of the library of the same name.

pub mod commands;
pub mod data;
pub mod files;
pub mod flow;
pub mod pipeline;
pub mod plot;
pub mod quality;
pub mod work;

pub use commands::main;
