//! Time codes `HH:MM:SS:FF` of SMPTE ST 12-1: the label of the first frame.

use super::metadata::{Tags, dictionary};
use super::origin::Origin;
use crate::time::{OutputClock, Rational};
use ffmpeg_next::format::context::Output;

/// The tag of containers and streams.
const TAG: &str = "timecode";

/// Has the time codes of an output begin with the frame that it begins with, and count its frames. One that cannot be read
/// is left out: the muxers would refuse it at the end.
pub(super) fn adjust(output: &mut Output, origin: &Origin, clock: &OutputClock) {
    let (from, to) = (origin.interval.recip(), clock.rate());
    let adjusted = |tags: &mut dyn Iterator<Item = (&str, &str)>| -> Option<Tags> {
        let mut is_there = false;
        let tags = tags
            .filter_map(|(key, value)| {
                let value = match key.eq_ignore_ascii_case(TAG) {
                    true => {
                        is_there = true;
                        moved(value, origin.after, from, to)?
                    }
                    false => value.to_owned(),
                };
                Some((key.to_owned(), value))
            })
            .collect();
        is_there.then_some(tags)
    };
    if let Some(tags) = adjusted(&mut output.metadata().iter()) {
        output.set_metadata(dictionary(&tags));
    }
    for index in 0..output.nb_streams() as usize {
        if let Some(mut stream) = output.stream_mut(index)
            && let Some(tags) = adjusted(&mut stream.metadata().iter())
        {
            stream.set_metadata(dictionary(&tags));
        }
    }
}

/// The label of the frame that stands `after_s` seconds behind the one of this label, at another frame rate. Its time of day
/// stays, its frame number counts the frames of the new rate; `None` for what is no time code.
pub(super) fn moved(
    label: &str,
    after_s: Rational,
    from: Rational,
    to: Rational,
) -> Option<String> {
    let (old, new) = (
        Count::of(from, label.contains(';'))?,
        Count::of(to, label.contains(';'))?,
    );
    let fields: Vec<i128> = label
        .split([':', ';', '.'])
        .map(|field| field.parse().ok().filter(|n| (0..1000).contains(n)))
        .collect::<Option<_>>()?;
    let [hours, minutes, seconds, frames] = fields.try_into().ok()?;
    if minutes > 59 || seconds > 59 || frames >= old.frames_per_second {
        return None;
    }
    let first = old.number([hours, minutes, seconds, frames]);
    let number = first + (after_s * from).round().to_integer();
    let [hours, minutes, seconds, frames] = old.label(number);
    let frames = frames * new.frames_per_second / old.frames_per_second;
    let mark = if new.drops { ';' } else { ':' };
    Some(format!(
        "{hours:02}:{minutes:02}:{seconds:02}{mark}{frames:02}"
    ))
}

/// How frames are counted.
struct Count {
    frames_per_second: i128,
    /// Whether numbers are passed over, so that 30000/1001 and its multiples keep to the clock: the first two of 30 in every
    /// minute but each tenth.
    drops: bool,
}

impl Count {
    fn of(rate: Rational, drops: bool) -> Option<Self> {
        let frames_per_second = rate.round().to_integer();
        let is_ntsc = rate == Rational::new(frames_per_second * 1000, 1001);
        (frames_per_second > 0).then_some(Self {
            frames_per_second,
            drops: drops && is_ntsc && frames_per_second % 30 == 0,
        })
    }

    /// Numbers that are passed over in a minute.
    fn dropped(&self) -> i128 {
        match self.drops {
            true => self.frames_per_second / 15,
            false => 0,
        }
    }

    /// The number of the frame of this label, from that of midnight.
    fn number(&self, [hours, minutes, seconds, frames]: [i128; 4]) -> i128 {
        let minutes = 60 * hours + minutes;
        let all = (60 * minutes + seconds) * self.frames_per_second + frames;
        all - self.dropped() * (minutes - minutes / 10)
    }

    fn label(&self, number: i128) -> [i128; 4] {
        let rate = self.frames_per_second;
        let (dropped, minute) = (self.dropped(), 60 * rate - self.dropped());
        let ten_minutes = 600 * rate - 9 * dropped;
        let number = number.rem_euclid(144 * ten_minutes);
        let (tens, rest) = (number / ten_minutes, number % ten_minutes);
        // The first minute of ten passes over none.
        let passed = 9 * tens + ((rest - dropped) / minute).max(0);
        let all = number + dropped * passed;
        let seconds = all / rate;
        [seconds / 3600, seconds / 60 % 60, seconds % 60, all % rate]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(num: i128, den: i128) -> Rational {
        Rational::new(num, den)
    }

    #[test]
    fn labels_move_with_the_first_frame() {
        let pal = r(25, 1);
        let ntsc = r(30000, 1001);
        for (label, after, from, to, wanted) in [
            ("01:00:00:12", r(0, 1), pal, pal, "01:00:00:12"),
            ("01:00:00:12", r(0, 1), pal, r(50, 1), "01:00:00:24"),
            ("01:00:00:12", r(1, 1), pal, r(50, 1), "01:00:01:24"),
            ("01:00:00:20", r(2, 5), pal, pal, "01:00:01:05"),
            ("23:59:59:24", r(1, 25), pal, pal, "00:00:00:00"),
            // The first labels after 59 s 29 are those of frame 2.
            ("00:00:59;29", r(1001, 30000), ntsc, ntsc, "00:01:00;02"),
            ("00:09:59;29", r(1001, 30000), ntsc, ntsc, "00:10:00;00"),
            (
                "00:00:59;29",
                r(1001, 30000),
                ntsc,
                r(60000, 1001),
                "00:01:00;04",
            ),
            // An hour on the clock.
            ("00:00:00;00", r(3600, 1), ntsc, ntsc, "01:00:00;00"),
            // Only such rates have it.
            ("00:01:00;02", r(0, 1), ntsc, r(60, 1), "00:01:00:04"),
            ("00:00:59:29", r(1001, 30000), ntsc, ntsc, "00:01:00:00"),
            (
                "10:00:00:10",
                r(0, 1),
                r(24000, 1001),
                r(60, 1),
                "10:00:00:25",
            ),
        ] {
            assert_eq!(
                moved(label, after, from, to).as_deref(),
                Some(wanted),
                "{label}"
            );
        }
        for label in [
            "",
            "01:00:00",
            "01:00:00:25",
            "01:60:00:00",
            "a:b:c:d",
            "-1:00:00:00",
        ] {
            assert_eq!(moved(label, r(0, 1), pal, pal), None, "{label}");
        }
    }
}
