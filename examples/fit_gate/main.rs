//! Fits the gate of the renderer to scenes in layers, and writes its numbers:
//! `cargo run --release --example fit_gate -- crates/engine/src/render/layered/gate/weights.rs`.
//!
//! Every scene's in-betweens are rendered; of all motions that meet in a cell, each should be as likely as what it shows there is near to
//! what the true in-between shows. The seeds are apart from those that `make quality` measures with. The result is the same on every
//! run.

mod collect;
mod network;
#[path = "../layered_scenes/scene/mod.rs"]
#[allow(dead_code, reason = "only pictures are drawn")]
mod scene;

use collect::rows;
use network::Network;
use otinterp::{Interpolator, Method, Preset};
use scene::Scene;
use std::fmt::Write;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Scenes, first and behind the last.
const SEEDS: std::ops::Range<u64> = 1000..1064;
/// Size of the scenes, px.
const SIZE: (usize, usize) = (640, 360);
/// Every so many scenes one is kept to see how well the fit does on what it has not seen.
const HELD_BACK: u64 = 8;

fn main() -> Result<()> {
    let path = std::env::args()
        .nth(1)
        .ok_or("fit_gate OUT.rs: where to write the numbers")?;
    let (mut seen, mut held_back) = (Vec::new(), Vec::new());
    for seed in SEEDS {
        let scene = Scene::of_seed(seed, SIZE.0, SIZE.1);
        let into = if seed % HELD_BACK == 0 {
            &mut held_back
        } else {
            &mut seen
        };
        let preset = [Preset::Fast, Preset::Balanced][(seed % 2) as usize];
        let cases = [
            (Preset::Best, 0.25),
            (Preset::Best, 0.5),
            (Preset::Best, 0.75),
            (preset, 0.5),
        ];
        for (preset, t) in cases {
            let draw =
                |t: f32| Ok::<_, Box<dyn std::error::Error>>(scene.at(t.into()).draw()?.picture);
            let pictures = [draw(0.0)?, draw(t)?, draw(1.0)?];
            into.extend(rows(&Interpolator::new(Method::Ot, preset), &pictures, t)?);
        }
        println!("seed {seed}: {} motions", seen.len() + held_back.len());
    }
    let mut network = Network::new();
    println!(
        "loss before {:.4}, {:.4} on what is held back",
        network.loss(&seen),
        network.loss(&held_back)
    );
    network.fit(&seen, |epoch, network| {
        println!(
            "epoch {epoch}: loss {:.4}, {:.4} on what is held back",
            network.loss(&seen),
            network.loss(&held_back)
        );
    });
    std::fs::write(&path, written(&network)?)?;
    println!("{path}");
    Ok(())
}

/// The numbers as a module of the engine.
fn written(network: &Network) -> std::result::Result<String, std::fmt::Error> {
    let mut out = String::from(
        "//! Numbers of the gate, written by `make fit-gate`: do not edit.\n\nuse crate::probe::FEATURES;\n",
    );
    writeln!(
        out,
        "\n/// Width of the hidden layer: a vector.\npub const HIDDEN: usize = {};",
        network.bias.len()
    )?;
    let row = |values: &[f64]| {
        let values: Vec<String> = values.iter().map(|v| format!("{v:.4}")).collect();
        format!("[{}]", values.join(", "))
    };
    let (own, others) = network.inputs.split_at(network.inputs.len() / 2);
    for (name, says, rows) in [
        ("OWN", "Of a motion's own features.", own),
        (
            "OTHERS",
            "Of their differences from the mean of the others'.",
            others,
        ),
    ] {
        let rows: Vec<String> = rows.iter().map(|values| row(values)).collect();
        write!(
            out,
            "\n/// {says}\n#[rustfmt::skip]\npub const {name}: [[f32; HIDDEN]; FEATURES] = [\n    {},\n];\n",
            rows.join(",\n    ")
        )?;
    }
    for (name, says, values) in [
        ("HIDDEN_BIAS", "Of the hidden layer.", &network.bias),
        ("OUTPUT", "From the hidden layer.", &network.output),
    ] {
        write!(
            out,
            "\n/// {says}\n#[rustfmt::skip]\npub const {name}: [f32; HIDDEN] =\n    {};\n",
            row(values)
        )?;
    }
    write!(
        out,
        "\n/// Of the output.\npub const OUTPUT_BIAS: f32 = {:.4};\n",
        network.output_bias
    )?;
    Ok(out)
}
