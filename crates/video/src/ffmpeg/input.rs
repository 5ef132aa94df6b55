//! Demuxers of files, numbered images, raw video and pipes.

use super::library::{failed, init};
use super::lists;
use super::pixel;
use crate::clip::{Error, Result};
use crate::ffi;
use crate::numbered::NumberedName;
use crate::options::{Access, RawVideo};
use crate::pipe::Pipe;
use crate::stop;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::format::stream::{Disposition, Stream};
use ffmpeg_next::{Dictionary, format, media};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What is opened to read a clip, once more where that is possible.
#[derive(Debug, Clone)]
pub(super) enum Place {
    File(PathBuf, Access),
    Raw(PathBuf, RawVideo),
    /// Read once, and never again.
    Pipe,
}

impl Place {
    /// Opens it from its beginning.
    pub(super) fn open(&self) -> Result<Input> {
        match self {
            Self::File(path, access) => open_input(path, *access),
            Self::Raw(path, raw) => open_raw(path, raw),
            Self::Pipe => Err(Error::Invalid("a pipe is read only once".to_owned())),
        }
    }

    pub(super) fn is_pipe(&self) -> bool {
        matches!(self, Self::Pipe)
    }

    /// At the end of what was read: that the user did not want it, and that no list named what it may not have opened.
    pub(super) fn check_end(&self) -> Result<()> {
        match self {
            Self::File(path, _) => lists::ended(file_url(path).ok().as_deref()),
            Self::Raw(..) | Self::Pipe => lists::ended(None),
        }
    }
}

/// Which of a file's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pick {
    /// The one that FFmpeg holds for the main picture.
    Best,
    /// The n-th of the video streams, from 0.
    Nth(usize),
    /// The one of this index among all streams.
    Index(usize),
}

/// A video stream; a cover picture is none.
pub(super) fn pick_video(input: &Input, pick: Pick) -> Result<Stream<'_>> {
    let is_video = |s: &Stream| {
        s.parameters().medium() == media::Type::Video
            && !s.disposition().contains(Disposition::ATTACHED_PIC)
    };
    match pick {
        Pick::Best => input.streams().best(media::Type::Video).filter(is_video),
        Pick::Index(index) => input.stream(index).filter(is_video),
        Pick::Nth(n) => {
            let count = input.streams().filter(is_video).count();
            if n >= count && count > 0 {
                let last = count - 1;
                return Err(Error::Invalid(match last {
                    0 => format!("it has no video stream {n}, but only one, 0"),
                    _ => format!("it has no video stream {n}, but 0 to {last}"),
                }));
            }
            input.streams().filter(is_video).nth(n)
        }
    }
    .ok_or_else(no_video)
}

pub(super) fn no_video() -> Error {
    Error::Invalid("it has no video stream".to_owned())
}

/// What the system says is clearer than what FFmpeg makes of it.
fn check_file(path: &Path) -> Result<()> {
    if std::fs::metadata(path)?.is_dir() {
        return Err(Error::Invalid("it is a folder, not a clip".to_owned()));
    }
    File::open(path)?;
    Ok(())
}

/// Opens a file, or what comes from a named pipe.
pub(super) fn open_any(path: &Path, access: Access) -> Result<(Input, Place)> {
    match Pipe::named(path)? {
        Some(pipe) => Ok((open_stream(pipe, None, access)?, Place::Pipe)),
        None => {
            let input = open_input(path, access)?;
            Ok((input, Place::File(path.to_owned(), access)))
        }
    }
}

/// Opens a file as a clip, with messages for those that are none.
fn open_input(path: &Path, access: Access) -> Result<Input> {
    init()?;
    // Unless there is a file of that very name.
    if let Some(name) = NumberedName::of(path).filter(|_| !path.exists()) {
        return open_images(path, &name);
    }
    check_file(path)?;
    let url = file_url(path)?;
    let options = lists::options(access, Some(path));
    let opened = ffi::input::open_url(&url, None, options, access);
    if opened.is_err() {
        lists::ended(Some(&url))?;
    }
    opened.map_err(|why| match why {
        ffmpeg::Error::InvalidData => Error::Invalid(
            "it is not a clip that FFmpeg can read, or its index is missing (cut off?)".to_owned(),
        ),
        why => lists::refusal(why, access),
    })
}

