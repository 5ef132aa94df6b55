//! Names of numbered image files, by FFmpeg's pattern `in_%04d.png`.

use std::path::{Path, PathBuf};

/// A name with one number in it, `%d` or `%0Nd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedName {
    before: String,
    digits: usize,
    after: String,
}

impl NumberedName {
    /// Reads the last part of a path; `None` where there is no number in it, or more than one.
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (before, rest) = name.split_once('%')?;
        let (width, after) = rest.split_once('d')?;
        let digits = match width.as_bytes() {
            [] => 0,
            [b'0', digit @ b'0'..=b'9'] => usize::from(digit - b'0'),
            _ => return None,
        };
        let is_plain = !before.contains('%') && !after.contains('%');
        is_plain.then(|| Self {
            before: before.to_owned(),
            digits,
            after: after.to_owned(),
        })
    }

    /// The number in a name that this pattern gives.
    pub fn number_in(&self, name: &str) -> Option<u64> {
        let number = name.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        let all_digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        // Padded to `digits`, and no further.
        let padded = number.len() == self.digits.max(1)
            || (number.len() > self.digits && !(number.len() > 1 && number.starts_with('0')));
        number.parse().ok().filter(|_| all_digits && padded)
    }

    /// The name with this number in it.
    pub fn name_of(&self, number: u64) -> String {
        format!(
            "{}{number:0width$}{}",
            self.before,
            self.after,
            width = self.digits
        )
    }

    /// The first number that is missing between two of `files`, which come in the order of their numbers.
    pub fn missing(files: &[(u64, PathBuf)]) -> Option<u64> {
        let mut pairs = files.windows(2);
        let gap = pairs.find(|pair| pair[1].0 > pair[0].0.saturating_add(1))?;
        Some(gap[0].0 + 1)
    }

    /// The files of a folder that this pattern names, by their numbers.
    ///
    /// # Errors
    /// What the system says of the folder.
    pub fn files_in(&self, folder: &Path) -> std::io::Result<Vec<(u64, PathBuf)>> {
        let folder = match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if let Some(number) = entry.file_name().to_str().and_then(|n| self.number_in(n)) {
                found.push((number, entry.path()));
            }
        }
        found.sort();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_number() {
        let name = NumberedName::of(Path::new("a%b/in_%03d.png")).unwrap();
        assert_eq!(name.number_in("in_007.png"), Some(7));
        assert_eq!(name.number_in("in_1234.png"), Some(1234));
        let others = "in_07.png in_0007.png in_.png in_00x.png in_007.jpg n_007.png";
        for other in others.split(' ') {
            assert_eq!(name.number_in(other), None, "{other}");
        }
        let plain = NumberedName::of(Path::new("%d.png")).unwrap();
        assert_eq!(plain.number_in("12.png"), Some(12));
        for none in ["in.png", "50%.png", "%d%d.png", "%s_d.png", "%3d.png"] {
            assert_eq!(NumberedName::of(Path::new(none)), None, "{none}");
        }
    }
}
