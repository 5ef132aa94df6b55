//! The pipeline on sources and sinks in memory: exact times, order, errors.

use crate::drawn::{Quiet, info};
use ndarray::Array2;
use otinterp::picture::{Format, Picture};
use otinterp::{Interpolator, Method, Preset};
use otinterp_cli::pipeline::{self, Observer, Rules};
use otinterp_video::time::{OutputClock, Rational};
use otinterp_video::{Error, Frame, Info, Result, Shown, Sink, Source};
use std::sync::atomic::{AtomicU64, Ordering};

fn r(num: i128, den: i128) -> Rational {
    Rational::new(num, den)
}

/// Grey frames of one value each, at given times.
struct Greys {
    info: Info,
    frames: Vec<(f32, Rational)>,
    next: usize,
    last_duration: Option<Rational>,
    fails_at: Option<usize>,
}

impl Greys {
    fn new(frames: Vec<(f32, Rational)>, last_duration: Option<Rational>) -> Self {
        let info = info((4, 4), None);
        Self {
            info,
            frames,
            next: 0,
            last_duration,
            fails_at: None,
        }
    }
}

impl Source for Greys {
    fn info(&self) -> &Info {
        &self.info
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        if self.fails_at == Some(self.next) {
            return Err(Error::Invalid("the source fails".into()));
        }
        let Some(&(value, time)) = self.frames.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let duration = self
            .last_duration
            .filter(|_| self.next == self.frames.len());
        let picture = Picture::new(Format::gray(8), vec![Array2::from_elem((4, 4), value)])?;
        Ok(Some(Frame {
            picture,
            time,
            duration,
            is_context: false,
        }))
    }
}

#[derive(Default)]
struct Collected {
    values: Vec<f32>,
    shown: Vec<Shown>,
    finished: bool,
    fails_at: Option<usize>,
}

impl Sink for Collected {
    fn write(&mut self, picture: &Picture, shown: Shown) -> Result<()> {
        if self.fails_at == Some(self.values.len()) {
            // By now all queues are full, and the other stages wait.
            std::thread::sleep(std::time::Duration::from_millis(50));
            return Err(Error::Invalid("the sink fails".into()));
        }
        self.values.push(picture.planes()[0][(0, 0)]);
        self.shown.push(shown);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.finished = true;
        Ok(())
    }
}

fn run(
    source: &mut Greys,
    sink: &mut Collected,
    rate: Rational,
    slowdown: Rational,
) -> std::result::Result<pipeline::Counts, pipeline::Error> {
    let interpolator = Interpolator::new(Method::CrossFade, Preset::Fast);
    pipeline::retime(
        source,
        sink,
        OutputClock::new(rate, slowdown),
        &Rules::new(interpolator),
        None,
        &Quiet,
    )
}

#[test]
fn in_betweens_use_the_true_times_of_variable_rate_clips() {
    // At 7.0, 7.1, 7.5 s; the last lasts 0.2 s. Values are 100 times the seconds, so that a
    // cross-fade at the right t has the value of its own time.
    let frames = vec![(0.0, r(70, 10)), (10.0, r(71, 10)), (50.0, r(75, 10))];
    let (mut source, mut sink) = (Greys::new(frames, Some(r(2, 10))), Collected::default());
    let counts = run(&mut source, &mut sink, r(20, 1), r(1, 1)).unwrap();
    let ramp = (0..10).map(|k| 5.0 * k as f32);
    let expected: Vec<f32> = ramp.chain([50.0; 4]).collect();
    assert_eq!(sink.values, expected);
    assert!(sink.finished);
    assert_eq!(counts.frames_in, 3);
    assert_eq!(counts.frames_out, 14);
    assert_eq!(counts.duration, r(7, 10));
}

#[test]
fn a_last_frame_without_duration_lasts_as_long_as_the_one_before() {
    let frames = vec![(0.0, r(0, 1)), (10.0, r(1, 10)), (50.0, r(5, 10))];
    let (mut source, mut sink) = (Greys::new(frames, None), Collected::default());
    let counts = run(&mut source, &mut sink, r(10, 1), r(1, 1)).unwrap();
    assert_eq!(counts.duration, r(9, 10));
    assert_eq!(
        sink.values,
        [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 50.0, 50.0, 50.0]
    );
}

