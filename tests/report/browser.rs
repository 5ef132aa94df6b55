//! Pages in Chromium, by `tests/page/page.mjs`: `make test-page` installs what that needs.

use crate::common::room::Room;
use crate::common::texture::texture;
use image::{Rgb, RgbImage};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Chromium is; `CHROMIUM` names another.
const BROWSERS: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/snap/bin/chromium",
];

/// The browser, if all is there.
fn browser(test: &str) -> Option<PathBuf> {
    let skipped = |why: &str| {
        eprintln!("skipped: {test}: {why}; make test-page installs it");
        None
    };
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page");
    if Command::new("node").arg("--version").output().is_err() {
        return skipped("there is no node program");
    }
    if !page.join("node_modules/playwright-core").is_dir() {
        return skipped("playwright-core is not in tests/page/node_modules");
    }
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let known = BROWSERS.map(PathBuf::from);
    let found = named.into_iter().chain(known).find(|path| path.is_file());
    match found {
        None => skipped("there is no Chromium"),
        found => found,
    }
}

/// A picture of a texture at a shift.
fn textured(shift_px: f64, scene: usize) -> RgbImage {
    RgbImage::from_fn(192, 144, |x, y| {
        let code = texture(
            f64::from(x) - shift_px + 3000.0 * scene as f64,
            f64::from(y),
            scene,
        ) as u8;
        Rgb([code, code / 2 + 60, 255 - code])
    })
}

/// Two scenes of five frames each.
fn clip() -> Vec<u8> {
    let mut out = b"YUV4MPEG2 W192 H144 F25:1 Ip A1:1 Cmono\n".to_vec();
    for k in 0..10 {
        out.extend(b"FRAME\n");
        let picture = textured(4.0 * f64::from(k % 5), (k / 5) as usize);
        out.extend(picture.pixels().map(|pixel| pixel[0].clamp(16, 235)));
    }
    out
}

#[test]
fn pages_do_in_a_browser_what_they_say() {
    let Some(browser) = browser("pages_do_in_a_browser_what_they_say") else {
        return;
    };
    let room = Room::new();
    textured(0.0, 0).save(room.path("a.png")).unwrap();
    textured(14.0, 0).save(room.path("b.png")).unwrap();
    room.write("clip.y4m", &clip());
    std::fs::create_dir(room.path("seq")).unwrap();
    for k in 0..9 {
        textured(5.0 * f64::from(k), 0)
            .save(room.path(&format!("seq/{k}.png")))
            .unwrap();
    }
    for args in [
        "a.png b.png -o pictures.html",
        "clip.y4m -o clip.html",
        "seq --score -o score.html",
    ] {
        room.ok(&format!("report {args}"));
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/page.mjs");
    let output = Command::new("node")
        .arg(script)
        .arg(&browser)
        .arg(room.folder())
        .output()
        .unwrap();
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{}", said.concat());
}
