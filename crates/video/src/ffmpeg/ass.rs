//! Times inside the text of ASS subtitles: karaoke, fades and movements count from the beginning of their event.
//!
//! After "ASS: Advanced Substation Alpha" (the specification of Aegisub) and what libass makes of it.

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Retiming {
    /// How many times slower it goes.
    pub(super) slowdown: f64,
    /// How long it was shown, in milliseconds.
    pub(super) duration_ms: f64,
    /// So much of its beginning is cut off, in milliseconds.
    pub(super) cut_before_ms: f64,
    /// So much of its end.
    pub(super) cut_after_ms: f64,
}

/// Fields before the text in what FFmpeg and Matroska take for an event: ReadOrder, Layer, Style, Name, three margins, Effect.
const FIELDS: usize = 8;

impl Retiming {
    fn is_cut(&self) -> bool {
        self.cut_before_ms > 0.0 || self.cut_after_ms > 0.0
    }

    /// A time of the event, in milliseconds.
    fn place(&self, time_ms: f64) -> f64 {
        ((time_ms - self.cut_before_ms) * self.slowdown).round()
    }

    /// An event with its times changed.
    pub(super) fn event(&self, event: &str) -> String {
        let mut fields: Vec<String> = event.splitn(FIELDS + 1, ',').map(str::to_owned).collect();
        if let [.., effect, text] = fields.as_mut_slice()
            && event.matches(',').count() >= FIELDS
        {
            *effect = self.effect(effect);
            *text = self.text(text);
        }
        fields.join(",")
    }

    /// `Banner;delay;…` and `Scroll up;y1;y2;delay;…` go by a pixel in so many milliseconds.
    fn effect(&self, effect: &str) -> String {
        let mut parts: Vec<String> = effect.split(';').map(str::to_owned).collect();
        let delay = match parts[0].trim() {
            "Banner" => 1,
            "Scroll up" | "Scroll down" => 3,
            _ => return effect.to_owned(),
        };
        if let Some(part) = parts.get_mut(delay)
            && let Ok(ms) = part.trim().parse::<f64>()
        {
            *part = (ms * self.slowdown).round().to_string();
        }
        parts.join(";")
    }

    /// The text, whose override blocks stand in braces.
    fn text(&self, text: &str) -> String {
        let (mut out, mut rest) = (String::new(), text);
        // Karaoke that is cut off comes out of the first syllables.
        let mut cut_ms = self.cut_before_ms;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((block, after)) = after.split_once('}') else {
                break;
            };
            out.push_str(before);
            out.push('{');
            out.push_str(&self.block(block, &mut cut_ms));
            out.push('}');
            rest = after;
        }
        out + rest
    }

    /// An override block: tags that begin with `\`, some with arguments in brackets, which may hold tags themselves.
    fn block(&self, block: &str, cut_ms: &mut f64) -> String {
        let mut out = String::new();
        let mut rest = block;
        while let Some((before, tag)) = rest.split_once('\\') {
            out.push_str(before);
            out.push('\\');
            let name_length = tag
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tag.len());
            let (name, after) = tag.split_at(name_length);
            let arguments = after.strip_prefix('(').and_then(in_brackets);
            let changed = match (name, arguments) {
                ("k" | "K" | "kf" | "ko", _) => self.karaoke(name, after, cut_ms),
                ("move", Some((inside, after))) => self.movement(inside).map(|s| (s, after)),
                ("fad", Some((inside, after))) => self.fade(inside).map(|s| (s, after)),
                ("fade", Some((inside, after))) => self.long_fade(inside).map(|s| (s, after)),
                ("t", Some((inside, after))) => Some((self.transform(inside), after)),
                _ => None,
            };
            match changed {
                Some((changed, after)) => {
                    out.push_str(&changed);
                    rest = after;
                }
                None => {
                    out.push_str(name);
                    rest = after;
                }
            }
        }
        out + rest
    }

    /// `\k50`: a syllable of so many hundredths of a second.
    fn karaoke<'a>(
        &self,
        name: &str,
        after: &'a str,
        cut_ms: &mut f64,
    ) -> Option<(String, &'a str)> {
        let length = after
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(after.len());
        let (number, after) = after.split_at(length);
        let syllable_ms = 10.0 * number.parse::<f64>().ok()?;
        let cut = cut_ms.min(syllable_ms);
        *cut_ms -= cut;
        let centiseconds = ((syllable_ms - cut) * self.slowdown / 10.0).round();
        Some((format!("{name}{centiseconds}"), after))
    }

    /// `\move(x1,y1,x2,y2[,t1,t2])`: without times from the beginning to the end.
    fn movement(&self, inside: &str) -> Option<String> {
        let parts: Vec<&str> = inside.split(',').collect();
        let times = match parts.len() {
            4 if !self.is_cut() => return None,
            4 => [0.0, self.duration_ms],
            6 => numbers(&parts[4..])?,
            _ => return None,
        };
        // To libass, no time at all is from the beginning to the end.
        let times = match times {
            [t1, t2] if t1 <= 0.0 && t2 <= 0.0 => [0.0, self.duration_ms],
            times => times,
        };
        let [t1, t2] = times.map(|t| self.place(t));
        Some(format!("move({},{t1},{t2})", parts[..4].join(",")))
    }

    /// `\fad(in,out)`: the fade at the end is counted from there.
    fn fade(&self, inside: &str) -> Option<String> {
        let parts: Vec<&str> = inside.split(',').collect();
        let [fade_in, fade_out] = numbers(&parts)?;
        if !self.is_cut() {
            let [fade_in, fade_out] = [fade_in, fade_out].map(|t| (t * self.slowdown).round());
            return Some(format!("fad({fade_in},{fade_out})"));
        }
        let times = [0.0, fade_in, self.duration_ms - fade_out, self.duration_ms];
        let [t1, t2, t3, t4] = times.map(|t| self.place(t));
        Some(format!("fade(255,0,255,{t1},{t2},{t3},{t4})"))
    }

    /// `\fade(a1,a2,a3,t1,t2,t3,t4)`.
    fn long_fade(&self, inside: &str) -> Option<String> {
        let parts: Vec<&str> = inside.split(',').collect();
        let [t1, t2, t3, t4] = numbers(parts.get(3..)?)?.map(|t| self.place(t));
        Some(format!(
            "fade({},{t1},{t2},{t3},{t4})",
            parts[..3].join(",")
        ))
    }

    /// `\t([t1,t2,][accel,]tags)`: without times from the beginning to the end.
    fn transform(&self, inside: &str) -> String {
        let (head, tags) = inside.split_at(inside.find('\\').unwrap_or(inside.len()));
        let parts: Vec<&str> = head.trim_end_matches(',').split(',').collect();
        let (times, accel) = match parts.as_slice() {
            [t1, t2] => (numbers(&[t1, t2]), None),
            [t1, t2, accel] => (numbers(&[t1, t2]), Some(*accel)),
            [accel] if !accel.trim().is_empty() => (None, Some(*accel)),
            _ => (None, None),
        };
        let times = match times {
            // To libass, an end of 0 is the end of the event.
            Some([t1, t2]) if t2 == 0.0 && self.is_cut() => Some([t1, self.duration_ms]),
            None if self.is_cut() => Some([0.0, self.duration_ms]),
            times => times,
        };
        let mut out = "t(".to_owned();
        if let Some([t1, t2]) = times {
            out += &format!("{},{},", self.place(t1), self.place(t2));
        }
        if let Some(accel) = accel {
            out += &format!("{accel},");
        }
        out + tags + ")"
    }
}

