//! Page of a report: one HTML file with its styles, scripts and pictures in it.

use super::album::{Album, LONGEST_SIDE_PX};
use crate::commands::common::Common;
use crate::commands::compare::ERROR_GAIN;
use crate::commands::html::render;
use crate::reporter::in_one_line;
use serde::Serialize;
use std::env::args_os;

/// Most frames on a page. Chosen: two or three seconds of a clip to step through, and room for a good JPEG of each.
pub const MOST_FRAMES: usize = 64;
/// No page is larger, bytes: 14.7 MB of pictures ([`Album`]), 2.7 MB of thumbnails of cuts, 1.7 MB of overlays, and the text.
pub const MOST_BYTES: usize = 20_000_000;

/// Forbids the page to load anything, whatever stands on it; it needs what it holds itself.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(
    include_str!("stage.js"),
    include_str!("chart.js"),
    include_str!("cuts.js")
);

/// What a page shows: frames, each made in several ways that are held against one another.
pub struct Content {
    /// The heading.
    pub title: String,
    /// What is shown, in a few sentences.
    pub lead: Vec<String>,
    /// The ways to make a frame, and which of them stand left and right at first.
    pub ways: Vec<&'static str>,
    pub left: usize,
    pub right: usize,
    /// Frames per second while it plays.
    pub rate: f64,
    pub frames: Vec<Frame>,
    /// The frames' overlays as PNG.
    pub overlays: Vec<Vec<u8>>,
    /// Numbers by frame.
    pub measures: Vec<Measure>,
    pub cuts: Option<Cuts>,
    /// Settings by name, for the foot.
    pub settings: Vec<(&'static str, String)>,
}

/// A frame.
#[derive(Debug, Serialize)]
pub struct Frame {
    /// What it is called.
    pub name: String,
    /// Its pictures in the album, one for each way.
    pub pictures: Vec<usize>,
    /// Its overlay, if something is hidden.
    pub overlay: Option<usize>,
}

/// A number that is measured of every frame, for some of the ways.
#[derive(Debug, Serialize)]
pub struct Measure {
    pub name: &'static str,
    /// What the number says, and its unit.
    pub meaning: &'static str,
    pub digits: usize,
    pub series: Vec<Series>,
}

/// The numbers of one way.
#[derive(Debug, Serialize)]
pub struct Series {
    /// Index of the way.
    pub way: usize,
    /// By frame; none where it is not defined.
    pub values: Vec<Option<f64>>,
}

/// The cuts of a clip.
#[derive(Debug, Serialize)]
pub struct Cuts {
    /// Name of the file that the page saves.
    pub file: String,
    /// Its first line.
    pub head: String,
    /// Indices of the first frames after all cuts, from 0.
    pub frames: Vec<u64>,
    /// The first of them, as the list shows them.
    pub shown: Vec<CutShown>,
}

/// A cut with its thumbnails.
#[derive(Debug, Clone, Serialize)]
pub struct CutShown {
    /// Index of the first frame after it, from 0.
    pub frame: u64,
    /// Seconds from the clip's first frame to that one.
    pub time: String,
    /// Addresses of the last picture before the cut and the first after it.
    pub before: String,
    pub after: String,
}

/// What the scripts are told.
#[derive(Serialize)]
struct Data<'a> {
    width: u32,
    height: u32,
    ways: &'a [&'static str],
    left: usize,
    right: usize,
    rate: f64,
    gain: f32,
    frames: &'a [Frame],
    pictures: Vec<String>,
    overlays: Vec<String>,
    measures: &'a [Measure],
    cuts: Option<CutsData<'a>>,
}

#[derive(Serialize)]
struct CutsData<'a> {
    file: &'a str,
    head: &'a str,
    frames: &'a [u64],
}

/// What the template is told.
#[derive(Serialize)]
struct Context<'a> {
    policy: &'static str,
    style: &'static str,
    script: &'static str,
    data: String,
    title: &'a str,
    lead: &'a [String],
    width: u32,
    height: u32,
    ways: &'a [&'static str],
    left: usize,
    right: usize,
    /// As text: a whole number without a decimal point.
    gain: String,
    frames: &'a [Frame],
    has_overlays: bool,
    measures: &'a [Measure],
    /// Of the frames, the cells of the table of measures.
    rows: Vec<Vec<String>>,
    cuts: Option<&'a Cuts>,
    settings: Vec<(&'static str, String)>,
    command: String,
}

