//! What a pipe says of its container and main video before the packets.

use super::hdr::Extras;
use super::library::failed;
use super::metadata::{Tags, dictionary, lasting, name_of};
use crate::clip::Result;
use crate::ffi::stream::add_side_data;
use ffmpeg_next::format::context::{Input, Output};
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::packet::side_data::Type as SideData;

/// What a pipe says of its container and its main video before the packets: there is no reading it a second time.
#[derive(Debug, Clone)]
pub(super) struct Piped {
    /// Names of the streams beside, and of what else is left out.
    pub(super) left_out: Vec<String>,
    tags: Tags,
    stream_tags: Tags,
    stream_data: Vec<(SideData, Vec<u8>)>,
}

impl Piped {
    pub(super) fn of(input: &Input, main: usize, extras: &Extras) -> Self {
        let others = input.streams().filter(|s| s.index() != main);
        let mut left_out: Vec<String> = others.map(|s| name_of(&s)).collect();
        if input.nb_chapters() > 0 {
            left_out.push("chapters".to_owned());
        }
        let stream = input.stream(main);
        let data = stream.iter().flat_map(Stream::side_data);
        Self {
            left_out,
            tags: lasting(input.metadata().iter()),
            stream_tags: stream
                .iter()
                .flat_map(|s| lasting(s.metadata().iter()))
                .collect(),
            stream_data: data
                .filter(|d| !extras.is_stale(d.kind()))
                .map(|d| (d.kind(), d.data().to_vec()))
                .collect(),
        }
    }

    /// Gives the output what the pipe said.
    pub(super) fn add_to(&self, output: &mut Output, stream: usize) -> Result<()> {
        output.set_metadata(dictionary(&self.tags));
        let Some(mut stream) = output.stream_mut(stream) else {
            return Ok(());
        };
        stream.set_metadata(dictionary(&self.stream_tags));
        for (kind, bytes) in &self.stream_data {
            add_side_data(&mut stream, *kind, bytes)
                .map_err(|why| failed("copying stream data", why))?;
        }
        Ok(())
    }
}
