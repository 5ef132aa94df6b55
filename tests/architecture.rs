//! The house rules that a compiler does not check: imports point down, `unsafe` stays in its
//! rooms, and a file stays readable.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every top-level module and what it may import.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "pipeline",
            "interpolator",
            "flow",
            "render",
            "motion",
            "measure",
            "ot",
            "simd",
            "video",
            "quality",
            "picture",
            "work",
            "data",
            "plot",
            "files",
            "timings",
        ],
    ),
    (
        "pipeline",
        &[
            "interpolator",
            "render",
            "motion",
            "measure",
            "ot",
            "simd",
            "video",
            "quality",
            "picture",
            "work",
            "files",
            "timings",
        ],
    ),
    (
        "interpolator",
        &[
            "render", "motion", "measure", "ot", "simd", "picture", "timings",
        ],
    ),
    (
        "render",
        &["motion", "measure", "ot", "simd", "picture", "timings"],
    ),
    ("flow", &["motion", "picture", "data"]),
    ("motion", &["measure", "ot", "simd", "picture", "timings"]),
    ("measure", &["ot", "simd", "picture"]),
    ("ot", &["simd"]),
    ("simd", &[]),
    ("video", &["picture", "files", "timings"]),
    ("quality", &["picture", "files"]),
    ("picture", &["simd", "files", "data"]),
    ("work", &["files"]),
    ("data", &[]),
    ("plot", &[]),
    ("files", &[]),
    ("timings", &[]),
];

/// The only places for `unsafe`, as path prefixes below `src`.
const UNSAFE_PLACES: &[&str] = &["simd/", "simd.rs", "video/ffi.rs"];

const MAX_LINES: usize = 600;

/// A source file as the rules see it: its path below `src` with `/`, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// `ot/kernels/window.rs` is in `ot`; `lib.rs` and `main.rs` are in none.
    fn module(&self) -> Option<&str> {
        let first = self.path.split('/').next()?;
        let name = first.strip_suffix(".rs").unwrap_or(first);
        (name != "lib" && name != "main").then_some(name)
    }

    /// How many `super` lead from the file's own module to the crate root.
    fn depth(&self) -> usize {
        let levels = self.path.split('/').count();
        levels - usize::from(self.path.ends_with("/mod.rs"))
    }

    /// All tokens in order, groups opened, comments and the insides of strings left out.
    fn tokens(&self) -> Vec<String> {
        let stream: TokenStream = match self.text.parse() {
            Ok(stream) => stream,
            Err(e) => panic!("{}: {e}", self.path),
        };
        let mut out = Vec::new();
        flatten(stream, &mut out);
        out
    }
}

fn flatten(stream: TokenStream, out: &mut Vec<String>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                out.push("{".into());
                flatten(group.stream(), out);
                out.push("}".into());
            }
            TokenTree::Ident(ident) => out.push(ident.to_string()),
            TokenTree::Punct(punct) => out.push(punct.to_string()),
            TokenTree::Literal(_) => out.push("literal".into()),
        }
    }
}

/// The first names after `crate::` (or after a chain of `super::` that reaches the crate root):
/// one, or all of a brace list.
fn root_names(tokens: &[String], depth: usize) -> Vec<String> {
    let mut names = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let mut end = i;
        let from_root = if tokens[i] == "crate" {
            end += 1;
            true
        } else {
            let mut supers = 0;
            while tokens.get(end).is_some_and(|t| t == "super") && is_path(tokens, end + 1) {
                supers += 1;
                end += 3;
            }
            if supers > 0 {
                end -= 2;
            }
            supers >= depth && supers > 0
        };
        if from_root && is_path(tokens, end) {
            names.extend(names_at(&tokens[end + 2..]));
        }
        i = end.max(i + 1);
    }
    names
}

fn is_path(tokens: &[String], at: usize) -> bool {
    tokens.len() > at + 1 && tokens[at] == ":" && tokens[at + 1] == ":"
}

/// `a …` gives `a`; `{a::b, c::{d}}` gives `a` and `c`.
fn names_at(tokens: &[String]) -> Vec<String> {
    match tokens.first() {
        Some(t) if t != "{" => return vec![t.clone()],
        None => return Vec::new(),
        Some(_) => {}
    }
    let mut names = Vec::new();
    let mut level = 0;
    for (i, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" => level += 1,
            "}" => level -= 1,
            _ if level == 1 && (tokens[i - 1] == "{" || tokens[i - 1] == ",") => {
                names.push(token.clone());
            }
            _ => {}
        }
        if level == 0 {
            break;
        }
    }
    names
}

/// Names that `lib.rs` re-exports, and the module each comes from.
fn reexports(lib: &Source) -> BTreeMap<String, String> {
    let tokens = lib.tokens();
    let mut found = BTreeMap::new();
    for i in 0..tokens.len() {
        if tokens[i] == "use" && is_path(&tokens, i + 2) {
            for name in names_at(&tokens[i + 4..]) {
                found.insert(name, tokens[i + 1].clone());
            }
        }
    }
    found
}

