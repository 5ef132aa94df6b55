use super::header::Header;
use super::reader::Y4mSource;
use super::writer::Y4mSink;
use crate::clip::{Result, Sink, Source};
use crate::time::{Rational, Shown};

/// Every colour space, with the bytes of a 5×3 frame: Y, U, V, alpha.
const COLOURS: &[(&str, usize)] = &[
    ("mono", 15),
    ("mono10", 30),
    ("mono16", 30),
    ("420", 15 + 2 * 6),
    ("420jpeg", 15 + 2 * 6),
    ("420mpeg2", 15 + 2 * 6),
    ("420paldv", 15 + 2 * 6),
    ("420p9", 2 * (15 + 2 * 6)),
    ("420p10", 2 * (15 + 2 * 6)),
    ("420p16", 2 * (15 + 2 * 6)),
    ("411", 15 + 2 * 6),
    ("422", 15 + 2 * 9),
    ("422p12", 2 * (15 + 2 * 9)),
    ("444", 45),
    ("444p14", 90),
    ("444alpha", 60),
];

fn stream(colour: &str, frame_bytes: usize, frames: usize) -> Vec<u8> {
    let mut out =
        format!("YUV4MPEG2 W5 H3 F30000:1001 It A3:2 C{colour} XYSCSS=X XCOLORRANGE=FULL\n")
            .into_bytes();
    for frame in 0..frames {
        out.extend(b"FRAME\n");
        // High bytes stay below the smallest depth above 8: 2^9 / 256 = 2.
        out.extend((0..frame_bytes).map(|i| (i * 7 + frame) as u8 % 2));
    }
    out
}

fn copy(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut source = Y4mSource::new(bytes)?;
    let mut out = Vec::new();
    let mut sink = Y4mSink::new(&mut out, source.header().clone())?;
    while let Some(frame) = source.next()? {
        sink.write(&frame.picture, Shown::nth(0, Rational::from_integer(25)))?;
    }
    sink.finish()?;
    Ok(out)
}

#[test]
fn every_colour_space_comes_back_byte_for_byte() {
    for &(colour, frame_bytes) in COLOURS {
        let bytes = stream(colour, frame_bytes, 2);
        assert_eq!(copy(&bytes).unwrap(), bytes, "{colour}");
    }
}

#[test]
fn every_depth_comes_back_byte_for_byte() {
    for depth in 9..=16 {
        for (layout, samples) in [("420p", 27), ("422p", 33), ("444p", 45), ("mono", 15)] {
            let colour = format!("{layout}{depth}");
            let bytes = stream(&colour, 2 * samples, 2);
            assert_eq!(copy(&bytes).unwrap(), bytes, "{colour}");
            let source = Y4mSource::new(&bytes[..]).unwrap();
            let made = Header::new(source.info(), source.header().rate).unwrap();
            assert_eq!(made.colour(), colour);
        }
    }
}

#[test]
fn headers_made_from_a_header_mean_the_same() {
    for &(colour, frame_bytes) in COLOURS {
        let bytes = stream(colour, frame_bytes, 0);
        let source = Y4mSource::new(&bytes[..]).unwrap();
        let made = Header::new(source.info(), source.header().rate).unwrap();
        let line = made.line();
        let again = Header::parse(line.trim_end().as_bytes()).unwrap();
        assert_eq!(again.format, source.header().format, "{colour}: {line}");
        assert_eq!(again.rate, Rational::new(30000, 1001));
        assert_eq!(again.sample_aspect, Some((3, 2)));
        assert!(again.interlaced);
    }
}

#[test]
fn only_the_rate_changes_with_the_rate() {
    let bytes = stream("420p10", 54, 0);
    let source = Y4mSource::new(&bytes[..]).unwrap();
    let header = source
        .header()
        .clone()
        .with_rate(Rational::from_integer(60));
    assert_eq!(
        header.line(),
        "YUV4MPEG2 W5 H3 F60:1 It A3:2 C420p10 XYSCSS=X XCOLORRANGE=FULL\n"
    );
}

#[test]
fn times_are_exact() {
    let bytes = stream("mono", 15, 4);
    let mut source = Y4mSource::new(&bytes[..]).unwrap();
    let mut times = Vec::new();
    while let Some(frame) = source.next().unwrap() {
        assert_eq!(frame.duration, Some(Rational::new(1001, 30000)));
        times.push(frame.time);
    }
    assert_eq!(times, [0, 1, 2, 3].map(|n| Rational::new(n * 1001, 30000)));
}

#[test]
fn a_stream_cut_off_within_a_frame_says_so() {
    let mut bytes = stream("422", 33, 3);
    bytes.truncate(bytes.len() - 1);
    let mut source = Y4mSource::new(&bytes[..]).unwrap();
    let mut frames = 0;
    while source.next().unwrap().is_some() {
        frames += 1;
    }
    assert_eq!(frames, 2);
    // Its header says that frames hold fields, which nobody has made whole here.
    let warnings = source.warnings();
    assert_eq!(warnings[0], "the stream is cut off within frame 2");
    assert!(warnings.len() == 2 && warnings[1].contains("interlaced"));
}

#[test]
fn what_is_no_y4m_is_refused() {
    for bytes in [
        &b""[..],
        b"RIFF....AVI \n",
        b"YUV4MPEG2 W5 H3 F25:1",
        b"YUV4MPEG2 W5 F25:1\n",
        b"YUV4MPEG2 W0 H3 F25:1\n",
        b"YUV4MPEG2 W99999999 H3 F25:1\n",
        b"YUV4MPEG2 W5 H3 F25:1 C420p99\n",
        b"YUV4MPEG2 W5 H3 F25:1 Cxyz\n",
        b"YUV4MPEG2 W5 H3 F25:1 \xff\n",
    ] {
        assert!(Y4mSource::new(bytes).is_err(), "{:?}", bytes.escape_ascii());
    }
    let mut source = Y4mSource::new(&b"YUV4MPEG2 W5 H3\nFRAM\n"[..]).unwrap();
    assert!(source.next().is_err());
}
