//! Report of a clip: transport, cross-fade and source at the times of a higher rate, and all cuts.

use super::album::Album;
use super::hidden::Hidden;
use super::page::{self, Content, Frame, MOST_FRAMES};
use super::reading::{Reading, Watch, invalid};
use super::survey::{Survey, survey};
use super::words::{base_name, plan_of};
use crate::commands::common::MethodArg;
use crate::commands::exit::{check_interrupt, plain};
use crate::commands::pair::stem;
use crate::pipeline::{self, HandCut};
use crate::reporter::{Reporter, in_one_line};
use anyhow::Context;
use otinterp::picture::Picture;
use otinterp_video::time::{OutputClock, Rational, short_decimal, to_f64};
use otinterp_video::{Info, Shown, Sink, keep_memory_flat};

/// The ways to make a frame, in the order of the page.
const METHODS: [MethodArg; 3] = [MethodArg::Crossfade, MethodArg::Ot, MethodArg::Hold];
const WAYS: [&str; 3] = ["cross-fade", "optimal transport", "source, nearer frame"];

/// The first frames of a clip at `factor` times its rate; what was found on the way; the width and height of its frames in px.
pub fn content(
    reading: &Reading,
    factor: Rational,
    reporter: &Reporter,
) -> anyhow::Result<(Content, Album, Survey, [usize; 2])> {
    let clip = reading.open()?;
    let shown = reading.shown();
    let rate = clip.rate.with_context(|| {
        format!("{shown}: it does not say its frame rate; a clip that does is needed")
    })?;
    let Info {
        width,
        height,
        sample_aspect,
        ..
    } = *clip.source.info();
    drop(clip);
    if pipeline::is_large(width * height) {
        keep_memory_flat();
    }
    let rate = rate * factor;
    let interpolator = reading.common.interpolator(MethodArg::Ot);
    reporter.detail(&interpolator.plan((height, width)).to_string());

    let survey = survey(reading, reporter)?;
    let clock = OutputClock::new(rate, Rational::from_integer(1));
    let places = places(&survey.times, clock.clone());
    let between = places.iter().filter(|place| place.is_between()).count();
    let sources = places.last().map_or(0, |place| place.pair + 2);
    let aspect = sample_aspect.map_or(1.0, |(across, down)| f64::from(across) / f64::from(down));
    let mut album = Album::new((width, height), aspect, sources + 2 * between);

    let by_hand = survey
        .cuts
        .iter()
        .map(|cut| HandCut::Frame(cut.frame))
        .collect();
    let cuts = pipeline::Cuts::ByHand(by_hand);
    let mut made = Vec::new();
    for (method, name) in METHODS.into_iter().zip(WAYS) {
        let mut clip = reading.open()?;
        let bar = reporter.bar(name, Some(places.len() as u64));
        let watch = Watch::new(&bar);
        let mut sink = Shots {
            album: &mut album,
            watch: &watch,
            found: Vec::new(),
        };
        let rules = reading.rules(method, cuts.clone());
        reading.run(&mut clip, &mut sink, clock.clone(), &rules, &watch)?;
        made.push(sink.found);
    }
    let overlays = overlays(reading, &places, &survey)?;
    let mut content = Content {
        title: base_name(reading.input),
        lead: lead(&survey, &made[0], (width, height), (rate, factor)),
        ways: WAYS.to_vec(),
        left: 0,
        right: 1,
        rate: to_f64(rate),
        frames: Vec::new(),
        overlays: Vec::new(),
        measures: Vec::new(),
        cuts: Some(listed(reading, &survey)),
        settings: vec![plan_of(&interpolator, (height, width))],
    };
    let mut pngs = overlays.into_iter();
    for (index, &(_, at)) in made[0].iter().enumerate() {
        let overlay = pngs.next().flatten().map(|png| {
            content.overlays.push(png);
            content.overlays.len() - 1
        });
        content.frames.push(Frame {
            name: name(at, places.get(index)),
            pictures: made.iter().map(|found| found[index].0).collect(),
            overlay,
        });
    }
    Ok((content, album, survey, [width, height]))
}

/// Where a frame of the page stands: between which two frames of the source, and how far, in `[0, 1)`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    /// Index of the first of the two, from 0.
    pair: usize,
    position: Rational,
}

impl Place {
    fn is_between(&self) -> bool {
        *self.position.numer() != 0
    }
}

/// The first places of a clock's pictures between source frames at these times, s from the first.
fn places(times: &[Rational], mut clock: OutputClock) -> Vec<Place> {
    let mut all = Vec::new();
    for (pair, two) in times.windows(2).enumerate() {
        let left = MOST_FRAMES - all.len();
        let outputs = clock.between(two[0], two[1], two[1]).take(left);
        all.extend(outputs.map(|output| Place {
            pair,
            position: output.position,
        }));
    }
    all
}