/// The page as HTML.
///
/// # Errors
/// None but those of a template that does not fit.
pub fn html(content: &Content, album: Album, common: &Common) -> anyhow::Result<String> {
    let (width, height) = album.size();
    let cuts = content.cuts.as_ref();
    let data = Data {
        width,
        height,
        ways: &content.ways,
        left: content.left,
        right: content.right,
        rate: content.rate,
        gain: ERROR_GAIN,
        frames: &content.frames,
        pictures: album.into_urls(),
        overlays: content
            .overlays
            .iter()
            .map(|png| super::album::png_url(png))
            .collect(),
        measures: &content.measures,
        cuts: cuts.map(|cuts| CutsData {
            file: &cuts.file,
            head: &cuts.head,
            frames: &cuts.frames,
        }),
    };
    render(
        TEMPLATE,
        Context {
            policy: POLICY,
            style: STYLE,
            script: SCRIPT,
            data: in_script(&serde_json::to_string(&data)?),
            title: &content.title,
            lead: &content.lead,
            width,
            height,
            ways: &content.ways,
            left: content.left,
            right: content.right,
            gain: ERROR_GAIN.to_string(),
            frames: &content.frames,
            has_overlays: !content.overlays.is_empty(),
            measures: &content.measures,
            rows: rows(content),
            cuts,
            settings: settings(content, (width, height), common),
            command: command_line(),
        },
    )
}

/// JSON that ends no script, whatever stands in its strings.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

fn rows(content: &Content) -> Vec<Vec<String>> {
    let series = || {
        content
            .measures
            .iter()
            .flat_map(|m| m.series.iter().map(|s| (m.digits, s)))
    };
    let cell = |index: usize, digits: usize, series: &Series| {
        let value = series.values.get(index).copied().flatten();
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
    };
    (0..content.frames.len())
        .map(|index| {
            series()
                .map(|(digits, series)| cell(index, digits, series))
                .collect()
        })
        .collect()
}

/// What made the page.
fn settings(
    content: &Content,
    (width, height): (u32, u32),
    common: &Common,
) -> Vec<(&'static str, String)> {
    let mut all = content.settings.clone();
    let (frames, side) = (content.frames.len(), LONGEST_SIDE_PX);
    all.extend([
        (
            "On this page",
            format!("{frames} frames of {width}×{height} px as JPEG; at most {MOST_FRAMES} frames, {side} px and {} MB", MOST_BYTES / 1_000_000),
        ),
        ("Preset", common.preset.name().to_owned()),
        ("otinterp", env!("CARGO_PKG_VERSION").to_owned()),
    ]);
    if let Some(versions) = otinterp_video::ffmpeg_versions() {
        all.push(("FFmpeg", library_versions(&versions)));
    }
    all
}

/// `libavcodec 59.37.100, …` of the four numbers that FFmpeg's libraries give: a byte each for minor and micro, the rest is major.
fn library_versions(numbers: &str) -> String {
    const LIBRARIES: [&str; 4] = ["libavcodec", "libavformat", "libavfilter", "libswscale"];
    let shown = numbers
        .split_whitespace()
        .zip(LIBRARIES)
        .map(|(number, name)| {
            let number: u32 = number.parse().unwrap_or_default();
            let (major, minor, micro) = (number >> 16, number >> 8 & 255, number & 255);
            format!("{name} {major}.{minor}.{micro}")
        });
    shown.collect::<Vec<_>>().join(", ")
}

/// The command as it can be typed again in a shell.
fn command_line() -> String {
    let mut words = vec!["otinterp".to_owned()];
    words.extend(
        args_os()
            .skip(1)
            .map(|word| quoted(&word.to_string_lossy())),
    );
    in_one_line(&words.join(" "))
}

/// A word of a POSIX shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-+=.,:/@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        for (word, expected) in [
            ("a.png", "a.png"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$(x)", "'$(x)'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn versions_are_read_as_ffmpeg_packs_them() {
        let numbers = format!(
            "{} {}",
            (59 << 16) + (37 << 8) + 100,
            (8 << 16) + (44 << 8) + 101
        );
        let shown = "libavcodec 59.37.100, libavformat 8.44.101";
        assert_eq!(library_versions(&numbers), shown);
    }

    #[test]
    fn no_text_ends_the_script() {
        assert_eq!(
            in_script(r#"{"a":"</script><!--"}"#),
            r#"{"a":"\u003c/script>\u003c!--"}"#
        );
    }
}
