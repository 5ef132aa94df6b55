//! `otinterp inspect`: intermediate results between two pictures (pyramid, masks, motion, layers, errors, fallback) as PNG with a page.

mod gallery;
mod page;

use super::common::{Common, MethodArg, PresetArg};
use super::exit::{Usage, check_interrupt};
use super::output::Output;
use super::pair::{self, Pair};
use super::times::parse_time;
use crate::files::{OutputFolder, refuse_taken};
use anyhow::Context;
use clap::Args;
use gallery::Gallery;
use otinterp::picture::still;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `otinterp inspect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  otinterp inspect a.png b.png -o look/             look/index.html, and a PNG for everything on it
  otinterp inspect a.png b.png --at 0.25 -o look/ --preset best")]
pub struct InspectArgs {
    /// First picture (t = 0); - is standard input
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Second picture (t = 1), of the same size
    #[arg(value_name = "B")]
    b: PathBuf,
    /// Time of the inspected frame, between 0 (A) and 1 (B)
    #[arg(long, value_name = "T", default_value = "0.5", value_parser = parse_time)]
    at: f64,
    /// Folder for the page and its pictures
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

impl InspectArgs {
    /// The files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        vec![&self.a, &self.b]
    }
}

/// A run's report: `--json`.
#[derive(Debug, Serialize)]
struct Report {
    /// The two pictures as typed.
    inputs: [String; 2],
    /// The folder.
    output: PathBuf,
    /// Time of the frame.
    at: f64,
    /// `--preset`.
    preset: PresetArg,
    /// Names of the pictures in the folder.
    pictures: Vec<String>,
}

/// Runs `otinterp inspect`.
pub fn run(args: &InspectArgs, common: &Common) -> anyhow::Result<()> {
    if args.at <= 0.0 || args.at >= 1.0 {
        let at = args.at;
        return Err(Usage(format!(
            "--at {at}: there is nothing to look into but between 0 and 1"
        ))
        .into());
    }
    let reporter = common.reporter(false);
    let page = args.output.join("index.html");
    refuse_taken(&page, common.overwrite).with_context(|| page.display().to_string())?;
    let pair = Pair::read(&args.a, &args.b, &reporter)?;
    check_interrupt()?;
    let interpolator = common.interpolator(MethodArg::Ot);
    let (a, b) = (&pair.a.picture, &pair.b.picture);
    let plan = interpolator.plan((a.height(), a.width()));
    reporter.detail(&plan.to_string());
    let gallery = Gallery::default();
    let frame = interpolator.inspect(a, b, args.at as f32, &gallery)?;
    check_interrupt()?;

    let folder = args.output.display();
    let _folder =
        OutputFolder::create(&args.output).with_context(|| format!("the folder {folder}"))?;
    let write = |name: &str, bytes: &[u8]| {
        Output::open(&args.output.join(name), common.overwrite)?.write(bytes)
    };
    let mut exhibits = gallery.exhibits()?;
    exhibits.insert(0, gallery::frame_exhibit(&still::Still::from(frame))?);
    for exhibit in &exhibits {
        write(&exhibit.name, &exhibit.png)?;
    }
    let inputs = [pair::shown(&args.a), pair::shown(&args.b)];
    let html = page::html(&inputs, args.at, &plan.to_string(), &exhibits)?;
    // The page comes last: what it shows is there.
    write("index.html", html.as_bytes())?;
    let report = Report {
        inputs,
        output: args.output.clone(),
        at: args.at,
        preset: common.preset,
        pictures: exhibits.into_iter().map(|exhibit| exhibit.name).collect(),
    };
    reporter.summary(&report, || page.display().to_string())
}
