//! Where frames are written to, one after another.

use super::target::{Animation, PipeFormat, Target};
use crate::files::{OutputFolder, PendingFile, refuse_taken};
use crate::picture::still::{self, ApngWriter, GifWriter, Still, StillError, StillFormat};
use anyhow::Context;
use std::fs::File;
use std::io::{self, BufWriter, Write};
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
///
/// # Errors
/// One line that names the file.
pub fn open(
    target: &Target,
    like: &Still,
    count: usize,
    fps: f64,
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
            let movie = Movie::open(path, *kind, like, count, fps, overwrite);
            Ok(Box::new(movie.with_context(|| path.display().to_string())?))
        }
        Target::Pipe(format) => Ok(Box::new(Pipe::new(*format))),
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
        let first = match names.first() {
            Some(name) => Some(
                PendingFile::create(name, overwrite).with_context(|| name.display().to_string())?,
            ),
            None => None,
        };
        Ok(Self {
            names: names.into_iter(),
            format,
            overwrite,
            first,
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
        let name = self
            .names
            .next()
            .context("more frames than files were planned")?;
        self.write(&name, frame)
            .with_context(|| name.display().to_string())?;
        Ok(Some(name))
    }
}

/// All frames in one file.
struct Movie {
    path: PathBuf,
    writer: MovieWriter,
    file: PendingFile,
}

enum MovieWriter {
    Gif(GifWriter<BufWriter<File>>),
    Apng(ApngWriter<BufWriter<File>>),
}

impl Movie {
    fn open(
        path: &Path,
        kind: Animation,
        like: &Still,
        count: usize,
        fps: f64,
        overwrite: bool,
    ) -> anyhow::Result<Self> {
        let mut file = PendingFile::create(path, overwrite)?;
        let out = BufWriter::new(file.file_mut().try_clone()?);
        let writer = match kind {
            Animation::Gif => MovieWriter::Gif(GifWriter::new(out, like, fps)?),
            Animation::Apng => {
                MovieWriter::Apng(ApngWriter::new(out, like, u32::try_from(count)?, fps)?)
            }
        };
        Ok(Self {
            path: path.to_owned(),
            writer,
            file,
        })
    }
}

impl Sink for Movie {
    fn push(&mut self, frame: &Still) -> anyhow::Result<Option<PathBuf>> {
        match &mut self.writer {
            MovieWriter::Gif(writer) => writer.push(frame),
            MovieWriter::Apng(writer) => writer.push(frame),
        }
        .with_context(|| self.path.display().to_string())?;
        Ok(None)
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        let Self { path, writer, file } = *self;
        match writer {
            MovieWriter::Gif(writer) => writer.finish(),
            MovieWriter::Apng(writer) => writer.finish(),
        }
        .map_err(anyhow::Error::from)
        .and_then(|()| Ok(file.commit()?))
        .with_context(|| path.display().to_string())
    }
}

/// All frames on standard output.
struct Pipe {
    format: PipeFormat,
    out: BufWriter<io::Stdout>,
}

impl Pipe {
    fn new(format: PipeFormat) -> Self {
        Self {
            format,
            out: BufWriter::new(io::stdout()),
        }
    }
}

impl Sink for Pipe {
    fn push(&mut self, frame: &Still) -> anyhow::Result<Option<PathBuf>> {
        match self.format {
            PipeFormat::Png => still::write_png(frame, &mut self.out)?,
            PipeFormat::Rgb24 => {
                let bytes = still::rgb24(frame)?;
                self.out.write_all(&bytes).map_err(StillError::Write)?;
            }
        }
        // A reader shows each frame as soon as it is there.
        self.out.flush().map_err(StillError::Write)?;
        Ok(None)
    }
}
