//! Hands on which FFmpeg is linked: some fields moved between its versions.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(ffmpeg_8_0)");
    // Set by ffmpeg-sys-next's build script to "true" where FFmpeg is 8.0 or later.
    if std::env::var("DEP_FFMPEG_FFMPEG_8_0").is_ok_and(|v| v == "true") {
        println!("cargo::rustc-cfg=ffmpeg_8_0");
    }
}
