//! Deinterlacing of pictures that FFmpeg has not decoded: those of Y4M.

use super::chain::{Chain, Interlaced};
use super::library::init;
use super::pixel::{frame_from, picture_from, planar_for};
use crate::clip::{DEINTERLACED, Frame, Info, MOVED_AS_ONE, Result, Source};
use crate::options::FieldOrder;
use crate::y4m::Y4mSource;
use std::io::Read;

/// A Y4M stream whose frames with two fields are made whole by FFmpeg's `bwdif`.
struct Deinterlaced<R> {
    source: Y4mSource<R>,
    info: Info,
    /// With each frame the one that was read, and whether it holds two fields.
    chain: Chain<(Frame, bool)>,
}

/// Makes the frames of an interlaced stream whole; it stays as it is where FFmpeg has no such pixel format.
pub(crate) fn deinterlaced<R: Read + Send + 'static>(
    source: Y4mSource<R>,
    order: FieldOrder,
) -> Result<Box<dyn Source>> {
    init()?;
    let info = source.info().clone();
    let shape = planar_for(info.format).map(|p| (p, info.width as u32, info.height as u32));
    let all = Some(Interlaced::All(order));
    let chain = match shape {
        Some(shape) => Chain::new(shape, all, None)?,
        None => None,
    };
    Ok(match chain {
        Some(chain) => Box::new(Deinterlaced {
            source,
            info: Info {
                interlaced: false,
                ..info
            },
            chain,
        }),
        None => Box::new(source),
    })
}

impl<R: Read + Send> Source for Deinterlaced<R> {
    fn info(&self) -> &Info {
        &self.info
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        let source = &mut self.source;
        let next = self.chain.next(|| {
            let Some(frame) = source.next()? else {
                return Ok(None);
            };
            let whole = frame_from(&frame.picture)?;
            Ok(Some((whole, (frame, source.last_has_fields()))))
        })?;
        let Some((whole, (mut frame, has_fields))) = next else {
            return Ok(None);
        };
        if has_fields {
            frame.picture = picture_from(&whole, self.info.format)?;
        }
        Ok(Some(frame))
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.source.warnings();
        warnings.retain(|warning| warning != MOVED_AS_ONE);
        warnings.push(DEINTERLACED.to_owned());
        warnings
    }
}
