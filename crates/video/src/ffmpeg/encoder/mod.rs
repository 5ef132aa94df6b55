//! Video encoders: which one, which pixel format, which settings.

mod choose;
mod encode;
mod list;
mod settings;

pub(super) use encode::Encoder;
pub use list::encoders;
