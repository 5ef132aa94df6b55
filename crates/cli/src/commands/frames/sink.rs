//! Sink of `frames`: where frames are written to, one after another.

use super::movie::Movie;
use super::target::{PipeFormat, Target};
use crate::files::{OutputFolder, PendingFile, refuse_taken};
use crate::reporter::{DataOut, Stream};
use anyhow::Context;
use otinterp::picture::still::{self, Still, StillError, StillFormat};
use otinterp_video::time::Rational;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Takes the frames of one run in order.
pub trait Sink: Send {
    /// Writes the next frame; returns its file, if it has one of its own.
    fn push(&mut self, frame: &Still) -> anyhow::Result<Option<PathBuf>>;

    /// Gives a file that holds all frames its final name.
    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Opens what `target` asks for, for `count` frames like `like`. Everything that can be refused is
/// refused here, before the work starts: formats, existing files, folders that cannot be written.
pub fn open(
    target: &Target,
    like: &Still,
    count: usize,
    rate: Rational,
    overwrite: bool,
) -> anyhow::Result<Box<dyn Sink>> {
    let numbered = |folder: &Path, name: &dyn Fn(usize) -> String| -> Vec<PathBuf> {
        (1..=count).map(|k| folder.join(name(k))).collect()
    };
    match target {
        Target::Folder(folder) => {
            let made = OutputFolder::create(folder)
                .with_context(|| format!("the folder {}", folder.display()))?;
            let files = numbered(folder, &|k| format!("{k:04}.png"));
            let files = Files::open(files, StillFormat::Png, overwrite, Some(made))?;
            Ok(Box::new(files))
        }
        Target::Files {
            folder,
            pattern,
            format,
            ..
        } => {
            let files = numbered(folder, &|k| pattern.name(k));
            Ok(Box::new(Files::open(files, *format, overwrite, None)?))
        }
        Target::Animation(path, kind) => {
            let open = || {
                let mut file = PendingFile::create(path, overwrite)?;
                let movie = Movie::open(*kind, &mut file, like, count, rate)?;
                anyhow::Ok((movie, file))
            };
            let (movie, file) = open().with_context(|| path.display().to_string())?;
            let file = Some((path.clone(), file));
            Ok(Box::new(MovieSink { movie, file }))
        }
        Target::Pipe(PipeFormat::Y4m) => {
            let movie = Movie::y4m(BufWriter::new(DataOut::new()), like, rate)?;
            Ok(Box::new(MovieSink { movie, file: None }))
        }
        Target::Pipe(PipeFormat::Png) => Ok(Box::new(Pipe(png_bytes))),
        Target::Pipe(PipeFormat::Rgb24) => Ok(Box::new(Pipe(still::rgb24))),
    }
}

/// One file for each frame.
struct Files {
    names: std::vec::IntoIter<PathBuf>,
    format: StillFormat,
    overwrite: bool,
    /// The first file, opened ahead of the work to see that it can be.
    first: Option<PendingFile>,
    /// Dropped after `first`: removes the folder again if nothing was written.
    _folder: Option<OutputFolder>,
}

impl Files {
    fn open(
        names: Vec<PathBuf>,
        format: StillFormat,
        overwrite: bool,
        folder: Option<OutputFolder>,
    ) -> anyhow::Result<Self> {
        for name in &names {
            refuse_taken(name, overwrite).with_context(|| name.display().to_string())?;
        }
        let create = |name: &PathBuf| {
            PendingFile::create(name, overwrite).with_context(|| name.display().to_string())
        };
        Ok(Self {
            first: names.first().map(create).transpose()?,
            names: names.into_iter(),
            format,
            overwrite,
            _folder: folder,
        })
    }

    fn write(&mut self, name: &Path, frame: &Still) -> anyhow::Result<()> {
        let mut file = match self.first.take() {
            Some(file) => file,
            None => PendingFile::create(name, self.overwrite)?,
        };
        still::write(frame, self.format, BufWriter::new(file.file_mut()))?;
        Ok(file.commit()?)
    }
}

impl Sink for Files {
    fn push(&mut self, frame: &Still) -> anyhow::Result<Option<PathBuf>> {
        let names = self.names.next();
        let name = names.context("more frames than files were planned")?;
        let written = self.write(&name, frame);
        written.with_context(|| name.display().to_string())?;
        Ok(Some(name))
    }
}

/// All frames in one clip.
struct MovieSink {
    /// Dropped before the file is removed.
    movie: Movie,
    /// None on standard output.
    file: Option<(PathBuf, PendingFile)>,
}

impl Sink for MovieSink {
    fn push(&mut self, frame: &Still) -> anyhow::Result<Option<PathBuf>> {
        let pushed = self.movie.push(frame);
        match &self.file {
            Some((path, _)) => pushed.with_context(|| path.display().to_string())?,
            None => pushed?,
        }
        Ok(None)
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        let finished = self.movie.finish();
        let Some((path, file)) = self.file else {
            return finished;
        };
        let committed = finished.and_then(|()| Ok(file.commit()?));
        committed.with_context(|| path.display().to_string())
    }
}

/// Stills one after another on standard output.
struct Pipe(fn(&Still) -> Result<Vec<u8>, StillError>);

impl Sink for Pipe {
    fn push(&mut self, frame: &Still) -> anyhow::Result<Option<PathBuf>> {
        // Flushed: a reader shows each frame as soon as it is there.
        Stream::Out.write(&(self.0)(frame)?)?;
        Ok(None)
    }
}

fn png_bytes(frame: &Still) -> Result<Vec<u8>, StillError> {
    let mut bytes = Vec::new();
    still::write_png(frame, &mut bytes)?;
    Ok(bytes)
}
