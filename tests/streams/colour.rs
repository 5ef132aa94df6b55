//! Alpha, colour, light and fields in `retime`: kept, or named where they cannot be.

use crate::common::clips::{data, ffmpeg, retime};
use crate::encoded::{TWICE, first_frame, has_encoder, hashes, made, probe};
use std::path::{Path, PathBuf};

#[test]
fn alpha_is_kept_or_missed() {
    let test = "alpha_is_kept_or_missed";
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.nut");
    let filter = "format=yuva444p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='X*4'";
    let args = ["-vf", filter, "-pix_fmt", "yuva420p", "-c:v", "rawvideo"];
    if made(test, &input, 4, &args).is_none() {
        return;
    }
    let alpha = |path: &Path, decoder: &[&str]| {
        first_frame(test, decoder, path, &["-vf", "alphaextract,format=gray"])
    };
    let given = alpha(&input, &[]);
    let vp9: &[&str] = &["-c:v", "libvpx-vp9"];
    for (name, codec, decoder) in [
        ("a.webm", "libvpx-vp9", vp9),
        ("a.mov", "prores_ks", &[]),
        ("b.mov", "", &[]),
        ("a.mkv", "ffv1", &[]),
        ("a_%d.png", "", &[]),
    ] {
        if !codec.is_empty() && !has_encoder(codec) {
            continue;
        }
        let output = dir.path().join(name);
        let args: &[&str] = if codec.is_empty() {
            &[]
        } else {
            &["--codec", codec]
        };
        let said = retime(&input, &[TWICE, args].concat(), &output);
        assert!(!said.contains("cannot be kept"), "{name}: {said}");
        let found = alpha(&output, decoder);
        assert_eq!(found.len(), given.len(), "{name}");
        let off = found
            .iter()
            .zip(&given)
            .map(|(a, b)| a.abs_diff(*b))
            .max()
            .unwrap();
        assert!(off <= 12, "{name}: {off}");
    }
    let said = retime(
        &input,
        &[TWICE, &["--codec", "libx264"]].concat(),
        &dir.path().join("a.mp4"),
    );
    assert!(
        said.contains("cannot be kept in the output: alpha"),
        "{said}"
    );
}