/// `0.125 s, between frames 3 and 4`.
fn name(at: Rational, place: Option<&Place>) -> String {
    let at = short_decimal(at);
    match place {
        Some(place) if place.is_between() => format!(
            "{at} s, between source frames {} and {}",
            place.pair,
            place.pair + 1
        ),
        Some(place) => format!("{at} s, source frame {}", place.pair),
        None => format!("{at} s, last source frame"),
    }
}

fn lead(
    survey: &Survey,
    made: &[(usize, Rational)],
    (width, height): (usize, usize),
    (rate, factor): (Rational, Rational),
) -> Vec<String> {
    let (frames, shown) = (survey.frames, made.len());
    let cuts = match survey.cuts.len() {
        0 => "no cut".to_owned(),
        1 => "1 cut".to_owned(),
        cuts => format!("{cuts} cuts"),
    };
    let mut lead = vec![format!(
        "{frames} source frames of {width}×{height} px, {cuts}. {shown} frames at {factor} times the rate, {rate} per second, are shown; source frames are counted from 0."
    )];
    if shown == MOST_FRAMES {
        lead.push(format!("A page holds {MOST_FRAMES} frames, the first of the part that is asked for; --start begins elsewhere."));
    }
    lead
}

/// The cuts as the page lists and saves them.
fn listed(reading: &Reading, survey: &Survey) -> page::Cuts {
    let name = in_one_line(&reading.shown());
    let part = match reading.part {
        (None, None) => "",
        _ => ", counted from the start of the part that was asked for",
    };
    page::Cuts {
        // Blanks would need quotes in a shell.
        file: format!(
            "{}.cuts.txt",
            in_one_line(&stem(reading.input)).replace([' ', '/', '\\'], "_")
        ),
        head: format!("# first frames after the cuts of {name}{part}"),
        frames: survey.cuts.iter().map(|cut| cut.frame).collect(),
        shown: survey.shown.clone(),
    }
}

/// Takes the first pictures of a method into the album.
struct Shots<'a> {
    album: &'a mut Album,
    watch: &'a Watch<'a>,
    /// Their places in the album, and when they are shown, s.
    found: Vec<(usize, Rational)>,
}

impl Sink for Shots<'_> {
    fn write(&mut self, picture: &Picture, shown: Shown) -> otinterp_video::Result<()> {
        if self.found.len() < MOST_FRAMES {
            let place = self.album.add(picture).map_err(|e| invalid(&e))?;
            self.found.push((place, shown.at));
        }
        if self.found.len() == MOST_FRAMES {
            self.watch.enough();
        }
        Ok(())
    }

    fn finish(&mut self) -> otinterp_video::Result<()> {
        Ok(())
    }
}

/// The overlays of the frames at these places; none at cuts and where all is seen.
fn overlays(
    reading: &Reading,
    places: &[Place],
    survey: &Survey,
) -> anyhow::Result<Vec<Option<Vec<u8>>>> {
    let interpolator = reading.common.interpolator(MethodArg::Ot);
    let mut clip = reading.open()?;
    let mut overlays = Vec::with_capacity(places.len());
    let mut before: Option<Picture> = None;
    let mut index = 0;
    while overlays.len() < places.len() {
        check_interrupt()?;
        let next = clip
            .source
            .next()
            .map_err(plain)
            .with_context(|| reading.shown())?;
        let Some(frame) = next else { break };
        if frame.is_context {
            continue;
        }
        if let Some(before) = &before {
            let pair = index - 1;
            let of_pair = places.iter().filter(|place| place.pair == pair);
            let is_cut = survey.cuts.iter().any(|cut| cut.frame == index as u64);
            let is_asked = !is_cut && of_pair.clone().any(Place::is_between);
            let hidden = is_asked
                .then(|| Hidden::between(&interpolator, before, &frame.picture))
                .transpose()?;
            for place in of_pair {
                let at = |hidden: &Hidden| hidden.at(to_f64(place.position));
                overlays.push(hidden.as_ref().map(at).transpose()?.flatten());
            }
        }
        before = Some(frame.picture);
        index += 1;
    }
    Ok(overlays)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_clock() {
        let r = |n, d| Rational::new(n, d);
        let times: Vec<Rational> = (0..100).map(|k| r(k, 25)).collect();
        let found = places(&times, OutputClock::new(r(50, 1), r(1, 1)));
        assert_eq!(found.len(), MOST_FRAMES);
        for (index, place) in found.iter().enumerate() {
            let position = r(index as i128 % 2, 2);
            assert_eq!(
                *place,
                Place {
                    pair: index / 2,
                    position
                }
            );
        }
        // A long gap is no reason to count for long.
        let gap = [r(0, 1), r(1_000_000, 1)];
        assert_eq!(
            places(&gap, OutputClock::new(r(50, 1), r(1, 1))).len(),
            MOST_FRAMES
        );
        assert_eq!(
            name(r(1, 50), found.get(1)),
            "0.02 s, between source frames 0 and 1"
        );
    }
}
