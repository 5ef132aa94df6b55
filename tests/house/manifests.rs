//! What the library's crates may depend on, by the manifests.

use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

/// The crates that users of the library get.
const LIBRARY: [&str; 3] = ["otinterp-engine", "otinterp-ot", "otinterp-simd"];

/// What belongs to the program or to clips: dependencies whose names begin so.
const HEAVY: [&str; 7] = [
    "clap",
    "plotters",
    "indicatif",
    "ctrlc",
    "ffmpeg",
    "otinterp-cli",
    "otinterp-video",
];

pub fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The heavy dependencies of the library, those for its own tests aside, one line each.
pub fn heavy(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().unwrap();
    let names: BTreeSet<&str> = packages
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    let mut found = Vec::new();
    for crate_ in LIBRARY {
        if !names.contains(crate_) {
            found.push(format!("{crate_} is not in the workspace"));
        }
    }
    for package in packages {
        let name = package["name"].as_str().unwrap();
        if !LIBRARY.contains(&name) {
            continue;
        }
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            if dependency["kind"] != "dev" && HEAVY.iter().any(|h| on.starts_with(h)) {
                found.push(format!("{name} depends on {on}"));
            }
        }
    }
    found
}