/// Side data of the first frame and the stream, sorted, without what belongs to one encoder.
fn light(path: &Path) -> Vec<String> {
    let keys = [
        "red_x",
        "red_y",
        "green_x",
        "green_y",
        "blue_x",
        "blue_y",
        "white_point_x",
        "white_point_y",
        "min_luminance",
        "max_luminance",
        "max_content",
        "max_average",
    ];
    let all = probe(path, "stream_side_data:frame_side_data");
    let mut found: Vec<String> = all
        .lines()
        .filter_map(|l| {
            let (key, value) = l.split_once('=')?;
            let value = match value.split_once('/') {
                Some((n, d)) => n.parse::<f64>().ok()? / d.parse::<f64>().ok()?,
                None => value.parse().ok()?,
            };
            keys.contains(&key).then(|| format!("{key} {value:.5}"))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

const COLOURS: &str =
    "stream=pix_fmt,color_range,color_space,color_transfer,color_primaries,chroma_location";

fn hdr10(test: &str, path: &Path) -> Option<()> {
    let params = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited:\
        chromaloc=2:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)\
        L(10000000,50):max-cll=1000,400";
    let colours = [
        "-pix_fmt",
        "yuv420p10le",
        "-color_primaries",
        "bt2020",
        "-color_trc",
        "smpte2084",
        "-colorspace",
        "bt2020nc",
        "-color_range",
        "tv",
    ];
    let codec = [
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        params,
    ];
    made(test, path, 4, &[&colours[..], &codec].concat())
}

#[test]
fn hdr10_stays_hdr10() {
    let test = "hdr10_stays_hdr10";
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.mp4");
    if !has_encoder("libx265") || hdr10(test, &input).is_none() {
        return;
    }
    let given = light(&input);
    assert_eq!(given.len(), 12, "{given:?}");
    let colours = probe(&input, COLOURS);
    assert!(
        colours.contains("smpte2084") && colours.contains("chroma_location=topleft"),
        "{colours}"
    );
    for (name, codec) in [
        ("a.mp4", "libx265"),
        ("a.mkv", "libx265"),
        ("a.ts", "libx265"),
        ("b.mkv", "ffv1"),
        ("b.mp4", "libsvtav1"),
        ("c.mkv", "libsvtav1"),
        ("d.mkv", "libaom-av1"),
    ] {
        if !has_encoder(codec) {
            continue;
        }
        let output = dir.path().join(name);
        let said = retime(&input, &[TWICE, &["--codec", codec]].concat(), &output);
        assert_eq!(light(&output), given, "{name} {codec}");
        let found = probe(&output, COLOURS);
        let lost = said.contains("chroma siting (topleft)");
        for line in colours
            .lines()
            .filter(|l| !(lost && l.starts_with("chroma")))
        {
            assert!(
                found.contains(line),
                "{name} {codec}: {line}\n{found}{said}"
            );
        }
        assert!(lost || said.is_empty(), "{name} {codec}: {said}");
    }
    let said = retime(
        &input,
        &[TWICE, &["--codec", "ffv1"]].concat(),
        &dir.path().join("a.avi"),
    );
    assert!(
        said.contains("cannot be kept in the output: HDR10 mastering"),
        "{said}"
    );
}

#[test]
fn interlaced_pictures_become_whole() {
    let test = "interlaced_pictures_become_whole";
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.mkv");
    let fields = [
        "-vf",
        "interlace,format=yuv420p",
        "-c:v",
        "ffv1",
        "-field_order",
        "tt",
    ];
    let source = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=64x64:rate=50:duration=0.4",
    ];
    let path = input.to_str().unwrap();
    if ffmpeg(test, &[&source[..], &fields, &[path]].concat()).is_none() {
        return;
    }
    let output = dir.path().join("out.mkv");
    let lossless = ["--codec", "ffv1", "-y"];
    let said = retime(&input, &[TWICE, &lossless].concat(), &output);
    assert!(said.contains("bwdif"), "{said}");
    let whole = hashes(test, &output, "yuv420p");
    assert_eq!(whole.len(), 2 * hashes(test, &input, "yuv420p").len());
    // The same as FFmpeg's own, at source frames.
    let own = dir.path().join("own.mkv");
    let args = ["-i", path, "-vf", "bwdif=mode=send_frame", "-c:v", "ffv1"];
    ffmpeg(test, &[&args[..], &[own.to_str().unwrap()]].concat()).unwrap();
    let own = hashes(test, &own, "yuv420p");
    let at_sources: Vec<_> = whole.iter().step_by(2).cloned().collect();
    assert_eq!(at_sources, own);
    let said = retime(
        &input,
        &[TWICE, &lossless, &["--no-deinterlace"]].concat(),
        &output,
    );
    assert!(
        said.contains("interlaced") && !said.contains("bwdif"),
        "{said}"
    );
    assert_eq!(
        hashes(test, &output, "yuv420p")[0],
        hashes(test, &input, "yuv420p")[0]
    );
}

#[test]
fn real_hdr_and_interlaced_clips() {
    let test = "real_hdr_and_interlaced_clips";
    let Some(data) = data(test) else { return };
    let dir = tempfile::tempdir().unwrap();
    let hard = |name: &str| -> PathBuf { data.join("hard").join(name) };
    let hold = [
        "--fps",
        "10",
        "--method",
        "hold",
        "--encoder-preset",
        "ultrafast",
    ];
    for (name, output) in [
        ("hdr10_pq_10bit_vfr.mp4", "a.mp4"),
        ("hdr10_pq_10bit_vfr.mp4", "a.mkv"),
        ("hlg_10bit_av1.mkv", "b.mkv"),
    ] {
        let output = dir.path().join(output);
        let said = retime(&hard(name), &hold, &output);
        assert_eq!(light(&output), light(&hard(name)), "{name} {said}");
        let (given, found) = (probe(&hard(name), COLOURS), probe(&output, COLOURS));
        for line in given
            .lines()
            .filter(|l| !l.ends_with("=unspecified") && !l.ends_with("=unknown"))
        {
            assert!(found.contains(line), "{name}: {line}\n{found}{said}");
        }
    }
    let output = dir.path().join("i.mp4");
    let said = retime(&hard("derived_interlaced_tff.mp4"), &hold, &output);
    assert!(said.contains("bwdif"), "{said}");
    // Where the container cannot say it, the pictures are turned.
    let input = hard("rot90.mov");
    let said = retime(&input, &hold, &dir.path().join("r.nut"));
    assert!(!said.contains("rotation"), "{said}");
    let [was, is] = [&input, &dir.path().join("r.nut")].map(|path| {
        let lines = probe(path, "stream=width,height");
        let numbers = lines
            .lines()
            .filter_map(|l| l.split_once('=')?.1.parse().ok());
        numbers.collect::<Vec<u32>>()
    });
    assert_eq!([was[0], was[1]], [is[1], is[0]]);
}
