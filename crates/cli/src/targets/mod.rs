//! Readers as functions of bytes, for fuzzing: whatever the bytes, a reader returns; it does not panic and takes no memory but for what
//! they hold. `fuzz/` runs each with libFuzzer; the tests here run each on the seeds in `fuzz/seeds` and on mutations of them.

#[cfg(test)]
mod mutate;

use crate::data::{self, Opened, field};
use crate::{commands, flow, work};
use otinterp::picture::still;
use otinterp_video::Source;
use otinterp_video::y4m::Y4mSource;
use std::io::Cursor;

/// A reader and its name, which is also that of its folder of seeds.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 8] = [
    ("cuts", cuts),
    ("field", field),
    ("floors", floors),
    ("journal", journal),
    ("map", map),
    ("still", picture),
    ("table", table),
    ("y4m", y4m),
];

/// Frames of a Y4M stream that are read: what follows them takes the same way.
const MOST_FRAMES: usize = 16;

fn opened(bytes: &[u8]) -> Option<Opened> {
    Opened::of(Cursor::new(bytes.to_vec())).ok()
}

/// A list of cuts.
pub fn cuts(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        commands::is_list_of_cuts(text);
    }
}

/// A field: NPY, NPZ, PFM, TIFF of floating-point numbers.
///
/// # Panics
/// If what was read is not whole.
pub fn field(bytes: &[u8]) {
    let content = opened(bytes).map(field::decode);
    if let Some(Ok(field::Content::Field(field))) = content {
        assert!(!field.values.is_empty());
    }
}

/// A file of floors.
pub fn floors(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        commands::is_file_of_floors(text);
    }
}

/// A journal of a work folder; also with seals that fit its lines, or nothing behind a seal would be reached.
pub fn journal(bytes: &[u8]) {
    work::tells_segments(bytes, 1 << 24);
    work::tells_segments(&work::journal_sealed_anew(bytes), 1 << 24);
}

/// A motion field: .flo, KITTI's PNG, NPY, NPZ, PFM.
///
/// # Panics
/// If what was read is not whole.
pub fn map(bytes: &[u8]) {
    if let Some(Ok(map)) = opened(bytes).map(flow::read_map) {
        assert_eq!(map.dx.dim(), map.dy.dim());
    }
}

/// A picture.
///
/// # Panics
/// If what was read is not whole.
pub fn picture(bytes: &[u8]) {
    if let Ok(still) = still::read_stream(bytes, "bytes") {
        assert!(still.picture.width() > 0 && still.picture.height() > 0);
    }
}

/// A table: CSV, NPY, NPZ.
///
/// # Panics
/// If what was read is not whole.
pub fn table(bytes: &[u8]) {
    if let Some(Ok(table)) = opened(bytes).map(data::decode) {
        assert_eq!(table.values.len(), table.rows * table.columns);
    }
}

/// Header and frames of a Y4M stream.
pub fn y4m(bytes: &[u8]) {
    let Ok(source) = Y4mSource::new(Cursor::new(bytes.to_vec())) else {
        return;
    };
    let mut source = source.with_size(bytes.len() as u64);
    for _ in 0..MOST_FRAMES {
        match source.next() {
            Ok(Some(_)) => {}
            _ => break,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutate::Mutations;
    use std::path::Path;

    /// Mutations of all seeds of a target together, where `OTINTERP_MUTATIONS` does not say more.
    const MUTATIONS: usize = 2000;

    fn mutations() -> usize {
        let wanted = std::env::var("OTINTERP_MUTATIONS").ok();
        wanted.and_then(|n| n.parse().ok()).unwrap_or(MUTATIONS)
    }

    fn seeds(name: &str) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
        let mut files: Vec<_> = folder
            .join(name)
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
            .iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect()
    }

    #[test]
    fn readers_take_whatever_comes() {
        for (name, run) in TARGETS {
            let seeds = seeds(name);
            assert!(!seeds.is_empty(), "{name}");
            seeds.iter().for_each(|seed| run(seed));
            let mut mutated = Mutations::new(&seeds, 1);
            for _ in 0..mutations() {
                run(&mutated.next());
            }
        }
    }

    /// What the seeds are: else the mutations would be of nothing.
    #[test]
    fn every_seed_is_read() {
        for seed in seeds("table") {
            assert!(data::decode(opened(&seed).unwrap()).is_ok(), "{seed:?}");
        }
        for seed in seeds("field") {
            let content = field::decode(opened(&seed).unwrap());
            assert!(matches!(content, Ok(field::Content::Field(_))), "{seed:?}");
        }
        for seed in seeds("map") {
            assert!(flow::read_map(opened(&seed).unwrap()).is_ok(), "{seed:?}");
        }
        for seed in seeds("still") {
            let read = still::read_stream(&seed[..], "seed");
            assert!(read.is_ok(), "{read:?}");
        }
        for seed in seeds("y4m") {
            assert!(
                Y4mSource::new(Cursor::new(seed))
                    .unwrap()
                    .next()
                    .unwrap()
                    .is_some()
            );
        }
        for seed in seeds("journal") {
            assert!(work::tells_segments(&seed, 1 << 24));
            let whole = 1 + seed.iter().rposition(|b| *b == b'\n').unwrap();
            assert_eq!(work::journal_sealed_anew(&seed[..whole]), seed[..whole]);
            let first_seal_lost = &seed[1..];
            assert!(!work::tells_segments(first_seal_lost, 1 << 24));
            let sealed = work::journal_sealed_anew(first_seal_lost);
            assert!(work::tells_segments(&sealed, 1 << 24));
        }
        let text = |seed: &Vec<u8>| String::from_utf8(seed.clone()).unwrap();
        assert!(
            seeds("cuts")
                .iter()
                .all(|s| commands::is_list_of_cuts(&text(s)))
        );
        assert!(
            seeds("floors")
                .iter()
                .all(|s| commands::is_file_of_floors(&text(s)))
        );
    }
}
