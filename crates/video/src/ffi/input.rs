//! Demuxers, opened so that they open nothing else than they may, and stop when the user wants an end.

use crate::options::Access;
use crate::stop;
use ffmpeg::ffi;
use ffmpeg::format::context::{Input, StreamIo};
use ffmpeg::{Dictionary, Error, format};
use ffmpeg_next as ffmpeg;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Opens a URL.
pub fn open_url(
    url: &str,
    demuxer: Option<format::Input>,
    options: Dictionary,
    access: Access,
) -> Result<Input, Error> {
    let url = CString::new(url).map_err(|_| Error::InvalidData)?;
    let context = context()?;
    if access == Access::Network {
        // SAFETY: the context is live. Files are read to their end: what is copied from one must be whole.
        unsafe {
            (*context).interrupt_callback = ffi::AVIOInterruptCB {
                callback: Some(is_stopped),
                opaque: ptr::null_mut(),
            };
        }
    }
    if access == Access::Folder {
        // SAFETY: the context is live; the callback has the type of the field.
        unsafe {
            if let Some(open) = (*context).io_open {
                // The same function in every new context.
                let _ = OPEN.set(open);
                (*context).io_open = Some(open_in_folder);
            }
        }
    }
    let context = open(context, Some(&url), demuxer, options)?;
    // SAFETY: an open context, which is nobody else's.
    Ok(unsafe { Input::wrap(context) })
}

/// Opens what a reader gives.
pub fn open_stream(
    mut io: StreamIo,
    demuxer: Option<format::Input>,
    options: Dictionary,
) -> Result<Input, Error> {
    let context = context()?;
    // SAFETY: the context is live, and `io` outlives it: both go into the same input.
    unsafe {
        (*context).pb = io.as_mut_ptr();
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
    }
    let context = open(context, None, demuxer, options)?;
    // SAFETY: as above.
    Ok(unsafe { Input::wrap_with_custom_io(context, io) })
}

fn context() -> Result<*mut ffi::AVFormatContext, Error> {
    // SAFETY: it takes nothing; the new context is live unless it is null.
    unsafe {
        let context = ffi::avformat_alloc_context();
        if context.is_null() {
            return Err(Error::Other {
                errno: ffmpeg::error::ENOMEM,
            });
        }
        Ok(context)
    }
}

/// Opens a new context, which is freed if that fails.
fn open(
    mut context: *mut ffi::AVFormatContext,
    url: Option<&CStr>,
    demuxer: Option<format::Input>,
    options: Dictionary,
) -> Result<*mut ffi::AVFormatContext, Error> {
    let url = url.map_or(ptr::null(), CStr::as_ptr);
    // SAFETY: the context is new, the string and the demuxer outlive the call, and the options are ours: what is not
    // taken of them comes back and is freed. If opening fails, FFmpeg has freed the context itself.
    unsafe {
        let demuxer = demuxer.map_or(ptr::null(), |demuxer| demuxer.as_ptr());
        let mut options = options.disown();
        let opened = ffi::avformat_open_input(&mut context, url, demuxer.cast_mut(), &mut options);
        drop(Dictionary::own(options));
        if opened < 0 {
            return Err(Error::from(opened));
        }
        let found = ffi::avformat_find_stream_info(context, ptr::null_mut());
        if found < 0 {
            ffi::avformat_close_input(&mut context);
            return Err(Error::from(found));
        }
    }
    Ok(context)
}

unsafe extern "C" fn is_stopped(_: *mut c_void) -> c_int {
    c_int::from(stop::is_wished())
}

type Open = unsafe extern "C" fn(
    *mut ffi::AVFormatContext,
    *mut *mut ffi::AVIOContext,
    *const c_char,
    c_int,
    *mut *mut ffi::AVDictionary,
) -> c_int;

/// FFmpeg's own way to open a file.
static OPEN: OnceLock<Open> = OnceLock::new();

/// What lists, by their URLs, asked for and did not get: the first of each.
static REFUSED: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// What the list of this URL named first that may not be opened.
pub fn refused(list: &str) -> Option<String> {
    let refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    refused.get(list).cloned()
}

