//! Search for what there is to score under a path: clips, numbered pictures, triplets.

use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Names of the first frame, the true middle and the second frame, without extension: Vimeo-90K,
/// DAIN's and this project's own, Middlebury, and the two layouts in which UCF101 goes round.
const TRIPLETS: &[[&str; 3]] = &[
    ["im1", "im2", "im3"],
    ["im1", "gt", "im3"],
    ["frame10", "frame10i11", "frame11"],
    ["frame1", "frame2", "frame3"],
    ["frame_00", "frame_01_gt", "frame_02"],
];

const EXTENSIONS: &[&str] = &[
    "png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "ppm", "pgm", "pnm",
];

/// What lies beside a triplet that is a scene in layers: which pixels are seen in which picture, and
/// where small fast things are in the first frame, the truth and the second frame.
const CLASSES: &str = "classes.png";
const THINGS: [&str; 3] = ["ball0.png", "ball.png", "ball1.png"];

/// Frames that are scored together.
#[derive(Debug, PartialEq, Eq)]
pub struct Set {
    /// The name shown.
    pub name: String,
    /// Where the frames are.
    pub source: Source,
}

/// Where the frames of a set are.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// Pairs with their true middle.
    Triplets(Vec<Triplet>),
    /// Numbered pictures in order, of which every other one is left out.
    Sequence(Vec<PathBuf>),
    /// A clip, of which every other frame is left out.
    Clip(PathBuf),
}

/// Two pictures and their true middle.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Triplet {
    /// The folder, as seen from the path that was given.
    pub name: String,
    /// First frame, truth, second frame.
    pub files: [PathBuf; 3],
    /// Beside a scene in layers.
    pub layers: Option<LayerFiles>,
}

/// What is known of a scene in layers.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct LayerFiles {
    /// Who sees what.
    pub classes: PathBuf,
    /// Where things are in the first frame, the truth and the second frame; none if one of them is missing.
    pub things: Option<[PathBuf; 3]>,
}

impl Set {
    /// How many frames can be rebuilt; not known of a clip before its end.
    pub fn known_frames(&self) -> Option<usize> {
        match &self.source {
            Source::Triplets(triplets) => Some(triplets.len()),
            Source::Sequence(files) => Some((files.len() - 1) / 2),
            Source::Clip(_) => None,
        }
    }
}

/// The sets under a path: a clip is one; so is a folder of triplets or of numbered pictures; a
/// tree of several such folders is one for each.
pub fn sets(path: &Path) -> anyhow::Result<Vec<Set>> {
    let shown = path.display();
    if !path.exists() {
        bail!("{shown}: there is no such file or folder");
    }
    if !path.is_dir() {
        if has_extension(path, EXTENSIONS) {
            bail!("{shown} is a single picture; give its folder, or a clip");
        }
        return Ok(vec![Set {
            name: base_name(path),
            source: Source::Clip(path.to_owned()),
        }]);
    }
    let mut found = Found::default();
    walk(path, path, &mut found)?;
    let mut sets: Vec<Set> = found
        .triplets
        .into_iter()
        .map(|(name, triplets)| Set {
            name,
            source: Source::Triplets(triplets),
        })
        .collect();
    sets.extend(found.sequences);
    if sets.is_empty() {
        bail!(
            "{shown}: nothing to score; needed are triplets (im1 gt im3, or frame10 frame10i11 \
             frame11) or three numbered pictures; clips are given by name"
        );
    }
    Ok(sets)
}

#[derive(Default)]
struct Found {
    triplets: BTreeMap<String, Vec<Triplet>>,
    sequences: Vec<Set>,
}

fn walk(root: &Path, folder: &Path, found: &mut Found) -> anyhow::Result<()> {
    let mut pictures = Vec::new();
    let mut folders = Vec::new();
    let unreadable = || format!("{} cannot be read", folder.display());
    for entry in folder.read_dir().with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let path = entry.path();
        // What macOS and version control keep beside files.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if path.is_dir() {
            folders.push(path);
        } else if has_extension(&path, EXTENSIONS) {
            pictures.push(path);
        }
    }
    let below = folder.strip_prefix(root).unwrap_or(folder);
    let name = if below.as_os_str().is_empty() {
        base_name(root)
    } else {
        below.display().to_string()
    };
    pictures.sort();
    if let Some(files) = triplet(&pictures) {
        let set = set_name(root, below);
        let layers = layers(folder, &pictures);
        let triplet = Triplet {
            name,
            files,
            layers,
        };
        found.triplets.entry(set).or_default().push(triplet);
    } else if let Some(files) = sequence(pictures) {
        let source = Source::Sequence(files);
        found.sequences.push(Set { name, source });
    }
    folders.sort();
    for folder in folders {
        walk(root, &folder, found)?;
    }
    Ok(())
}

/// The set that a triplet's folder belongs to: the first folder on the way to it, or the tree
/// itself if the triplets lie directly in it.
fn set_name(root: &Path, below: &Path) -> String {
    let mut parts = below.iter();
    match (parts.next(), parts.next()) {
        (Some(first), Some(_)) => first.to_string_lossy().into_owned(),
        _ => base_name(root),
    }
}

fn triplet(pictures: &[PathBuf]) -> Option<[PathBuf; 3]> {
    let find = |stem: &str| {
        pictures
            .iter()
            .find(|p| p.file_stem().is_some_and(|s| s == stem))
            .cloned()
    };
    TRIPLETS
        .iter()
        .find_map(|[a, truth, b]| Some([find(a)?, find(truth)?, find(b)?]))
}

