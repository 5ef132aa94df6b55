//! All that is not time: colour, shape, orientation, streams, chapters.

use super::probe::{Clip, fraction};
use super::{Case, Fate, Finding};
use otinterp_video::time::{Rational, distance, zero};
use serde_json::Value;

/// The fates of all of it.
pub fn check(case: &Case) -> Vec<Finding> {
    let mut found = colour(case);
    found.push(("pixel shape", pixel_shape(case)));
    found.push(("orientation", orientation(case)));
    found.extend(hdr(case));
    found.push(("streams", streams(case)));
    found.push(("chapters", chapters(case)));
    found
}

/// What is said of the first frame, or else of its stream; "unknown" where nothing is.
fn said<'a>(clip: &'a Clip, key: &str) -> &'a str {
    let known = |v: &'a Value| {
        v.as_str()
            .filter(|s| !matches!(*s, "unknown" | "unspecified" | "N/A"))
    };
    known(&clip.first[key])
        .or(known(&clip.video()[key]))
        .unwrap_or("unknown")
}

/// The pixel format without its range: `yuvj420p` is `yuv420p` in full range.
fn pixel_format(clip: &Clip) -> String {
    // VP8 and VP9 have it beside their packets.
    let alpha = clip.packets[clip.main].iter().any(|p| p.has_more);
    let name = said(clip, "pix_fmt").replace("yuvj", "yuv");
    if alpha {
        name.replace("yuv4", "yuva4").replace("yuvaa", "yuva")
    } else {
        name
    }
}

fn is_rgb(clip: &Clip) -> bool {
    let name = pixel_format(clip);
    ["rgb", "bgr", "gbr", "pal8", "argb", "abgr"]
        .iter()
        .any(|p| name.starts_with(p))
}

fn is_full(clip: &Clip) -> bool {
    said(clip, "color_range") == "pc" || said(clip, "pix_fmt").starts_with("yuvj")
}

fn colour(case: &Case) -> Vec<Finding> {
    let (source, output) = (case.source, case.output);
    let (was, is) = (pixel_format(source), pixel_format(output));
    // Packed and planar RGB hold the same.
    let both_rgb = is_rgb(source) && is_rgb(output);
    let mut found = vec![(
        "pixel format",
        case.kept_or_named(
            was == is || (both_rgb && !is.contains("pal8")),
            "stored as",
            || format!("{was} became {is}"),
        ),
    )];
    if is_rgb(source) {
        return found; // There the tags of Y′CbCr mean nothing.
    }
    let (was, is) = (is_full(source), is_full(output));
    found.push((
        "range",
        case.kept_or_named(was == is, "range", || format!("full {was} became {is}")),
    ));
    for (name, key, word) in [
        ("matrix", "color_space", "matrix"),
        ("primaries", "color_primaries", "primaries"),
        ("transfer", "color_transfer", "transfer"),
    ] {
        let (was, is) = (said(source, key), said(output, key));
        let fate = case.kept_or_named(was == is, word, || format!("{was} became {is}"));
        found.push((name, fate));
    }
    // Left is what is assumed where nothing is said.
    let siting = |clip| match said(clip, "chroma_location") {
        "unknown" => "left",
        siting => siting,
    };
    let (was, is) = (siting(source), siting(output));
    let fate = case.kept_or_named(was == is, "chroma siting", || format!("{was} became {is}"));
    found.push(("chroma siting", fate));
    found
}

fn pixel_shape(case: &Case) -> Fate {
    let shape = |clip: &Clip| {
        fraction(&clip.first["sample_aspect_ratio"])
            .or(fraction(&clip.video()["sample_aspect_ratio"]))
            .unwrap_or(Rational::from_integer(1))
    };
    let (was, is) = (shape(case.source), shape(case.output));
    // Streams hold 16 bits of each number: the picture may become a hundredth of a pixel wider.
    let width = i128::from(case.source.video()["width"].as_i64().unwrap());
    let is_kept = distance(was, is) * width <= Rational::new(1, 100);
    case.kept_or_named(is_kept, "pixel aspect", || format!("{was} became {is}"))
}

/// Side data of the stream, or of the first frame.
fn side_data<'a>(clip: &'a Clip, kind: &str) -> Option<&'a Value> {
    let of = |v: &'a Value| {
        let list = v["side_data_list"].as_array()?;
        list.iter().find(|d| d["side_data_type"] == kind)
    };
    of(&clip.first).or(of(clip.video()))
}

fn orientation(case: &Case) -> Fate {
    let matrix = |clip| {
        let data = side_data(clip, "Display Matrix").or(side_data(clip, "3x3 displaymatrix"));
        let text = data.and_then(|d| d["displaymatrix"].as_str());
        let rows = text.unwrap_or_default().lines();
        let numbers: Vec<i64> = rows
            .filter_map(|row| row.split_once(':'))
            .flat_map(|(_, row)| row.split_whitespace())
            .map(|n| n.parse().unwrap())
            .collect();
        if numbers.is_empty() {
            vec![65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30]
        } else {
            numbers
        }
    };
    let (was, is) = (matrix(case.source), matrix(case.output));
    case.kept_or_named(was == is, "rotation", || format!("{was:?} became {is:?}"))
}

