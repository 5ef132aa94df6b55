//! Frame interval of a stream: from the codec's own field counts and the first times, where the header only guesses.

use super::decode::Decoder;
use super::input::{Pick, Place};
use super::scan::mean_gap;
use super::timebase::ratio;
use crate::clip::Result;
use crate::time::{Rational, zero};
use ffmpeg_next::frame;

/// Frames per second of a stream that tells nothing at all: what FFmpeg takes for images.
const ASSUMED_RATE_HZ: i128 = 25;
/// Frames whose fields are counted: two seconds of film, in which its pattern of four frames comes twelve times.
const COUNTED_FRAMES: usize = 48;
/// Fields of four frames of film in 3:2 pulldown: each is shown for 2 or 3.
const FILM_FIELDS: (i128, i128) = (10, 4);
/// More frames a second than recorders make are a clock's ticks (Matroska of browsers: 1000), unless the times say the same.
const PLAUSIBLE_HZ: i128 = 120;

/// How fast frames follow one another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Seconds from one frame to the next.
    pub(super) interval: Rational,
    /// Seconds by which a time may be off the regular one: a field, where film is shown in fields.
    pub(super) slack: Rational,
    /// Film frames per second, where repeated fields make more of them (soft telecine).
    pub(super) film: Option<Rational>,
    /// What the codec says, if it does.
    pub(super) codec: Option<Rational>,
}

/// The pace of a stream that declares `nominal` and `average` frames per second; of a pipe as far as its first two frames tell.
pub(super) fn pace_of(
    place: &Place,
    decoder: &Decoder,
    ahead: impl Iterator<Item = u32>,
    [nominal, average]: [Option<Rational>; 2],
) -> Result<Pace> {
    let codec = decoder.decoder.frame_rate().and_then(ratio);
    let declared = nominal.or(average).or(codec);
    let mut pace = Pace {
        interval: declared.unwrap_or(ASSUMED_RATE_HZ.into()).recip(),
        slack: zero(),
        film: None,
        codec,
    };
    let repeats: Vec<u32> = ahead.collect();
    if let Some(rate) = codec.or(nominal)
        && repeats.iter().any(|repeat| *repeat > 0)
    {
        let repeats = match place {
            Place::File(..) => counted(place, decoder.stream)?,
            _ => repeats,
        };
        if let Some(fields) = fields_per_frame(&repeats) {
            let field = (rate * 2).recip();
            pace.interval = field * fields;
            pace.film = Some(pace.interval.recip());
            pace.slack = field;
            return Ok(pace);
        }
    }
    let is_sure = nominal == average && nominal.is_some_and(|rate| rate <= PLAUSIBLE_HZ.into());
    if let (Place::File(..), false) = (place, is_sure) {
        let gap = mean_gap(place.open()?, decoder.stream)?;
        // A variable rate may be half its nominal one; what is further off is a guess.
        pace.interval = match gap {
            Some(gap) if pace.interval * 2 < gap || gap * 2 < pace.interval => gap,
            _ => pace.interval,
        };
    }
    Ok(pace)
}

/// How often the first frames repeat a field.
fn counted(place: &Place, stream: usize) -> Result<Vec<u32>> {
    let mut decoder = Decoder::of(place.open()?, Pick::Index(stream), None)?;
    let frames = std::iter::from_fn(|| decoder.next());
    Ok(frames.take(COUNTED_FRAMES).map(|f| repeats(&f)).collect())
}

/// How many fields beyond two a frame is shown for.
pub(super) fn repeats(frame: &frame::Video) -> u32 {
    frame.repeat().clamp(0.0, 8.0) as u32
}

/// How many fields a frame lasts in the mean, if all last as long, or as in 3:2 pulldown.
fn fields_per_frame(repeats: &[u32]) -> Option<Rational> {
    let count = i128::try_from(repeats.len()).ok()?;
    let fields: i128 = repeats.iter().map(|repeat| 2 + i128::from(*repeat)).sum();
    let first = *repeats.first()?;
    if repeats.iter().all(|repeat| *repeat == first) {
        return Some((2 + i128::from(first)).into());
    }
    let film = Rational::new(FILM_FIELDS.0, FILM_FIELDS.1);
    let off = Rational::from_integer(fields) - film * count;
    // The pattern may begin and end anywhere within its four frames.
    let is_film =
        repeats.iter().all(|repeat| *repeat <= 1) && off >= (-1).into() && off <= 1.into();
    is_film.then_some(film)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted() {
        let film: Vec<u32> = [1, 0].into_iter().cycle().take(47).collect();
        assert_eq!(fields_per_frame(&film), Some(Rational::new(5, 2)));
        assert_eq!(fields_per_frame(&[2; 10]), Some(Rational::from_integer(4)));
        // Film that becomes video has no one rate.
        let mixed: Vec<u32> = film.iter().copied().chain([0; 20]).collect();
        assert_eq!(fields_per_frame(&mixed), None);
        assert_eq!(fields_per_frame(&[]), None);
    }
}
