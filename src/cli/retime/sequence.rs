//! Outputs that are not whole yet: one file, or numbered images.

use crate::files::PendingFile;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};

/// An output under a hidden name, until [`Pending::commit`] gives it its own.
pub(super) enum Pending {
    File(PendingFile),
    #[cfg_attr(not(feature = "video"), allow(dead_code))]
    Images(Images),
}

/// Images in a hidden folder beside their final place.
pub(super) struct Images {
    folder: tempfile::TempDir,
    pattern: PathBuf,
    overwrite: bool,
}

impl Pending {
    /// Opens what `target` names.
    ///
    /// # Errors
    /// One line that names the file: it exists and may not be overwritten, its folder cannot be
    /// written, or it is one image and not a pattern for many.
    pub(super) fn create(target: &Path, overwrite: bool) -> anyhow::Result<Self> {
        let named = || target.display().to_string();
        #[cfg(feature = "video")]
        if crate::video::is_image_file(target) {
            return Ok(Self::Images(
                Images::create(target, overwrite).with_context(named)?,
            ));
        }
        Ok(Self::File(
            PendingFile::create(target, overwrite).with_context(named)?,
        ))
    }

    /// Where the output goes for now.
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::File(file) => file.path().to_owned(),
            Self::Images(images) => images.folder.path().join(images.name()),
        }
    }

    /// Gives the output its final name, or names.
    ///
    /// # Errors
    /// That a name was taken meanwhile, or what the system says.
    pub(super) fn commit(self) -> anyhow::Result<()> {
        match self {
            Self::File(file) => Ok(file.commit()?),
            Self::Images(images) => images.commit(),
        }
    }
}

impl Images {
    #[cfg(feature = "video")]
    fn create(target: &Path, overwrite: bool) -> anyhow::Result<Self> {
        use crate::video::NumberedName;
        let Some(name) = NumberedName::of(target) else {
            bail!(
                "one image cannot hold a clip; a pattern, as out_%04d.png, gives one for each frame"
            );
        };
        let place = folder_of(target);
        let made = tempfile::Builder::new()
            .prefix(".otinterp-")
            .tempdir_in(place);
        let folder =
            made.with_context(|| format!("no folder can be made in {}", place.display()))?;
        // The hidden folder is not among them.
        if !overwrite && let Some((_, taken)) = name.files_in(place)?.first() {
            bail!("{} exists already; -y overwrites", taken.display());
        }
        Ok(Self {
            folder,
            pattern: target.to_owned(),
            overwrite,
        })
    }

    fn name(&self) -> &Path {
        self.pattern.file_name().map_or(Path::new(""), Path::new)
    }

    #[cfg(feature = "video")]
    fn commit(self) -> anyhow::Result<()> {
        let name = crate::video::NumberedName::of(&self.pattern);
        let name = name.context("the pattern has no number")?;
        for (_, made) in name.files_in(self.folder.path())? {
            let target = folder_of(&self.pattern).join(made.file_name().unwrap_or_default());
            if !self.overwrite && target.symlink_metadata().is_ok() {
                bail!("{} exists already; -y overwrites", target.display());
            }
            std::fs::rename(&made, &target).with_context(|| target.display().to_string())?;
        }
        Ok(())
    }

    #[cfg(not(feature = "video"))]
    fn commit(self) -> anyhow::Result<()> {
        bail!(
            "this build writes no images here: {}, {}",
            self.pattern.display(),
            self.overwrite
        )
    }
}

#[cfg(feature = "video")]
fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
