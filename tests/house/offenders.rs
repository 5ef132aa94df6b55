//! One offending sample for each rule, so that the rules are known to bite, and what they must not bite.

use crate::manifests::heavy;
use crate::rules::{Layers, crate_breaches, size_breaches};
use crate::source::Source;
use serde_json::json;

const LAYERS: Layers = &[
    ("top", &["middle", "ground"]),
    ("middle", &["ground"]),
    ("ground", &[]),
];

const LIB: &str = "pub mod top; mod middle; mod ground; pub use middle::{Renderer, paint};";
const MIDDLE: &str = "mod tile; pub struct Renderer; pub fn paint() {}";

/// Breaches of a crate with a library's root, the module `middle`, and `files`.
fn bitten(name: &str, files: &[(&str, &str)]) -> Vec<String> {
    let mut sources = vec![Source::new("lib.rs", LIB)];
    for (path, text) in [("middle/mod.rs", MIDDLE), ("ground.rs", ""), ("top.rs", "")] {
        if files.iter().all(|(other, _)| *other != path) {
            sources.push(Source::new(path, text));
        }
    }
    sources.extend(files.iter().map(|(path, text)| Source::new(path, text)));
    crate_breaches(name, &sources, LAYERS)
}

#[test]
fn imports_that_point_up_are_found() {
    for (path, text) in [
        ("ground.rs", "use crate::middle::Renderer;"),
        ("ground.rs", "fn f() { g(); crate::middle::paint() }"),
        ("ground.rs", "use crate::{other::A, middle::{paint}};"),
        // Through the door of the crate's root.
        ("ground.rs", "use crate::Renderer;"),
        ("ground.rs", "use super::paint as other;"),
        ("ground.rs", "fn f() { assert!(super::middle::paint()) }"),
        ("ground.rs", "use crate::middle; fn f() { middle::paint() }"),
        ("ground.rs", "use crate::middle::*; fn f() -> Renderer {}"),
        ("ground.rs", "mod tests { use super::super::Renderer; }"),
        (
            "ground.rs",
            "#[cfg(test)] mod tests { use crate::Renderer; }",
        ),
        ("ground.rs", "pub(crate) use crate::middle::Renderer;"),
    ] {
        let found = bitten("ot", &[(path, text)]);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].contains("of `middle`"), "{text}: {found:?}");
    }
    let found = bitten("ot", &[("attic.rs", "")]);
    assert_eq!(found, ["crates/ot/src/attic.rs: `attic` has no layer"]);
}

#[test]
fn unsafe_outside_its_rooms_is_found() {
    for (name, path, text) in [
        ("ot", "ground.rs", "fn f() { unsafe { g() } }"),
        ("ot", "lib.rs", "unsafe fn f() {}"),
        ("video", "ground.rs", "unsafe impl Send for X {}"),
        ("cli", "ground.rs", "unsafe extern \"C\" {}"),
    ] {
        let sources = [Source::new(path, text)];
        assert_eq!(crate_breaches(name, &sources, &[]).len(), 1, "{text}");
    }
    for (name, path) in [
        ("simd", "ground.rs"),
        ("video", "ffi.rs"),
        ("video", "ffi/packet.rs"),
    ] {
        let sources = [Source::new(path, "fn f() { unsafe { g() } }")];
        assert_eq!(crate_breaches(name, &sources, &[]), [""; 0], "{path}");
    }
}

/// Files of `middle` that use one another in a circle.
#[test]
fn circles_are_found() {
    let tile = "middle/tile.rs";
    let middle = "middle/mod.rs";
    for (above, below) in [
        // The plain one.
        (
            "mod tile; use tile::Tile; pub struct Renderer(Tile);",
            "use super::Renderer; pub struct Tile;",
        ),
        // A re-export that is used as well.
        (
            "mod tile; pub use tile::Tile; pub struct Renderer(Tile);",
            "use super::Renderer; pub struct Tile;",
        ),
        // By paths in the code.
        (
            "mod tile; pub fn paint() { tile::f() }",
            "pub fn f() { super::paint() }",
        ),
        // By the root's re-export.
        (
            "mod tile; pub fn paint() { self::tile::f() }",
            "pub fn f() { crate::paint() }",
        ),
        // By all names.
        (
            "mod tile; use tile::*; pub fn paint() { f() }",
            "use super::*; pub fn f() { paint() }",
        ),
    ] {
        let found = bitten("ot", &[(middle, above), (tile, below)]);
        assert_eq!(found.len(), 1, "{above} {below}: {found:?}");
        let start = "crates/ot/src: circle of middle/mod.rs, middle/tile.rs\n";
        assert!(found[0].starts_with(start), "{found:?}");
    }
    // Three files, of which the one in the middle only hands a name on.
    let found = bitten(
        "ot",
        &[
            (middle, "mod tile; mod strip; pub use strip::Strip;"),
            (tile, "use super::Strip; pub struct Tile;"),
            (
                "middle/strip.rs",
                "use super::tile::Tile; pub struct Strip;",
            ),
        ],
    );
    assert_eq!(found.len(), 1, "{found:?}");
    let start = "crates/ot/src: circle of middle/tile.rs, middle/strip.rs\n";
    assert!(found[0].starts_with(start), "{found:?}");
}

