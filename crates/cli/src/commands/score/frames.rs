//! Frames of a set, one known in-between at a time, in constant memory.

use super::find::{LayerFiles, Set, Source, Triplet};
use crate::quality::Layers;
use anyhow::{Context, bail};
use otinterp::picture::still::{self, Still};
use otinterp::picture::{Format, Picture, Plane};
use otinterp_video::{Access, RgbFrames};
use std::path::Path;

/// Two frames and the true one in the middle.
pub struct Known<'a> {
    /// Names it in reports.
    pub name: String,
    /// The frame before.
    pub before: &'a Picture,
    /// The true middle.
    pub truth: &'a Picture,
    /// The frame after.
    pub after: &'a Picture,
    /// Of a clip, the next one after that.
    pub beyond: Option<&'a Picture>,
    /// Whether it goes on from the known one visited before: the frame before is the one after that.
    pub goes_on: bool,
    /// Of a scene in layers, who sees what.
    pub layers: Option<Layers>,
}

/// What is done with each.
pub type Visit<'a> = dyn FnMut(Known<'_>) -> anyhow::Result<()> + 'a;

/// Visits up to `max` known in-betweens of a set.
pub fn for_each(
    set: &Set,
    max: Option<usize>,
    access: Access,
    visit: &mut Visit,
) -> anyhow::Result<()> {
    match &set.source {
        Source::Triplets(triplets) => {
            for i in spread(triplets.len(), max.unwrap_or(triplets.len())) {
                visit_triplet(&triplets[i], visit)?;
            }
            Ok(())
        }
        Source::Sequence(files) => {
            let stills = files
                .iter()
                .map(|file| Ok((file.display().to_string(), still::read(file)?)));
            every_other(stills, max, visit)
        }
        Source::Clip(file) => clip(file, access)
            .and_then(|frames| every_other(frames, max, visit))
            .with_context(|| file.display().to_string()),
    }
}

/// `count` of the indices `0..total`, evenly spread from the first to the last.
fn spread(total: usize, count: usize) -> Vec<usize> {
    if count >= total {
        return (0..total).collect();
    }
    let step = (total - 1) as f64 / (count.max(2) - 1) as f64;
    (0..count)
        .map(|i| (i as f64 * step).round_ties_even() as usize)
        .collect()
}

fn visit_triplet(triplet: &Triplet, visit: &mut Visit) -> anyhow::Result<()> {
    let [first, middle, second] = &triplet.files;
    let (mut before, mut after) = (still::read(first)?, still::read(second)?);
    let truth = still::read(middle)?;
    let shown = |path: &Path| path.display().to_string();
    same_size(&shown(first), &before, &shown(second), &after)?;
    same_size(&shown(first), &before, &shown(middle), &truth)?;
    still::promote(&mut before, &mut after)?;
    let layers = match &triplet.layers {
        Some(files) => Some(read_layers(files, &shown(middle), &truth)?),
        None => None,
    };
    visit(Known {
        name: triplet.name.clone(),
        before: &before.picture,
        truth: &truth.picture,
        after: &after.picture,
        beyond: None,
        goes_on: false,
        layers,
    })
}

fn read_layers(files: &LayerFiles, truth_name: &str, truth: &Still) -> anyhow::Result<Layers> {
    let codes = |path: &Path| -> anyhow::Result<Plane> {
        let still = still::read(path)?;
        let shown = path.display().to_string();
        same_size(truth_name, truth, &shown, &still)?;
        if still.picture.format() != Format::gray(8) {
            bail!("{shown}: needed are 8 bits of grey; each code says what a pixel is");
        }
        Ok(still.picture.planes()[0].clone())
    };
    let things = match &files.things {
        Some([before, now, after]) => Some([codes(before)?, codes(now)?, codes(after)?]),
        None => None,
    };
    Ok(Layers {
        classes: codes(&files.classes)?,
        things,
    })
}

fn same_size(name_a: &str, a: &Still, name_b: &str, b: &Still) -> anyhow::Result<()> {
    let size = |s: &Still| (s.picture.width(), s.picture.height());
    let ((wa, ha), (wb, hb)) = (size(a), size(b));
    if (wa, ha) != (wb, hb) {
        bail!("{name_a} is {wa}x{ha} pixels and {name_b} is {wb}x{hb}; they must be of one size");
    }
    Ok(())
}

