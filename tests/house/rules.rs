//! The rules for the sources of one crate.

use crate::graph::{circles, uses};
use crate::source::Source;

/// The top-level modules of a crate, and what each may use of the others; none if the crate is too small for layers.
pub type Layers = &'static [(&'static str, &'static [&'static str])];

pub const CRATES: &[(&str, Layers)] = &[
    ("simd", &[]),
    ("ot", &[]),
    ("engine", ENGINE),
    ("video", &[]),
    ("cli", CLI),
];

const ENGINE: Layers = &[
    (
        "sequence",
        &["interpolator", "transition", "frame_pyramid", "picture"],
    ),
    (
        "interpolator",
        &[
            "transition",
            "plan",
            "render",
            "layers",
            "motion",
            "mass",
            "frame_pyramid",
            "probe",
            "picture",
            "timings",
        ],
    ),
    (
        "transition",
        &[
            "render", "layers", "motion", "mass", "probe", "picture", "timings",
        ],
    ),
    ("plan", &["render", "motion"]),
    (
        "render",
        &[
            "layers",
            "motion",
            "frame_pyramid",
            "probe",
            "picture",
            "pool",
            "timings",
        ],
    ),
    ("layers", &["motion", "frame_pyramid", "picture", "pool"]),
    (
        "motion",
        &["frame_pyramid", "probe", "picture", "pool", "timings"],
    ),
    ("probe", &["picture"]),
    ("mass", &["frame_pyramid", "picture"]),
    ("frame_pyramid", &["picture"]),
    ("picture", &["pool", "limits"]),
    ("pool", &[]),
    ("limits", &[]),
    ("timings", &[]),
];

const CLI: Layers = &[
    ("targets", &["commands", "flow", "work", "data"]),
    (
        "commands",
        &[
            "pipeline",
            "flow",
            "quality",
            "work",
            "data",
            "plot",
            "reporter",
            "files",
            "temporary",
        ],
    ),
    ("pipeline", &["quality", "work", "files"]),
    ("flow", &["data"]),
    ("quality", &["files"]),
    ("work", &["files", "temporary"]),
    ("data", &[]),
    ("reporter", &[]),
    ("plot", &[]),
    ("files", &["temporary"]),
    ("temporary", &[]),
];

/// The only places for `unsafe`: crate, and path prefix below its `src`.
const UNSAFE_PLACES: &[(&str, &str)] = &[("simd", ""), ("video", "ffi.rs"), ("video", "ffi/")];

pub const MAX_FILE_LINES: usize = 500;
pub const MAX_FUNCTION_LINES: usize = 90;

/// Files and functions of `folder` that are too long, one line each.
pub fn size_breaches(folder: &str, sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let path = format!("{folder}/{}", source.path);
        if source.line_count > MAX_FILE_LINES {
            let lines = source.line_count;
            found.push(format!("{path}: more than {MAX_FILE_LINES} lines: {lines}"));
        }
        for (name, lines) in source.functions() {
            if lines > MAX_FUNCTION_LINES {
                found.push(format!(
                    "{path}: fn {name} of more than {MAX_FUNCTION_LINES} lines: {lines}"
                ));
            }
        }
    }
    found
}

/// Every breach of the rules on `unsafe`, layers and circles in a crate. The first line of each says what it is.
pub fn crate_breaches(name: &str, sources: &[Source], layers: Layers) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let may = UNSAFE_PLACES
            .iter()
            .any(|(place, prefix)| *place == name && source.path.starts_with(prefix));
        if source.has("unsafe") && !may {
            let path = &source.path;
            found.push(format!(
                "crates/{name}/src/{path}: unsafe outside crates/simd and crates/video/src/ffi"
            ));
        }
    }
    let uses = uses(sources);
    for source in sources {
        if let Some(top) = top(&source.path)
            && !layers.is_empty()
            && layers.iter().all(|(layer, _)| *layer != top)
        {
            let path = &source.path;
            found.push(format!("crates/{name}/src/{path}: `{top}` has no layer"));
        }
    }
    for (&(from, to), use_) in &uses {
        let path = &sources[from].path;
        let (Some(above), Some(below)) = (top(path), top(&sources[to].path)) else {
            continue;
        };
        let layer = layers.iter().find(|(layer, _)| *layer == above);
        if let Some((_, allowed)) = layer
            && above != below
            && !allowed.contains(&below)
        {
            let names: Vec<&str> = use_.names.iter().map(String::as_str).collect();
            let names = names.join(", ");
            found.push(format!(
                "crates/{name}/src/{path}: `{above}` uses {names} of `{below}`"
            ));
        }
    }
    for circle in circles(sources.len(), &uses) {
        let files: Vec<&str> = circle.iter().map(|&f| sources[f].path.as_str()).collect();
        let mut text = format!("crates/{name}/src: circle of {}", files.join(", "));
        for (&(from, to), use_) in &uses {
            if circle.contains(&from) && circle.contains(&to) && use_.untested {
                let (from, to) = (&sources[from].path, &sources[to].path);
                let names: Vec<&str> = use_.names.iter().map(String::as_str).collect();
                text += &format!("\n    {from} uses {to}: {}", names.join(", "));
            }
        }
        found.push(text);
    }
    found
}

/// The top-level module that a file is in; `lib.rs` and `main.rs` are in none.
fn top(path: &str) -> Option<&str> {
    let first = path.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (name != "lib" && name != "main").then_some(name)
}
