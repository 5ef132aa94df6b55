//! Makes the pictures under `assets/`: `cargo run --release --example make_assets`.

#[cfg(feature = "video")]
mod clip;
mod scene;

use otinterp::Picture;
use otinterp::picture::still::{Still, write_png};
use std::fs::{File, create_dir_all};
use std::path::Path;

const PAIR: (usize, usize) = (360, 240);
const BLOB: (usize, usize) = (240, 160);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let (w, h) = PAIR;
    for (name, time) in [("a", 0.0), ("middle", 0.5), ("b", 1.0)] {
        save(
            &assets.join(format!("pair/{name}.png")),
            scene::shapes(w, h, time),
        )?;
    }
    let (w, h) = BLOB;
    for (name, time) in [("a", 0.0), ("b", 1.0)] {
        save(
            &assets.join(format!("blob/{name}.png")),
            scene::blob(w, h, time),
        )?;
    }
    #[cfg(feature = "video")]
    clip::make(&assets)?;
    Ok(())
}

fn save(path: &Path, picture: Picture) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(folder) = path.parent() {
        create_dir_all(folder)?;
    }
    write_png(&Still::from(picture), File::create(path)?)?;
    println!("{}", path.display());
    Ok(())
}