/// Every breach of the rules, one line each.
fn breaches(sources: &[Source]) -> Vec<String> {
    let aliases = sources
        .iter()
        .find(|s| s.path == "lib.rs")
        .map(reexports)
        .unwrap_or_default();
    let mut found = Vec::new();
    for source in sources {
        let path = &source.path;
        let lines = source.text.lines().count();
        if lines > MAX_LINES {
            found.push(format!("{path}: {lines} lines, at most {MAX_LINES}"));
        }
        let tokens = source.tokens();
        let unsafe_allowed = UNSAFE_PLACES.iter().any(|p| path.starts_with(p));
        if !unsafe_allowed && tokens.iter().any(|t| t == "unsafe") {
            found.push(format!(
                "{path}: unsafe outside src/simd and src/video/ffi.rs"
            ));
        }
        let Some(module) = source.module() else {
            continue;
        };
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            found.push(format!("{path}: module `{module}` has no layer"));
            continue;
        };
        for name in root_names(&tokens, source.depth()) {
            let target = aliases.get(&name).unwrap_or(&name);
            let known = LAYERS.iter().any(|(layer, _)| layer == target);
            if known && target != module && !allowed.contains(&target.as_str()) {
                found.push(format!("{path}: `{module}` imports `{name}` of `{target}`"));
            }
        }
    }
    found
}

fn read_sources(folder: &Path, root: &Path, out: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read_sources(&path, root, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let below = path.strip_prefix(root).unwrap();
            let parts: Vec<_> = below.iter().map(|p| p.to_str().unwrap()).collect();
            out.push(Source {
                path: parts.join("/"),
                text: std::fs::read_to_string(&path).unwrap(),
            });
        }
    }
}

#[test]
fn the_house_keeps_its_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    read_sources(&root, &root, &mut sources);
    assert!(sources.len() > 10, "the sources were not found");
    let found = breaches(&sources);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// One offending sample for each rule, so that the rules are known to bite.
#[test]
fn offenders_are_found() {
    let source = |path: &str, text: &str| Source {
        path: path.into(),
        text: text.into(),
    };
    let lib = || source("lib.rs", "mod render; pub use render::{Renderer, paint};");
    let bites = |path: &str, text: &str| breaches(&[lib(), source(path, text)]).len();

    assert_eq!(bites("ot/mod.rs", "use crate::picture::Picture;"), 1);
    assert_eq!(
        bites(
            "ot/loop.rs",
            "fn f() { crate::tiles(); crate::motion::g() }"
        ),
        1
    );
    assert_eq!(
        bites("motion/tile.rs", "use crate::{ot::Problem, render::paint};"),
        1
    );
    assert_eq!(bites("motion/tile.rs", "use crate::Renderer;"), 1);
    assert_eq!(
        bites("motion/tile.rs", "use super::super::render::paint;"),
        1
    );
    assert_eq!(bites("motion/mod.rs", "use super::{ot, cli::Common};"), 1);
    assert_eq!(
        bites("picture/mod.rs", "fn f() { assert!(crate::cli::ok()) }"),
        1
    );
    assert_eq!(
        bites("video/y4m.rs", "pub(crate) use crate::ot::Problem;"),
        1
    );
    assert_eq!(bites("attic/mod.rs", ""), 1);
    assert_eq!(bites("motion/mod.rs", "fn f() { unsafe { g() } }"), 1);
    assert_eq!(bites("video/mod.rs", "unsafe impl Send for X {}"), 1);
    assert_eq!(bites("lib.rs", "unsafe fn f() {}"), 1);
    assert_eq!(bites("ot/mod.rs", &"\n".repeat(601)), 1);
}

/// And what the rules allow, so that they bite nothing else.
#[test]
fn the_innocent_pass() {
    let innocent = [
        (
            "lib.rs",
            "pub mod cli; pub use ot::Problem; #![deny(unsafe_code)]",
        ),
        ("main.rs", "fn main() { otinterp::cli::main() }"),
        (
            "cli/mod.rs",
            "use crate::render::paint; use super::Problem;",
        ),
        (
            "motion/tile.rs",
            "use super::render; use crate::{ot::{Problem, cli}, picture};",
        ),
        (
            "ot/mod.rs",
            "// use crate::picture;\n/// crate::cli\nconst S: &str = \"unsafe crate::cli\";",
        ),
        ("simd/avx2.rs", "fn f() { unsafe { g() } }"),
        ("video/ffi.rs", "fn f() { unsafe { g() } }"),
    ];
    let sources: Vec<Source> = innocent
        .iter()
        .map(|(path, text)| Source {
            path: (*path).into(),
            text: (*text).into(),
        })
        .collect();
    assert_eq!(breaches(&sources), Vec::<String>::new());
}
