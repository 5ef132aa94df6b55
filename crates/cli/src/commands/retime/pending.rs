//! Output file or numbered images under a hidden name, until they are whole.

use crate::commands::exit::is_interrupted;
use crate::files::{PendingFile, folder_of, refuse_taken};
use crate::temporary;
use crate::work::{Work, create_anew};
use anyhow::{Context, bail};
use otinterp_video::{NumberedName, is_image_file, is_y4m};
use std::fs::File;
use std::path::{Path, PathBuf};

/// An output under a hidden name, until [`Pending::commit`] gives it its own.
pub(super) enum Pending {
    File(PendingFile),
    /// The data in the work folder, as it is.
    Data {
        path: PathBuf,
        target: PathBuf,
    },
    Images(Images),
}

/// Images in a hidden folder beside their final place.
pub(super) struct Images {
    folder: PathBuf,
    /// Removes the folder where there is no work folder around it.
    _temporary: Option<temporary::Folder>,
    pattern: PathBuf,
}

impl Pending {
    /// Opens what `target` names.
    pub(super) fn create(
        target: &Path,
        overwrite: bool,
        work: Option<&Work>,
    ) -> anyhow::Result<Self> {
        let named = || target.display().to_string();
        if is_image_file(target) {
            let images = Images::create(target, overwrite, work);
            return Ok(Self::Images(images.with_context(named)?));
        }
        let file = match work {
            Some(work) if is_y4m(target) => {
                let (path, target) = (work.data(), target.to_owned());
                return Ok(Self::Data { path, target });
            }
            Some(work) => {
                // The container follows from the extension.
                let extension = target.extension().unwrap_or_default().to_string_lossy();
                let path = work.scratch(&format!("output.{extension}"));
                PendingFile::adopt(&path, create_anew, target, overwrite)
            }
            None => PendingFile::create(target, overwrite),
        };
        Ok(Self::File(file.with_context(named)?))
    }

    /// The name under which the output is opened.
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::File(file) => file.path().to_owned(),
            Self::Data { target, .. } => target.clone(),
            Self::Images(images) => images.folder.join(images.name()),
        }
    }

    /// Gives the output its final name, or names, and removes the work folder.
    pub(super) fn commit(
        self,
        target: &Path,
        mut work: Option<Work>,
        overwrite: bool,
    ) -> anyhow::Result<()> {
        if let Some(work) = &mut work {
            work.check_sources()?;
        }
        let mut keep_record = |made: &Path| match &mut work {
            Some(work) => anyhow::Ok(work.record(made, &is_interrupted)?.keep(made, target)?),
            None => Ok(()),
        };
        match self {
            Self::File(file) => {
                keep_record(file.path())?;
                file.commit()?;
            }
            Self::Data { path, target } => {
                keep_record(&path)?;
                PendingFile::adopt(&path, |path| File::open(path), &target, overwrite)?.commit()?;
            }
            Self::Images(images) => images.commit(overwrite)?,
        }
        Ok(work.map_or(Ok(()), Work::finish)?)
    }
}

impl Images {
    fn create(target: &Path, overwrite: bool, work: Option<&Work>) -> anyhow::Result<Self> {
        let Some(name) = NumberedName::of(target) else {
            bail!(
                "one image cannot hold a clip; a pattern, as out_%04d.png, gives one for each frame"
            );
        };
        let place = folder_of(target);
        // The work folder and the hidden folder are not among them.
        for (_, taken) in name.files_in(place)? {
            refuse_taken(&taken, overwrite).with_context(|| taken.display().to_string())?;
        }
        let mut temporary = None;
        let folder = match work {
            // Those of an earlier run are made anew.
            Some(work) => work.images()?,
            None => {
                let made = temporary::Folder::create_in(place);
                let made =
                    made.with_context(|| format!("no folder can be made in {}", place.display()))?;
                temporary.insert(made).path().to_owned()
            }
        };
        Ok(Self {
            folder,
            _temporary: temporary,
            pattern: target.to_owned(),
        })
    }

    fn name(&self) -> &Path {
        self.pattern.file_name().map_or(Path::new(""), Path::new)
    }

    fn commit(self, overwrite: bool) -> anyhow::Result<()> {
        let name = NumberedName::of(&self.pattern);
        let name = name.context("the pattern has no number")?;
        let place = folder_of(&self.pattern);
        for (_, made) in name.files_in(&self.folder)? {
            let target = place.join(made.file_name().unwrap_or_default());
            PendingFile::adopt(&made, |path| File::open(path), &target, overwrite)
                .and_then(PendingFile::rename)
                .with_context(|| target.display().to_string())?;
        }
        Ok(crate::files::sync_folder(place)?)
    }
}