fn hdr(case: &Case) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, kind, word) in [
        (
            "mastering display",
            "Mastering display metadata",
            "HDR10 mastering",
        ),
        (
            "light level",
            "Content light level metadata",
            "HDR10 mastering",
        ),
        (
            "HDR10+",
            "HDR Dynamic Metadata SMPTE2094-40 (HDR10+)",
            "HDR10+",
        ),
        ("Dolby Vision", "DOVI configuration record", "Dolby Vision"),
        ("captions", "ATSC A53 Part 4 Closed Captions", "captions"),
    ] {
        let (was, is) = (side_data(case.source, kind), side_data(case.output, kind));
        if was.is_some() || is.is_some() {
            let is_kept = was.zip(is).is_some_and(|(was, is)| are_same(was, is));
            let fate = case.kept_or_named(is_kept, word, || format!("{was:?} became {is:?}"));
            found.push((name, fate));
        }
    }
    found
}

/// The same numbers, whatever their denominators.
fn are_same(a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else {
        return a == b;
    };
    a.iter().all(|(key, a)| {
        let b = b.get(key).unwrap_or(&Value::Null);
        match (fraction(a), fraction(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        }
    })
}

/// Whether a stream is the first of its kind, and none of them is the default one.
fn is_only_default(clip: &Clip, index: usize) -> bool {
    let kind = &clip.streams()[index]["codec_type"];
    let mut same = clip
        .streams()
        .iter()
        .enumerate()
        .filter(|(_, s)| s["codec_type"] == *kind);
    same.clone().all(|(_, s)| s["disposition"]["default"] == 0)
        && same.next().is_some_and(|(i, _)| i == index)
}

fn language(stream: &Value) -> &str {
    stream["tags"]["language"].as_str().unwrap_or("und")
}

/// Every stream of the source is there, in order, with its codec, language and disposition, or it is named.
fn streams(case: &Case) -> Fate {
    let copies = case.copies();
    let is_main_first = copies.iter().filter(|(index, _)| *index < case.source.main);
    let main = is_main_first.filter(|(_, copy)| copy.is_some()).count();
    let all = [(case.source.main, Some(main))]
        .into_iter()
        .chain(copies.iter().copied());
    for (index, copy) in all {
        let Some(copy) = copy else { continue };
        let stream = &case.source.streams()[index];
        let Some(copy) = case.output.streams().get(copy) else {
            return Fate::Broken(format!("stream {index} is missing"));
        };
        for key in [
            "codec_type",
            "codec_name",
            "codec_tag_string",
            "disposition",
        ] {
            // The main one is encoded anew; codes differ between containers.
            let is_other = index == case.source.main || stream["codec_type"] != "data";
            if key.starts_with("codec_tag") && is_other
                || key == "codec_name" && index == case.source.main
            {
                continue;
            }
            // Containers that know no stream without it mark the first of a kind as the default one.
            let mut was = stream[key].clone();
            if key == "disposition" && is_only_default(case.source, index) {
                was["default"] = copy[key]["default"].clone();
            }
            if was != copy[key] {
                let is = &copy[key];
                return Fate::Broken(format!("stream {index}: {was} became {is}"));
            }
        }
        let (was, is) = (language(stream), language(copy));
        if was != is {
            return Fate::Broken(format!("stream {index}: language {was} became {is}"));
        }
    }
    let kept = 1 + copies.iter().filter(|(_, copy)| copy.is_some()).count();
    let found = case.output.streams().len();
    if found != kept {
        return Fate::Broken(format!("{found} streams, not {kept}"));
    }
    if kept == case.source.streams().len() {
        Fate::Kept
    } else {
        Fate::Named
    }
}

fn chapters(case: &Case) -> Fate {
    let list = |clip: &Clip| -> Vec<(Rational, Rational, String)> {
        let all = clip.facts["chapters"].as_array().unwrap();
        all.iter()
            .map(|c| {
                let tick = fraction(&c["time_base"]).unwrap();
                let at = |key: &str| tick * i128::from(c[key].as_i64().unwrap());
                let title = c["tags"]["title"].as_str().unwrap_or_default();
                (at("start"), at("end"), title.to_owned())
            })
            .collect()
    };
    let (mut was, is) = (list(case.source), list(case.output));
    // Those of a part end with it.
    let end = case
        .limit
        .and_then(|limit| case.source.frames.get(limit)?.ticks);
    if let Some(end) = end.map(|ticks| case.source.tick() * i128::from(ticks)) {
        was.retain(|chapter| chapter.0 < end);
        was.iter_mut()
            .for_each(|chapter| chapter.1 = chapter.1.min(end));
    }
    // They move with the picture.
    let first = |clip: &Clip| clip.frames[0].ticks.unwrap_or(0);
    let start = |clip: &Clip| clip.tick() * i128::from(first(clip));
    let shift = start(case.source) - start(case.output);
    let near =
        |a: Rational, b: Rational| distance((a - shift).max(zero()), b) <= Rational::new(1, 500);
    let are_kept = was.len() == is.len()
        && was
            .iter()
            .zip(&is)
            .all(|(a, b)| near(a.0, b.0) && near(a.1, b.1) && a.2 == b.2);
    case.kept_or_named(are_kept, "chapters", || format!("{was:?} became {is:?}"))
}
