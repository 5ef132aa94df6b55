//! File name patterns with a number in them: `mid_%03d.png`.

/// A file name as typed after `-o`, read the way printf would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// No number in it; `%%` has become `%`.
    Literal(String),
    /// One `%d` or `%0Nd`.
    Numbered {
        /// What stands before the number.
        before: String,
        /// Digits that the number is padded to with zeros.
        digits: usize,
        /// What stands behind the number.
        after: String,
    },
}

impl Pattern {
    /// Reads a file name.
    /// What is wrong with it: a conversion other than `%d`, `%0Nd` and `%%`, or two numbers.
    pub fn parse(name: &str) -> Result<Self, String> {
        let mut before = None;
        let mut text = String::new();
        let mut digits = 0;
        let mut rest = name;
        while let Some((plain, conversion)) = rest.split_once('%') {
            text.push_str(plain);
            if let Some(tail) = conversion.strip_prefix('%') {
                text.push('%');
                rest = tail;
                continue;
            }
            let (width, tail) = number(conversion)
                .ok_or("only %d, %0Nd (N from 1 to 9) and %% are understood after a % sign")?;
            if before.replace(std::mem::take(&mut text)).is_some() {
                return Err("only one %d can stand in a file name".into());
            }
            digits = width;
            rest = tail;
        }
        text.push_str(rest);
        Ok(match before {
            None => Self::Literal(text),
            Some(before) => Self::Numbered {
                before,
                digits,
                after: text,
            },
        })
    }

    /// The name with a number put in (which a literal ignores).
    pub fn name(&self, number: usize) -> String {
        match self {
            Self::Literal(name) => name.clone(),
            Self::Numbered {
                before,
                digits,
                after,
            } => format!("{before}{number:0digits$}{after}"),
        }
    }
}

/// Splits `d…` or `0Nd…` into the width and what follows.
fn number(conversion: &str) -> Option<(usize, &str)> {
    if let Some(tail) = conversion.strip_prefix('d') {
        return Some((0, tail));
    }
    let mut chars = conversion.strip_prefix('0')?.chars();
    let width = chars.next()?.to_digit(10).filter(|&n| n > 0)?;
    let tail = chars.as_str().strip_prefix('d')?;
    Some((width as usize, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printf_conversions() {
        let name = |pattern: &str, n| Pattern::parse(pattern).map(|p| p.name(n));
        assert_eq!(name("mid_%03d.png", 7), Ok("mid_007.png".into()));
        assert_eq!(name("mid_%03d.png", 1234), Ok("mid_1234.png".into()));
        assert_eq!(name("%d", 12), Ok("12".into()));
        assert_eq!(name("50%%_%02d.png", 3), Ok("50%_03.png".into()));
        assert_eq!(name("%%d.png", 3), Ok("%d.png".into()));
        assert_eq!(name("plain.png", 3), Ok("plain.png".into()));
    }

    #[test]
    fn anything_else_after_a_percent_sign_is_refused() {
        for bad in [
            "%s.png", "50%.png", "%", "%3d.png", "%00d.png", "%0d", "%012d", "%d%d",
        ] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