fn layers(folder: &Path, pictures: &[PathBuf]) -> Option<LayerFiles> {
    let there = |name: &str| {
        let path = folder.join(name);
        pictures.contains(&path).then_some(path)
    };
    let classes = there(CLASSES)?;
    let [before, now, after] = THINGS.map(there);
    let things = before.zip(now).zip(after).map(|((a, b), c)| [a, b, c]);
    Some(LayerFiles { classes, things })
}

/// The pictures in the order of their numbers, if there are three or more and each is numbered
/// after the same prefix (`00001.png`, `frame-7.jpg`).
fn sequence(pictures: Vec<PathBuf>) -> Option<Vec<PathBuf>> {
    let mut numbered = Vec::with_capacity(pictures.len());
    for path in pictures {
        let stem = path.file_stem()?.to_str()?;
        let prefix = stem.trim_end_matches(|c: char| c.is_ascii_digit());
        let number: u64 = stem[prefix.len()..].parse().ok()?;
        numbered.push((prefix.to_owned(), number, path));
    }
    let one_prefix = numbered.windows(2).all(|w| w[0].0 == w[1].0);
    numbered.sort();
    (numbered.len() >= 3 && one_prefix).then(|| numbered.into_iter().map(|n| n.2).collect())
}

fn has_extension(path: &Path, list: &[&str]) -> bool {
    path.extension()
        .is_some_and(|e| list.iter().any(|x| e.eq_ignore_ascii_case(x)))
}

/// The last part of a path's name; that of the folder it stands for if it is `.` or the like.
fn base_name(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().or_else(|| whole.file_name());
    name.unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, write};

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            create_dir_all(path.parent().unwrap()).unwrap();
            write(path, "").unwrap();
        }
        dir
    }

    /// `(set, frame names)` of everything found.
    fn listing(root: &Path) -> Vec<(String, Vec<String>)> {
        let names = |source: &Source| match source {
            Source::Triplets(t) => t.iter().map(|t| t.name.clone()).collect(),
            Source::Sequence(files) => files.iter().map(|f| base_name(f)).collect(),
            Source::Clip(file) => vec![base_name(file)],
        };
        let sets = sets(root).unwrap();
        sets.iter()
            .map(|s| (s.name.clone(), names(&s.source)))
            .collect()
    }

    #[test]
    fn triplets_directly_in_a_tree_are_one_set() {
        let dir = tree(&[
            "set/y/im1.png",
            "set/y/gt.png",
            "set/y/im3.png",
            "set/x/frame10.png",
            "set/x/frame10i11.png",
            "set/x/frame11.jpg",
            "set/half/im1.png",
            "set/half/im3.png",
        ]);
        let expected = vec![("set".to_owned(), vec!["x".to_owned(), "y".to_owned()])];
        assert_eq!(listing(&dir.path().join("set")), expected);
    }

    #[test]
    fn deeper_triplets_are_grouped_by_the_first_folder() {
        let dir = tree(&[
            "one/x/im1.png",
            "one/x/im2.png",
            "one/x/im3.png",
            "two/p/q/im1.png",
            "two/p/q/gt.png",
            "two/p/q/im3.png",
        ]);
        let names: Vec<_> = listing(dir.path()).into_iter().collect();
        assert_eq!(names[0], ("one".into(), vec!["one/x".into()]));
        assert_eq!(names[1], ("two".into(), vec!["two/p/q".into()]));
    }

    #[test]
    fn what_is_known_of_layers_lies_beside() {
        let dir = tree(&[
            "s/a/im1.png",
            "s/a/gt.png",
            "s/a/im3.png",
            "s/b/im1.png",
            "s/b/gt.png",
            "s/b/im3.png",
            "s/b/classes.png",
            "s/b/ball.png",
            "s/c/im1.png",
            "s/c/gt.png",
            "s/c/im3.png",
            "s/c/classes.png",
            "s/c/ball.png",
            "s/c/ball0.png",
            "s/c/ball1.png",
        ]);
        let sets = sets(dir.path()).unwrap();
        let Source::Triplets(triplets) = &sets[0].source else {
            panic!("{sets:?}");
        };
        let at = |name: &str| dir.path().join("s").join(name);
        let expected = [
            None,
            Some(LayerFiles {
                classes: at("b/classes.png"),
                things: None,
            }),
            Some(LayerFiles {
                classes: at("c/classes.png"),
                things: Some(["c/ball0.png", "c/ball.png", "c/ball1.png"].map(at)),
            }),
        ];
        assert!(
            triplets.iter().map(|t| &t.layers).eq(&expected),
            "{triplets:?}"
        );
    }

    #[test]
    fn numbers_are_ordered_as_numbers() {
        let dir = tree(&["s/f-10.png", "s/f-9.png", "s/f-8.png", "s/notes.txt"]);
        let expected = vec!["f-8.png".into(), "f-9.png".into(), "f-10.png".into()];
        assert_eq!(listing(&dir.path().join("s")), vec![("s".into(), expected)]);
    }

    #[test]
    fn other_pictures_are_no_sequence() {
        for files in [
            &["a1.png", "b2.png", "a3.png"],
            &["cat.png", "dog.png", "1.png"],
        ] {
            let dir = tree(files);
            let error = sets(dir.path()).unwrap_err().to_string();
            assert!(error.contains("nothing to score"), "{error}");
        }
    }
}