/// Opens numbered images at 25 frames per second, which FFmpeg takes for them.
fn open_images(path: &Path, name: &NumberedName) -> Result<Input> {
    let files = name.files_in(path.parent().unwrap_or(Path::new("")))?;
    let Some((first, _)) = files.first() else {
        return Err(Error::Invalid(
            "no file has such a name with a number in it".to_owned(),
        ));
    };
    if let Some(missing) = NumberedName::missing(&files) {
        let file = name.name_of(missing);
        let (count, last) = (files.len(), name.name_of(files[files.len() - 1].0));
        return Err(Error::Invalid(format!(
            "{file} is missing: the {count} files up to {last} are not numbered without gaps"
        )));
    }
    let mut options = lists::options(Access::Folder, None);
    options.set("start_number", &first.to_string());
    // Its files are those of the pattern, whatever stands in them.
    let demuxer = demuxer("image2")?;
    let opened = ffi::input::open_url(&pattern_url(path)?, Some(demuxer), options, Access::Files);
    opened.map_err(|why| match why {
        ffmpeg::Error::InvalidData => {
            Error::Invalid("they are not images that FFmpeg can read".to_owned())
        }
        why => failed("opening", why),
    })
}

/// Lets FFmpeg find out what comes from a reader that cannot be wound back, if it is not said to be raw video.
pub(super) fn open_stream(
    reader: impl Read + Send + 'static,
    raw: Option<&RawVideo>,
    access: Access,
) -> Result<Input> {
    init()?;
    let stream = StreamIo::from_read(reader).map_err(|why| failed("opening", why))?;
    let opened = match raw {
        Some(raw) => {
            let (demuxer, options) = raw_video(raw)?;
            ffi::input::open_stream(stream, Some(demuxer), options)
        }
        None => ffi::input::open_stream(stream, None, lists::options(access, None)),
    };
    opened.map_err(|why| match why {
        _ if stop::is_wished() => Error::Stopped,
        ffmpeg::Error::InvalidData => Error::Invalid(
            "it is neither Y4M nor a clip that FFmpeg can read from a pipe; \
             raw video needs --size, --pix-fmt and --source-fps"
                .to_owned(),
        ),
        why => lists::refusal(why, access),
    })
}

/// Opens a file of raw video.
pub(super) fn open_raw(path: &Path, raw: &RawVideo) -> Result<Input> {
    init()?;
    check_file(path)?;
    let (demuxer, options) = raw_video(raw)?;
    let opened = ffi::input::open_url(&file_url(path)?, Some(demuxer), options, Access::Folder);
    opened.map_err(|why| failed("opening", why))
}

/// The demuxer of raw video, and what it must be told.
fn raw_video(raw: &RawVideo) -> Result<(format::Input, Dictionary<'static>)> {
    if pixel::by_name(&raw.pixel_format).is_none() {
        let name = raw.pixel_format.escape_debug();
        let why = format!("FFmpeg has no pixel format '{name}'");
        return Err(Error::Invalid(why));
    }
    let mut options = lists::options(Access::Folder, None);
    options.set("video_size", &format!("{}x{}", raw.width, raw.height));
    options.set("pixel_format", &raw.pixel_format);
    // FFmpeg takes the fractions of its own list alone: times are counted in frames instead.
    options.set("framerate", "1");
    Ok((demuxer("rawvideo")?, options))
}

fn demuxer(name: &str) -> Result<format::Input> {
    let found = ffi::container::demuxer(name);
    found.ok_or_else(|| failed("opening", ffmpeg::Error::DemuxerNotFound))
}

/// The name as FFmpeg wants it: with a protocol, so that a colon in the name is not taken for one.
pub(super) fn file_url(path: &Path) -> Result<String> {
    match path.to_str() {
        Some(name) if !name.contains('\0') => Ok(format!("file:{name}")),
        _ => Err(Error::Invalid("FFmpeg needs a name in UTF-8".to_owned())),
    }
}

/// [`file_url`] of a pattern: a percent sign in its folders is none of the number.
pub(super) fn pattern_url(path: &Path) -> Result<String> {
    let url = file_url(path)?;
    let (folder, name) = url.rsplit_once('/').unwrap_or(("", &url));
    Ok(if folder.is_empty() {
        url
    } else {
        format!("{}/{name}", folder.replace('%', "%%"))
    })
}
