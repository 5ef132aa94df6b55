//! `otinterp codecs`: the encoders that the linked FFmpeg has, as a list.

use super::common::Common;
use clap::Args;
use std::fmt::Write;

/// Arguments of `otinterp codecs`.
#[derive(Debug, Args)]
pub struct CodecsArgs {}

/// Runs `otinterp codecs`.
pub fn run(_args: &CodecsArgs, common: &Common) -> anyhow::Result<()> {
    let all = otinterp_video::encoders()?;
    let report = serde_json::json!({ "encoders": all });
    common
        .reporter(false)
        .answer(&report, || table(&all, common.verbose))
}

/// A line for each encoder and one for the containers that hold it; with the pixel formats, if all is asked for.
fn table(encoders: &[otinterp_video::EncoderInfo], with_formats: bool) -> String {
    let mut out = String::new();
    for encoder in encoders {
        let depths: Vec<String> = encoder.bit_depths.iter().map(u8::to_string).collect();
        let depths = match depths.is_empty() {
            true => String::new(),
            false => format!("; {} bits", depths.join(", ")),
        };
        let alpha = if encoder.alpha { "; alpha" } else { "" };
        let lossless = match encoder.lossless {
            otinterp_video::Lossless::No => String::new(),
            otinterp_video::Lossless::Yes => "; lossless".to_owned(),
            otinterp_video::Lossless::With(option) => {
                format!("; lossless with --encoder-opt {option}")
            }
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "{:<20} {}{depths}{alpha}{lossless}",
            encoder.name, encoder.makes
        );
        let _ = writeln!(out, "{:20}   in {}", "", encoder.containers.join(", "));
        if with_formats && !encoder.pixel_formats.is_empty() {
            let _ = writeln!(out, "{:20}   {}", "", encoder.pixel_formats.join(" "));
        }
    }
    out
}