/// Opens what lies in the folder of the context's own URL.
unsafe extern "C" fn open_in_folder(
    context: *mut ffi::AVFormatContext,
    io: *mut *mut ffi::AVIOContext,
    url: *const c_char,
    flags: c_int,
    options: *mut *mut ffi::AVDictionary,
) -> c_int {
    // SAFETY: FFmpeg calls it with a live context, whose URL is set by then, and a C string.
    let [list, asked] = unsafe { [(*context).url.cast_const(), url] }.map(|text| {
        if text.is_null() {
            return String::new();
        }
        // SAFETY: as above.
        let text = unsafe { CStr::from_ptr(text) };
        text.to_string_lossy().into_owned()
    });
    match OPEN.get() {
        // SAFETY: FFmpeg's own function, with what FFmpeg has given.
        Some(open) if may_open(&list, &asked) => unsafe { open(context, io, url, flags, options) },
        _ => {
            let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
            refused.entry(list).or_insert(asked);
            -ffi::EACCES
        }
    }
}

/// Whether a list may have a URL opened: its own, bytes that stand in the URL itself, or a file in its folder. A named pipe
/// would be waited for, and no signal ends that.
fn may_open(list: &str, asked: &str) -> bool {
    let asked = ["crypto+", "crypto:"]
        .into_iter()
        .find_map(|cipher| asked.strip_prefix(cipher))
        .unwrap_or(asked);
    if asked == list || asked.starts_with("data:") {
        return true;
    }
    let (list, asked) = (path_of(list), path_of(asked));
    let Some((folder, asked)) = list.as_deref().and_then(Path::parent).zip(asked) else {
        return false;
    };
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    match (folder.canonicalize(), asked.canonicalize()) {
        (Ok(folder), Ok(asked)) => asked.starts_with(folder) && asked.is_file(),
        // What is not there cannot be opened either.
        _ => !asked.exists(),
    }
}

/// The path of a URL that is a file's.
fn path_of(url: &str) -> Option<PathBuf> {
    match url.strip_prefix("file:") {
        Some(path) => Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path))),
        // A colon before the first slash ends the name of a protocol.
        None => (!url.split('/').next()?.contains(':')).then(|| PathBuf::from(url)),
    }
}

/// Names of demuxers, separated by commas, but for those that `is_left_out` and those that read no file.
pub fn demuxers(is_left_out: impl Fn(&str) -> bool) -> String {
    let mut place = ptr::null_mut();
    let mut names = Vec::new();
    loop {
        // SAFETY: the place is FFmpeg's own notion of how far the list has been read.
        let demuxer = unsafe { ffi::av_demuxer_iterate(&mut place) };
        if demuxer.is_null() {
            return names.join(",");
        }
        // SAFETY: it is a registered demuxer, whose name is a static string.
        let (name, flags) = unsafe { (CStr::from_ptr((*demuxer).name), (*demuxer).flags) };
        let name = name.to_string_lossy();
        let reads_files = flags & ffi::AVFMT_NOFILE == 0 || name == "image2";
        if reads_files && !name.split(',').any(&is_left_out) {
            names.push(name.into_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_may_open() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("lists");
        std::fs::create_dir(&folder).unwrap();
        for name in ["lists/a.ts", "b.ts"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let list = format!("file:{}/l.m3u8", folder.display());
        let inside = folder.display();
        for (asked, may) in [
            (list.clone(), true),
            (format!("file:{inside}/a.ts"), true),
            (format!("{inside}/a.ts"), true),
            (format!("crypto+file:{inside}/a.ts"), true),
            (format!("file:{inside}/missing.ts"), true),
            (format!("file:{inside}"), false),
            (format!("file:{inside}/../b.ts"), false),
            (format!("file:{}/b.ts", dir.path().display()), false),
            (format!("crypto:{inside}/../b.ts"), false),
            ("file:/etc/passwd".to_owned(), false),
            ("/etc/passwd".to_owned(), false),
            ("http://127.0.0.1/a.ts".to_owned(), false),
            ("udp://127.0.0.1:9".to_owned(), false),
            (format!("concat:{inside}/a.ts"), false),
            ("data:text/plain,x".to_owned(), true),
        ] {
            assert_eq!(may_open(&list, &asked), may, "{asked}");
        }
    }
}
