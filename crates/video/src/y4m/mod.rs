//! YUV4MPEG2: uncompressed clips on pipes.
//!
//! Written here rather than taken from the `y4m` crate (0.8), which takes a stream that is cut off
//! within a frame for one that ends, and knows neither 4:1:1 nor depths other than 8, 10 and 12.

mod header;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use header::Header;
pub use reader::Y4mSource;
pub use writer::Y4mSink;
