//! What the stages of `retime` allocate for one more frame: no memory for pictures, nor for the tiles' results. Alone in its file, since it
//! counts what the whole process allocates.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use otinterp::{Interpolator, Method, Preset};
use otinterp_cli::pipeline::{self, Observer, Rules};
use otinterp_video::time::{OutputClock, Rational};
use otinterp_video::y4m::{Y4mSink, Y4mSource};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::io;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const WIDTH: usize = 1920;
const HEIGHT: usize = 1080;
/// Of a picture in memory: luma and two chroma planes of a quarter, four bytes each.
const PICTURE_BYTES: usize = WIDTH * HEIGHT * 6;

struct Quiet;
impl Observer for Quiet {}

/// Bands of light that move by 3 px a frame on a fixed grain: all stages have work.
fn clip(frames: usize) -> Vec<u8> {
    let mut clip = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F25:1 Ip A1:1 C420jpeg\n").into_bytes();
    let luma = |x: usize, y: usize| 60 + ((x / 8 + y / 16) * 37 % 100) + (x * 7 + y * 13) % 9;
    for frame in 0..frames {
        clip.extend(b"FRAME\n");
        for y in 0..HEIGHT {
            clip.extend((0..WIDTH).map(|x| luma(x + 3 * frame, y) as u8));
        }
        clip.resize(clip.len() + WIDTH * HEIGHT / 2, 128);
    }
    clip
}

/// Bytes allocated, over all, while so many frames become twice as many.
fn allocated_bytes(frames: usize) -> usize {
    let clip = clip(frames);
    let mut source = Y4mSource::new(&clip[..]).unwrap();
    let mut header = source.header().clone();
    header.rate = Rational::from_integer(50);
    let mut sink = Y4mSink::new(io::sink(), header).unwrap();
    let clock = OutputClock::new(Rational::from_integer(50), Rational::from_integer(1));
    let rules = Rules::new(Interpolator::new(Method::Ot, Preset::Fast));
    let region = Region::new(ALLOCATOR);
    let counts = pipeline::retime(&mut source, &mut sink, clock, &rules, None, &Quiet).unwrap();
    let change = region.change();
    assert_eq!(counts.frames_out, 2 * frames as u64);
    change.bytes_allocated
}

#[test]
fn one_more_frame_allocates_no_picture() {
    // The first run starts what stays: threads, their memory, spare planes.
    allocated_bytes(8);
    let [short, long] = [8, 20].map(allocated_bytes);
    let per_frame = (long as f64 - short as f64) / 12.0 / PICTURE_BYTES as f64;
    // A frame is read into one picture and makes another: two more, if they were allocated. What is left are planes of cells.
    println!("{per_frame:.2} of a picture for one more frame");
    assert!(per_frame < 1.5, "{per_frame:.2} pictures");
}
