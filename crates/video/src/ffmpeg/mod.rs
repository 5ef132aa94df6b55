//! All that goes through FFmpeg's libraries: demuxers, decoders, filter graphs, encoders, muxers.

mod color;
mod container;
mod copies;
mod decode;
mod encoder;
mod filter;
mod hdr;
mod input;
mod library;
mod losses;
mod metadata;
mod origin;
mod packets;
mod piped;
mod pixel;
mod remux;
mod rgb;
mod scan;
mod sink;
mod skip;
mod sound;
mod source;
mod survey;
mod timebase;

pub use container::is_image_file;
pub(crate) use container::{container_of, holds_variable_rates};
pub use encoder::encoders;
pub use library::{ffmpeg_versions, show_ffmpeg_log};
pub use origin::Origin;
pub use pixel::{can_be_read, raw_name};
pub use rgb::RgbFrames;
pub(crate) use scan::length;
pub use sink::FileSink;
pub(crate) use sink::create;
pub use source::FileSource;
pub(crate) use survey::{encoder_for, streams_beside};