#[test]
fn slow_motion_stretches_time() {
    let frames = vec![(0.0, r(0, 1)), (40.0, r(1, 10))];
    let (mut source, mut sink) = (Greys::new(frames, Some(r(1, 10))), Collected::default());
    run(&mut source, &mut sink, r(10, 1), r(4, 1)).unwrap();
    assert_eq!(sink.values, [0.0, 10.0, 20.0, 30.0, 40.0, 40.0, 40.0, 40.0]);
}

#[test]
fn the_first_error_is_the_one_told() {
    let frames = || (0..50).map(|k| (k as f32, r(k, 10))).collect::<Vec<_>>();
    let mut source = Greys::new(frames(), None);
    source.fails_at = Some(20);
    let mut sink = Collected::default();
    let error = run(&mut source, &mut sink, r(40, 1), r(1, 1)).unwrap_err();
    assert_eq!(error.to_string(), "the source fails");
    assert!(!sink.finished);

    let mut source = Greys::new(frames(), None);
    let mut sink = Collected {
        fails_at: Some(7),
        ..Collected::default()
    };
    let error = run(&mut source, &mut sink, r(40, 1), r(1, 1)).unwrap_err();
    assert_eq!(error.to_string(), "output: the sink fails");
    assert!(!sink.finished);
    assert!(source.next < 20, "reading went on to frame {}", source.next);
}

#[test]
fn an_interrupt_ends_it_without_finishing_the_output() {
    struct After(AtomicU64);
    impl Observer for After {
        fn is_interrupted(&self) -> bool {
            self.0.load(Ordering::SeqCst) >= 5
        }
        fn written(&self, frames: u64) {
            self.0.store(frames, Ordering::SeqCst);
        }
    }
    let mut source = Greys::new((0..1000).map(|k| (1.0, r(k, 10))).collect(), None);
    let mut sink = Collected::default();
    let clock = OutputClock::new(r(10, 1), r(1, 1));
    let observer = After(AtomicU64::new(0));
    let result = pipeline::retime(
        &mut source,
        &mut sink,
        clock,
        &Rules::new(Interpolator::default()),
        None,
        &observer,
    );
    assert!(matches!(result, Err(pipeline::Error::Interrupted)));
    assert!(!sink.finished);
    assert!(source.next < 50);
}

#[test]
fn one_frame_has_nothing_in_between() {
    for count in 0..2 {
        let mut source = Greys::new(vec![(0.0, r(0, 1)); count], None);
        let error = run(&mut source, &mut Collected::default(), r(10, 1), r(1, 1)).unwrap_err();
        assert!(matches!(error, pipeline::Error::TooShort(n) if n == count as u64));
    }
}

/// Two equal frames of noise and one of other noise, a second apart.
struct Cut(Info, u64);

impl Source for Cut {
    fn info(&self) -> &Info {
        &self.0
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        let n = self.1;
        self.1 += 1;
        let seed = if n < 2 { 1.0 } else { 2.0f32 };
        let noise = |(y, x): (usize, usize)| {
            let value = (x as f32 * 12.9898 + y as f32 * 78.233 + seed).sin() * 43_758.547;
            255.0 * (value - value.floor())
        };
        let picture = Picture::new(
            Format::gray(8),
            vec![Array2::from_shape_fn((96, 96), noise)],
        )?;
        let time = r(i128::from(n), 1);
        Ok((n < 3).then_some(Frame {
            picture,
            time,
            duration: None,
            is_context: false,
        }))
    }
}

#[test]
fn the_share_that_no_motion_explains_is_the_mean_over_the_in_betweens() {
    let mut source = Cut(Greys::new(Vec::new(), None).info, 0);
    let clock = OutputClock::new(r(2, 1), r(1, 1));
    let interpolator = Interpolator::new(Method::Ot, Preset::Fast);
    let mut sink = Collected::default();
    let counts = pipeline::retime(
        &mut source,
        &mut sink,
        clock,
        &Rules::new(interpolator),
        None,
        &Quiet,
    )
    .unwrap();
    assert_eq!((counts.frames_in, counts.frames_out), (3, 6));
    // Nothing between the equal frames, nearly all between the others.
    let share = counts.unexplained_share;
    assert!((0.3..=0.5).contains(&share), "{share}");
}
