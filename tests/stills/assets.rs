//! The files under `assets/` are what `make assets` makes.

#[path = "../../examples/make_assets/scene.rs"]
mod scene;

use otinterp::Picture;
use otinterp::picture::still;
use std::path::{Path, PathBuf};

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets")
}

#[test]
fn committed_pictures_are_what_the_generator_makes() {
    let same = |name: &str, made: Picture| {
        let committed = still::read(&assets().join(name)).unwrap().picture;
        assert!(committed == made, "{name} differs; make assets");
    };
    same("pair/a.png", scene::shapes(360, 240, 0.0));
    same("pair/middle.png", scene::shapes(360, 240, 0.5));
    same("pair/b.png", scene::shapes(360, 240, 1.0));
    same("blob/a.png", scene::blob(240, 160, 0.0));
    same("blob/b.png", scene::blob(240, 160, 1.0));
}

/// A clone stays quick and a package small.
#[test]
fn assets_stay_under_a_mebibyte() {
    fn size(path: &Path) -> u64 {
        if path.is_file() {
            return path.metadata().unwrap().len();
        }
        let entries = path.read_dir().unwrap();
        entries.map(|e| size(&e.unwrap().path())).sum()
    }
    let total = size(&assets());
    assert!((1..1 << 20).contains(&total), "{total} bytes");
}
