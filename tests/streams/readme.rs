//! The README's quick starts: every command in it, as it stands there, in its order, from the assets.

use std::path::Path;
use std::process::Command;

/// The lines of all blocks of shell code of a text, by the heading that they stand under.
fn commands(text: &str) -> Vec<(&str, &str)> {
    let (mut heading, mut is_code, mut found) = ("", false, Vec::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            heading = title;
        } else if line.starts_with("```") {
            is_code = line == "```sh";
        } else if is_code && line.starts_with("otinterp ") {
            found.push((heading, line.split(" #").next().unwrap().trim()));
        }
    }
    found
}

#[test]
fn each_quick_start_has_two_commands_and_they_run_in_their_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("README.md")).unwrap();
    let commands = commands(&text);
    for heading in [
        "Smooth a clip",
        "Morph two pictures",
        "Transport in numbers",
    ] {
        let count = commands.iter().filter(|(of, _)| *of == heading).count();
        assert_eq!(count, 2, "{heading}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root.join("assets"), folder.path().join("assets")).unwrap();
    for (_, line) in commands {
        let words = line.split_whitespace().skip(1);
        let output = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"))
            .args(words)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
    }
    let size = |name: &str| std::fs::metadata(folder.path().join(name)).map_or(0, |m| m.len());
    for name in [
        "smooth.mp4",
        "slow.mp4",
        "steps/0001.png",
        "steps/0007.png",
        "compare.png",
        "points-demo.svg",
    ] {
        assert!(size(name) > 0, "{name}");
    }
}
