//! Scenes in layers with their true in-betweens, for `otinterp score`:
//! `cargo run --release --example layered_scenes -- OUT [--seeds 0-23] [--size 640x360]`.
//!
//! Writes `OUT/SEED/`: the pictures `im1.png` and `im3.png`, the truth at t = ½, ¼ and ¾ as `gt.png`, `gt25.png` and `gt75.png`,
//! `classes.png` with who sees what of `gt.png`, and where small fast balls are in `im1.png`, `gt.png` and `im3.png` as `ball0.png`,
//! `ball.png` and `ball1.png`.

mod scene;

use otinterp::Picture;
use otinterp::picture::still::{Still, write_png};
use scene::Scene;
use std::fs::{File, create_dir_all};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

struct Args {
    out: PathBuf,
    seeds: RangeInclusive<u64>,
    size: (usize, usize),
}

fn main() -> Result<()> {
    let args = args(std::env::args().skip(1))?;
    for seed in args.seeds {
        let folder = args.out.join(format!("{seed:04}"));
        write(&Scene::of_seed(seed, args.size.0, args.size.1), &folder)?;
    }
    println!("{}", args.out.display());
    Ok(())
}

fn args(mut typed: impl Iterator<Item = String>) -> Result<Args> {
    const USAGE: &str = "layered_scenes OUT [--seeds FIRST-LAST] [--size WIDTHxHEIGHT]";
    let (mut out, mut seeds, mut size) = (None, (0, 23), (640, 360));
    while let Some(word) = typed.next() {
        match &word[..] {
            "--seeds" => seeds = pair(&typed.next().ok_or(USAGE)?, '-')?,
            "--size" => size = pair(&typed.next().ok_or(USAGE)?, 'x')?,
            _ => out = Some(PathBuf::from(word)),
        }
    }
    Ok(Args {
        out: out.ok_or(USAGE)?,
        seeds: seeds.0..=seeds.1,
        size: (usize::try_from(size.0)?, usize::try_from(size.1)?),
    })
}

fn pair(text: &str, between: char) -> Result<(u64, u64)> {
    let wrong = || format!("{text}: two whole numbers are needed, with {between} between");
    let (first, second) = text.split_once(between).ok_or_else(wrong)?;
    let number = |text: &str| text.parse().map_err(|_| wrong());
    Ok((number(first)?, number(second)?))
}

fn write(scene: &Scene, folder: &Path) -> Result<()> {
    create_dir_all(folder)?;
    let save = |name: &str, picture: Picture| -> Result<()> {
        let file = File::create(folder.join(name))?;
        Ok(write_png(&Still::from(picture), file)?)
    };
    for (picture, balls, t) in [
        ("im1.png", Some("ball0.png"), 0.0),
        ("gt25.png", None, 0.25),
        ("gt.png", Some("ball.png"), 0.5),
        ("gt75.png", None, 0.75),
        ("im3.png", Some("ball1.png"), 1.0),
    ] {
        let drawn = scene.at(t).draw()?;
        if let Some(balls) = balls {
            save(balls, drawn.balls(scene)?)?;
        }
        if picture == "gt.png" {
            save("classes.png", scene.classes(&drawn)?)?;
        }
        save(picture, drawn.picture)?;
    }
    Ok(())
}