/// What stands up to the bracket that closes, and what comes after it.
fn in_brackets(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1;
    for (place, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[..place], &text[place + 1..]));
        }
    }
    None
}

fn numbers<const N: usize>(parts: &[&str]) -> Option<[f64; N]> {
    let all: Option<Vec<f64>> = parts.iter().map(|p| p.trim().parse().ok()).collect();
    all?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWICE: Retiming = Retiming {
        slowdown: 2.0,
        duration_ms: 1000.0,
        cut_before_ms: 0.0,
        cut_after_ms: 0.0,
    };

    #[test]
    fn all_times_go_with_the_picture() {
        for (text, slowed) in [
            (
                r"{\k50}ka{\kf25}ra{\ko1}o{\K7}ke",
                r"{\k100}ka{\kf50}ra{\ko2}o{\K14}ke",
            ),
            (
                r"{\fad(200,300)\move(0,0,50,40,0,1000)}x",
                r"{\fad(400,600)\move(0,0,50,40,0,2000)}x",
            ),
            (r"{\move(0,0,50,40)}x", r"{\move(0,0,50,40)}x"),
            (
                r"{\fade(255,0,10,0,100,900,1000)}x",
                r"{\fade(255,0,10,0,200,1800,2000)}x",
            ),
            (
                r"{\t(100,500,1.5,\fs20\clip(1,2,3,4))\b1}x",
                r"{\t(200,1000,1.5,\fs20\clip(1,2,3,4))\b1}x",
            ),
            (r"{\t(\fs20)\t(2,\fs30)}x", r"{\t(\fs20)\t(2,\fs30)}x"),
            (
                r"plain \k50, {\pos(1,2)}{comment \}",
                r"plain \k50, {\pos(1,2)}{comment \}",
            ),
            (
                r"{\k}a{\kx}b{\fad(1)}c{\move(1)}{\t(}",
                r"{\k}a{\kx}b{\fad(1)}c{\move(1)}{\t(}",
            ),
            ("{unclosed \\k50", "{unclosed \\k50"),
        ] {
            let event = format!("1,0,Default,,0,0,0,,{text}");
            let wanted = format!("1,0,Default,,0,0,0,,{slowed}");
            assert_eq!(TWICE.event(&event), wanted);
        }
        let banner = "1,0,D,,0,0,0,Banner;10;0;5,a,b";
        assert_eq!(TWICE.event(banner), "1,0,D,,0,0,0,Banner;20;0;5,a,b");
        let scroll = "1,0,D,,0,0,0,Scroll up;0;90;4,a";
        assert_eq!(TWICE.event(scroll), "1,0,D,,0,0,0,Scroll up;0;90;8,a");
        assert_eq!(TWICE.event("no event"), "no event");
    }

    #[test]
    fn what_is_cut_off_is_over() {
        // From 300 ms on, without the last 200 of 1000.
        let cut = Retiming {
            slowdown: 1.0,
            cut_before_ms: 300.0,
            cut_after_ms: 200.0,
            ..TWICE
        };
        for (text, wanted) in [
            (r"{\k20}a{\k20}b{\k30}c", r"{\k0}a{\k10}b{\k30}c"),
            (r"{\fad(400,300)}x", r"{\fade(255,0,255,-300,100,400,700)}x"),
            (r"{\move(0,0,9,9)}x", r"{\move(0,0,9,9,-300,700)}x"),
            (r"{\move(0,0,9,9,400,500)}x", r"{\move(0,0,9,9,100,200)}x"),
            (r"{\t(\fs9)}x", r"{\t(-300,700,\fs9)}x"),
            (r"{\t(2,\fs9)}x", r"{\t(-300,700,2,\fs9)}x"),
        ] {
            assert_eq!(cut.text(text), wanted);
        }
    }
}
