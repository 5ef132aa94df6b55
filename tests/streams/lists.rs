//! Playlists, manifests and session descriptions given as clips open nothing outside of their folder, and no address.

use crate::common::clips::{ffmpeg, names, otinterp, retime, words};
use crate::common::played::ffprobe;
use predicates::prelude::*;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What waits on the loopback interface, and must see nothing.
struct Listeners {
    tcp: TcpListener,
    udp: UdpSocket,
}

impl Listeners {
    fn new() -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        tcp.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        Self { tcp, udp }
    }

    fn ports(&self) -> (u16, u16) {
        let (tcp, udp) = (self.tcp.local_addr(), self.udp.local_addr());
        (tcp.unwrap().port(), udp.unwrap().port())
    }

    fn have_seen(&self) -> bool {
        let tcp = self.tcp.accept().map(|_| ()).map_err(|e| e.kind());
        let udp = self.udp.recv(&mut [0; 9]).map(|_| ()).map_err(|e| e.kind());
        [tcp, udp] != [Err(ErrorKind::WouldBlock); 2]
    }
}

/// Lists of every kind whose media lie at such addresses, or at `media`, and the extensions of their own.
fn lists(listeners: &Listeners, media: &Path) -> Vec<(&'static str, String)> {
    let (tcp, udp) = listeners.ports();
    let http = format!("http://127.0.0.1:{tcp}/a.ts");
    let mpd = |url: &str| {
        format!(
            "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" \
             mediaPresentationDuration=\"PT1S\" minBufferTime=\"PT1S\" \
             profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\">\n<Period>\
             <AdaptationSet mimeType=\"video/mp4\"><Representation id=\"0\" bandwidth=\"1000\">\
             <BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>\n"
        )
    };
    let hls = |url: &str| {
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n")
    };
    let path = media.display().to_string();
    vec![
        ("mpd", mpd(&http)),
        ("mpd", mpd(&path)),
        ("m3u8", hls(&http)),
        ("m3u8", hls(&path)),
        ("m3u8", hls("../outside.ts")),
        ("m3u8", hls(&format!("tcp://127.0.0.1:{tcp}"))),
        ("ffconcat", format!("ffconcat version 1.0\nfile {path}\n")),
        ("ffconcat", format!("ffconcat version 1.0\nfile {http}\n")),
        (
            "ffconcat",
            "ffconcat version 1.0\nfile ../outside.ts\n".to_owned(),
        ),
        (
            "sdp",
            format!(
                "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n\
                 m=video {udp} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
            ),
        ),
    ]
}

/// `outside.ts`, ten frames, and a folder `lists` beside it.
fn clip_and_folder(test: &str, dir: &Path) -> Option<(PathBuf, PathBuf)> {
    let media = dir.join("outside.ts");
    let args = "-f lavfi -i testsrc2=size=64x48:rate=10:duration=1 -c:v mpeg2video -f mpegts";
    let path = media.to_str().unwrap();
    ffmpeg(test, &[&words(args)[..], &[path]].concat())?;
    let folder = dir.join("lists");
    std::fs::create_dir(&folder).unwrap();
    Some((media, folder))
}

const METHOD: [&str; 4] = ["--factor", "2", "--method", "hold"];

#[test]
fn lists_open_nothing_elsewhere() {
    let test = "lists_open_nothing_elsewhere";
    let dir = tempfile::tempdir().unwrap();
    let Some((media, folder)) = clip_and_folder(test, dir.path()) else {
        return;
    };
    let listeners = Listeners::new();
    let refused = |args: &[&str], stdin: &str, shown: &str| {
        otinterp()
            .args(args)
            .write_stdin(stdin)
            .timeout(Duration::from_secs(20))
            .assert()
            .code(1)
            // What FFmpeg does not follow from HLS at all is no clip to it.
            .stderr(predicate::str::contains("--allow-").or(predicate::str::contains("not a clip")))
            .stderr(predicate::str::contains(shown))
            .stderr(predicate::function(|s: &str| s.lines().count() <= 2));
    };
    for (extension, list) in lists(&listeners, &media) {
        let out = folder.join("out.mkv");
        let out = ["-o", out.to_str().unwrap(), "-q"];
        // By its name, and under another.
        for name in [format!("a.{extension}"), "clip.mp4".to_owned()] {
            let path = folder.join(&name);
            std::fs::write(&path, &list).unwrap();
            let path = path.to_str().unwrap();
            refused(&[&["retime", path], &METHOD[..], &out].concat(), "", &name);
            refused(&["score", path], "", &name);
            refused(&["distance", path], "", &name);
        }
        // What lies in a folder of clips.
        let batch = ["retime", folder.to_str().unwrap(), "-q"];
        refused(&[&batch[..], &METHOD].concat(), "", "clip.mp4");
        refused(&[&["retime", "-"], &METHOD[..], &out].concat(), &list, "-");
        let left = [format!("a.{extension}"), "clip.mp4".to_owned()];
        assert_eq!(names(&folder), left, "{list}");
        std::fs::remove_file(folder.join(&left[0])).unwrap();
        std::fs::remove_file(folder.join(&left[1])).unwrap();
    }
    assert!(!listeners.have_seen());
}

