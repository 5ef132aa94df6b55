//! Solve of `flow`: the motion field that was asked for, and the maps that belong to it.

use super::args::FlowArgs;
use crate::commands::common::{Common, MethodArg};
use crate::commands::compare::picture_rgb8;
use crate::commands::exit::{Usage, check_interrupt};
use crate::commands::mass::masses;
use crate::commands::pair::{open_all, read_all};
use crate::reporter::Reporter;
use anyhow::bail;
use image::{Rgb, RgbImage};
use otinterp::mass::{MassModel, Unbalanced};
use otinterp::motion::MotionField;
use otinterp::ot::multiscale::{Map, Multiscale, finest_for};
use otinterp::picture::{Plane, samples};
use otinterp::{LayerMaps, Preset};
use std::path::Path;
use std::time::Instant;

/// A map from one picture to the other.
pub struct Solved {
    /// From the picture that the map starts at.
    pub there: MotionField,
    /// Back to it.
    pub back: MotionField,
    /// What is known of the layers of the picture that the map starts at, for every pixel.
    pub layers: LayerMaps,
    /// What is transported, if it is not one unit in every pixel.
    pub mass: Option<Plane>,
    /// W2² between the masses taken as shares of their totals, px²; where all mass is transported.
    pub squared_distance_px2: Option<f64>,
    /// Acceleration of every pixel half-way, px per interval², and what the energy of the paths is more than that of straight ones, px².
    pub paths: Option<(MotionField, f64)>,
    /// The picture that the map starts at.
    pub picture: RgbImage,
    /// Seconds to solve, layers included.
    pub solve_s: f64,
}

/// Reads both inputs and solves.
/// Fails with [`Usage`] if the options make no sense together; one line naming the file that cannot be read.
pub fn solve(args: &FlowArgs, common: &Common, reporter: &Reporter) -> anyhow::Result<Solved> {
    let options = args.mass.options(&[args.method])?;
    if args.has_neighbours() && args.method != MethodArg::Ot {
        return Err(Usage("--before and --after are for --method ot".into()).into());
    }
    match args.method {
        MethodArg::Ot => solve_content(args, common, reporter),
        MethodArg::Mass if options.model == MassModel::Rgb => {
            Err(Usage("flow maps one mass: --mass is luma or alpha".into()).into())
        }
        MethodArg::Mass if options.unbalanced != Unbalanced::Normalise => {
            Err(Usage("flow maps all of the mass: --unbalanced is normalise".into()).into())
        }
        MethodArg::Mass => {
            let masses = masses(&args.a, &args.b, &options, reporter)?;
            check_interrupt()?;
            solve_mass(masses, args.backward, common)
        }
        MethodArg::Crossfade | MethodArg::Hold => {
            let name = args.method.name();
            Err(Usage(format!(
                "--method {name} moves nothing: flow takes ot or mass"
            ))
            .into())
        }
    }
}

/// Every pixel is one unit of mass, and what it shows is in the cost.
fn solve_content(args: &FlowArgs, common: &Common, reporter: &Reporter) -> anyhow::Result<Solved> {
    let (before, after) = (args.before.as_deref(), args.after.as_deref());
    let files = [before, Some(&args.a), Some(&args.b), after];
    let files: Vec<&Path> = files.into_iter().flatten().collect();
    let stills = read_all(open_all(&files)?, reporter)?;
    let mut pictures = stills.iter().map(|still| &still.picture);
    let mut next = |is_there: bool| if is_there { pictures.next() } else { None };
    let four = [before.is_some(), true, true, after.is_some()].map(&mut next);
    let [before, Some(a), Some(b), after] = four else {
        bail!("two pictures are needed");
    };
    check_interrupt()?;
    let interpolator = common.interpolator(MethodArg::Ot);
    let dim = (a.height(), a.width());
    reporter.detail(&interpolator.plan(dim).to_string());
    let solving = Instant::now();
    let (motion, layers) = interpolator.layers(a, b)?;
    let paths = match (before, after) {
        (None, None) => None,
        _ => interpolator
            .between_four(before, [a, b], after)?
            .accelerations(),
    };
    let solve_s = solving.elapsed().as_secs_f64();
    let [forward, backward] = [motion.forward, motion.backward].map(|f| f.per_pixel(dim));
    let [of_a, of_b] = layers;
    let (from, there, back, layers) = if args.backward {
        (b, backward, forward, of_b)
    } else {
        (a, forward, backward, of_a)
    };
    let paths = paths.map(|[of_a, of_b]| if args.backward { of_b } else { of_a });
    Ok(Solved {
        paths: paths.map(|(field, energy)| (field.per_pixel(dim), energy)),
        picture: picture_rgb8(from)?,
        layers: layers.per_pixel(dim),
        there,
        back,
        mass: None,
        squared_distance_px2: None,
        solve_s,
    })
}

/// Brightness is mass.
fn solve_mass(masses: [Plane; 2], is_backward: bool, common: &Common) -> anyhow::Result<Solved> {
    let dim = masses[0].dim();
    let grids = [0, 1].map(|side| samples(&masses[side]));
    let solver = Multiscale {
        finest: finest_for(grids, Preset::from(common.preset).most_mass_cells()),
        ..Multiscale::default()
    };
    let solving = Instant::now();
    let transport = solver.solve(dim, grids[0], grids[1])?;
    let solve_s = solving.elapsed().as_secs_f64();
    let field = |map: Map, mass: &Plane| {
        let axis = |along: Vec<f32>| {
            let known = along
                .into_iter()
                .zip(mass)
                .map(|(v, &m)| if m > 0.0 { v } else { f32::NAN });
            Plane::from_shape_vec(dim, known.collect())
        };
        Ok::<_, anyhow::Error>(MotionField {
            cell_log2: 0,
            dx: axis(map.dx)?,
            dy: axis(map.dy)?,
        })
    };
    let [first, second] = masses;
    let forward = field(transport.forward, &first)?;
    let backward = field(transport.backward, &second)?;
    let (mass, there, back) = if is_backward {
        (second, backward, forward)
    } else {
        (first, forward, backward)
    };
    Ok(Solved {
        picture: gray(&mass),
        // All mass arrives, and none lies in front of other.
        layers: LayerMaps {
            cell_log2: 0,
            visibility: Plane::ones(dim),
            order: Plane::zeros(dim),
        },
        there,
        back,
        paths: None,
        squared_distance_px2: Some(transport.squared_distance),
        mass: Some(mass),
        solve_s,
    })
}

/// The mass in grey, its densest place white.
fn gray(mass: &Plane) -> RgbImage {
    let densest = mass.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let (height, width) = mass.dim();
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        Rgb([(255.0 * mass[(y as usize, x as usize)] / densest).round() as u8; 3])
    })
}
