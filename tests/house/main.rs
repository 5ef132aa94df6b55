//! The house rules that a compiler does not check: within a crate imports point down and files use one another in no
//! circle, `unsafe` stays in its rooms, files and functions stay readable, and the library stays light.
//!
//! Tests are no exception for sizes; what only tests use is one for circles, as a test may ask for what stands above.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod graph;
mod manifests;
mod modules;
mod offenders;
mod rules;
mod source;

use rules::{CRATES, crate_breaches, size_breaches};
use source::Source;
use std::path::{Path, PathBuf};

fn read_sources(folder: &Path, root: &Path, out: &mut Vec<Source>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read_sources(&path, root, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let below = path.strip_prefix(root).unwrap();
            let parts: Vec<_> = below.iter().map(|p| p.to_str().unwrap()).collect();
            let text = std::fs::read_to_string(&path).unwrap();
            out.push(Source::new(&parts.join("/"), &text));
        }
    }
}

fn sources_in(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut sources = Vec::new();
    read_sources(&root, &root, &mut sources);
    sources
}

#[test]
fn the_house_keeps_its_rules() {
    let mut found = Vec::new();
    for (name, layers) in CRATES {
        let sources = sources_in(&format!("crates/{name}/src"));
        assert!(sources.len() > 2, "the sources of {name} were not found");
        found.extend(crate_breaches(name, &sources, layers));
        found.extend(size_breaches(&format!("crates/{name}/src"), &sources));
        let tests = format!("crates/{name}/tests");
        found.extend(size_breaches(&tests, &sources_in(&tests)));
    }
    for folder in ["src", "tests", "benches", "examples"] {
        found.extend(size_breaches(folder, &sources_in(folder)));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_crate_has_its_rules() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    for entry in folder.read_dir().unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(CRATES.iter().any(|(known, _)| *known == name), "{name}");
    }
}

#[test]
fn the_library_is_light() {
    let found = manifests::heavy(&manifests::metadata());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