#[test]
fn lists_open_what_lies_in_their_folder() {
    let test = "lists_open_what_lies_in_their_folder";
    let dir = tempfile::tempdir().unwrap();
    let Some((media, folder)) = clip_and_folder(test, dir.path()) else {
        return;
    };
    std::fs::create_dir(folder.join("sub")).unwrap();
    std::fs::copy(&media, folder.join("sub/a.ts")).unwrap();
    let hls = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\nsub/a.ts\n#EXT-X-ENDLIST\n";
    let concat = "ffconcat version 1.0\nfile sub/a.ts\n";
    let output = dir.path().join("out.mkv");
    for (name, list) in [("a.m3u8", hls), ("a.ffconcat", concat)] {
        let path = folder.join(name);
        std::fs::write(&path, list).unwrap();
        retime(&path, &[&METHOD[..], &["-y"]].concat(), &output);
        assert_eq!(ffprobe(&output, "v", "packet=pts").len(), 20, "{name}");
    }
}

#[test]
fn who_means_it_may_open_more() {
    let test = "who_means_it_may_open_more";
    let dir = tempfile::tempdir().unwrap();
    let Some((media, folder)) = clip_and_folder(test, dir.path()) else {
        return;
    };
    let listeners = Listeners::new();
    let output = dir.path().join("out.mkv");
    let allowed = |extension: &str, place: &str| {
        ["m3u8", "ffconcat"].contains(&extension) && !place.contains("://")
    };
    for (extension, list) in lists(&listeners, &media) {
        if !allowed(extension, &list) {
            continue;
        }
        // HLS is recognised by its name alone by some versions of FFmpeg.
        let path = folder.join(format!("a.{extension}"));
        std::fs::write(&path, &list).unwrap();
        retime(
            &path,
            &[&METHOD[..], &["-y", "--allow-lists"]].concat(),
            &output,
        );
        assert_eq!(ffprobe(&output, "v", "packet=pts").len(), 20, "{list}");
    }
    assert!(!listeners.have_seen());
    // Nor may a list allow itself what was not allowed.
    let (port, _) = listeners.ports();
    let path = folder.join("b.ffconcat");
    let file = format!("file http://127.0.0.1:{port}/a.ts");
    let lifts = "option protocol_whitelist file,http,tcp";
    std::fs::write(&path, format!("ffconcat version 1.0\n{file}\n{lifts}\n")).unwrap();
    otinterp()
        .arg("retime")
        .arg(path)
        .args(METHOD)
        .args(["--allow-lists", "-y", "-q", "-o"])
        .arg(&output)
        .timeout(Duration::from_secs(20))
        .assert()
        .code(1);
    assert!(!listeners.have_seen());
    // The test above sees what it looks for.
    let (_, mpd) = lists(&listeners, &media).swap_remove(0);
    let path = folder.join("a.mpd");
    std::fs::write(&path, mpd).unwrap();
    let caller = std::thread::spawn(move || {
        otinterp()
            .arg("retime")
            .arg(path)
            .args(METHOD)
            .args(["--allow-network", "-y", "-q", "-o"])
            .arg(output)
            .timeout(Duration::from_secs(5))
            .output()
    });
    let seen = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        listeners.have_seen()
    });
    assert!(seen);
    drop(listeners);
    let _ = caller.join().unwrap();
}