/// A still and the name that reports give it.
type Named = (String, Still);

/// Leaves out frames 1, 3, 5, … and visits each with its two neighbours, and what the next has in common with it.
fn every_other(
    mut frames: impl Iterator<Item = anyhow::Result<Named>>,
    max: Option<usize>,
    visit: &mut Visit,
) -> anyhow::Result<()> {
    let mut before = frames.next().transpose()?;
    let mut two = || -> anyhow::Result<Option<[Named; 2]>> {
        let truth = frames.next().transpose()?;
        let after = frames.next().transpose()?;
        Ok(truth.zip(after).map(|(truth, after)| [truth, after]))
    };
    let mut next = two()?;
    let (mut rebuilt, mut goes_on) = (0, false);
    while max.is_none_or(|max| rebuilt < max)
        && let Some((first_name, first)) = &mut before
        && let Some([(name, truth), (second_name, mut second)]) = next
    {
        same_size(first_name, first, &name, &truth)?;
        same_size(first_name, first, &second_name, &second)?;
        still::promote(first, &mut second)?;
        next = two()?;
        let like = |still: &Still| {
            let [a, b] = [&still.picture, &second.picture];
            a.format() == b.format() && a.width() == b.width() && a.height() == b.height()
        };
        let beyond = next
            .as_ref()
            .map(|[_, (_, beyond)]| beyond)
            .filter(|beyond| like(beyond));
        visit(Known {
            name,
            before: &first.picture,
            truth: &truth.picture,
            after: &second.picture,
            beyond: beyond.map(|beyond| &beyond.picture),
            goes_on,
            layers: None,
        })?;
        goes_on = beyond.is_some();
        rebuilt += 1;
        before = Some((second_name, second));
    }
    if rebuilt == 0 {
        bail!("at least three frames are needed, to leave out the second");
    }
    Ok(())
}

fn clip(
    file: &Path,
    access: Access,
) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Named>>> {
    let frames = RgbFrames::open(file, access)?;
    Ok(frames
        .enumerate()
        .map(|(i, frame)| Ok((format!("frame {i}"), Still::from(frame?)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use otinterp::picture::{Format, Plane};

    #[test]
    fn indices_are_spread_from_end_to_end() {
        assert_eq!(spread(5, 9), [0, 1, 2, 3, 4]);
        assert_eq!(spread(5, 3), [0, 2, 4]);
        assert_eq!(spread(55, 2), [0, 54]);
        assert_eq!(spread(55, 1), [0]);
    }

    fn numbered(count: usize) -> impl Iterator<Item = anyhow::Result<Named>> {
        (0..count).map(|i| {
            let plane = Plane::from_elem((2, 2), i as f32);
            let picture = Picture::new(Format::gray(8), vec![plane])?;
            Ok((i.to_string(), Still::from(picture)))
        })
    }

    fn code(picture: &Picture) -> f32 {
        picture.planes()[0][[0, 0]]
    }

    fn visited(count: usize, max: Option<usize>) -> anyhow::Result<Vec<[f32; 3]>> {
        let mut seen = Vec::new();
        every_other(numbered(count), max, &mut |known| {
            seen.push([known.before, known.truth, known.after].map(code));
            Ok(())
        })?;
        Ok(seen)
    }

    #[test]
    fn each_is_known_with_what_comes_after() {
        let mut seen = Vec::new();
        every_other(numbered(8), Some(2), &mut |known| {
            seen.push((known.goes_on, known.beyond.map(code)));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, [(false, Some(4.0)), (true, Some(6.0))]);
        seen.clear();
        every_other(numbered(5), None, &mut |known| {
            seen.push((known.goes_on, known.beyond.map(code)));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, [(false, Some(4.0)), (true, None)]);
    }

    #[test]
    fn every_other_frame_is_left_out() {
        assert_eq!(visited(3, None).unwrap(), [[0.0, 1.0, 2.0]]);
        let five = [[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]];
        assert_eq!(visited(5, None).unwrap(), five);
        assert_eq!(visited(6, None).unwrap(), five);
        assert_eq!(visited(60, Some(2)).unwrap(), five);
        assert!(visited(2, None).is_err());
        assert!(visited(0, None).is_err());
    }
}