#[test]
fn what_is_no_circle_passes() {
    for (above, below) in [
        // A re-export alone.
        (
            "mod tile; pub use tile::Tile; pub struct Renderer;",
            "use super::Renderer; pub struct Tile;",
        ),
        // A field of the name of what is re-exported.
        (
            "mod tile; pub use tile::length; fn f(x: X) { x.length() } struct A { length: u8 }",
            "use super::A; pub fn length() {}",
        ),
        // A test that asks for what stands above.
        (
            "mod tile; pub fn paint() { tile::f() }",
            "pub fn f() {} #[cfg(test)] mod tests { use super::super::paint; }",
        ),
        (
            "mod tile; pub struct Renderer; #[cfg(test)] mod tests { use super::tile::Tile; }",
            "use super::Renderer; pub struct Tile;",
        ),
        // Words of comments and strings, and another crate's.
        (
            "mod tile; use tile::Tile; pub struct Renderer(Tile);",
            "// use super::Renderer;\n/// [crate::paint]\nconst S: &str = \"crate::paint()\"; use other::paint;
             pub struct Tile;",
        ),
    ] {
        let found = bitten("ot", &[("middle/mod.rs", above), ("middle/tile.rs", below)]);
        assert_eq!(found, [""; 0], "{above} {below}");
    }
}

#[test]
fn innocent_imports_pass() {
    for (path, text) in [
        ("top.rs", "use crate::middle::paint; use super::Renderer;"),
        (
            "middle/mod.rs",
            "use super::ground; use crate::{ground::{A, top}};",
        ),
        (
            "ground.rs",
            "use middle::Renderer; use other::{crate_, top};",
        ),
        ("ground.rs", "#![deny(unsafe_code)]"),
        (
            "lib.rs",
            "pub mod top; use top::main; pub use ground::Problem;",
        ),
    ] {
        assert_eq!(bitten("ot", &[(path, text)]), [""; 0], "{text}");
    }
}

#[test]
fn sizes_are_found() {
    let sized = |text: &str| size_breaches("src", &[Source::new("a.rs", text)]);
    assert_eq!(sized(&"\n".repeat(500)), [""; 0]);
    let found = sized(&"\n".repeat(501));
    assert_eq!(found, ["src/a.rs: more than 500 lines: 501"]);
    // Its first line, its last, and what stands between.
    let function = |lines: usize| format!("fn f(a: fn(u8)) -> u8\n{{{}}}", "\n".repeat(lines - 2));
    assert_eq!(sized(&function(90)), [""; 0]);
    let found = sized(&format!("\nimpl A {{ {} }}", function(91)));
    assert_eq!(found, ["src/a.rs: fn f of more than 90 lines: 91"]);
    // Signatures without bodies end at their semicolon.
    let trait_ = format!("trait A {{ fn f();{} fn g() {{}} }}", "\n".repeat(100));
    assert_eq!(sized(&trait_), [""; 0]);
}

#[test]
fn heavy_dependencies_are_found() {
    let package = |name: &str, on: &str, kind: Option<&str>| json!({"name": name, "dependencies": [{"name": on, "kind": kind}]});
    let found = heavy(&json!({"packages": [
        package("otinterp-engine", "clap_builder", None),
        package("otinterp-ot", "ffmpeg-sys-next", Some("build")),
        package("otinterp-simd", "indicatif", Some("dev")),
        package("otinterp-cli", "clap", None),
    ]}));
    let expected = [
        "otinterp-engine depends on clap_builder",
        "otinterp-ot depends on ffmpeg-sys-next",
    ];
    assert_eq!(found, expected);
    let found = heavy(&json!({"packages": []}));
    assert_eq!(found.len(), 3, "{found:?}");
}
