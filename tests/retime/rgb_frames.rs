//! `RgbFrames` gives the bytes that the `ffmpeg` program gives.

use crate::common::clips::data;
use otinterp_video::RgbFrames;
use std::path::Path;
use std::process::Command;

fn with_ffmpeg(path: &Path, frames: usize) -> Option<Vec<u8>> {
    let out = Command::new("ffmpeg")
        .args(["-v", "error", "-noautorotate", "-i"])
        .arg(path)
        .args(["-vsync", "0", "-frames:v", &frames.to_string(), "-vf"])
        .arg("scale=iw:ih:flags=area+accurate_rnd+full_chroma_int")
        .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
        .output();
    out.ok().map(|o| o.stdout)
}

#[test]
fn bytes_equal_those_of_the_ffmpeg_program() {
    let test = "bytes_equal_those_of_the_ffmpeg_program";
    let Some(data) = data(test) else { return };
    let frames = 3;
    for name in [
        "clips/foreman_h264.mp4", // 4:2:0, untagged
        "clips/asl_walk.mkv",     // full range
        "clips/blackswan.mp4",
        "clips/stream_of_water.webm",
        "clips/newtonscradle.gif", // palette
        "hard/h264_10bit.mp4",
        "hard/hdr10_pq_10bit_vfr.mp4", // BT.2020
        "hard/derived_ffv1_422_10bit.mkv",
        "hard/yuv444_chapters.mkv",
        "hard/fullrange_yuvj.mp4", // full range, BT.709
        "hard/derived_odd_321x241.mkv",
    ] {
        let path = data.join(name);
        let Some(expected) = with_ffmpeg(&path, frames) else {
            return eprintln!("skipped: {test}: there is no ffmpeg program");
        };
        let mut found = Vec::new();
        for picture in RgbFrames::open(&path, otinterp_video::Access::Folder)
            .unwrap()
            .take(frames)
        {
            let picture = picture.unwrap();
            let planes = picture.planes();
            for (index, r) in planes[0].indexed_iter() {
                found.extend([*r as u8, planes[1][index] as u8, planes[2][index] as u8]);
            }
        }
        assert!(!expected.is_empty(), "{name}");
        let worst = expected
            .iter()
            .zip(&found)
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert_eq!(expected.len(), found.len(), "{name}");
        assert_eq!(worst, Some(0), "{name}");
    }
}
