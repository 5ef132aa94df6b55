//! `--name`: the pattern of output names, with placeholders.

use std::str::FromStr;

/// A name with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Stem,
    Extension,
    Target,
    Number,
}

/// What the placeholders stand for.
pub(super) struct Values<'a> {
    /// The input's name without its extension.
    pub(super) stem: &'a str,
    /// The extension of the output by default.
    pub(super) extension: &'a str,
    /// `60fps`, `x2` or `slow4`.
    pub(super) target: &'a str,
    /// Which input it is, from 1.
    pub(super) number: usize,
}

impl Default for Pattern {
    /// `{stem}.{target}.{ext}`
    fn default() -> Self {
        let point = || Part::Text(".".to_owned());
        Self(vec![
            Part::Stem,
            point(),
            Part::Target,
            point(),
            Part::Extension,
        ])
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err("a { without its }".to_owned());
            };
            parts.push(literal(before)?);
            parts.push(match name {
                "stem" => Part::Stem,
                "ext" => Part::Extension,
                "target" => Part::Target,
                "index" => Part::Number,
                _ => {
                    return Err(format!(
                        "there is no placeholder {{{name}}}, but {{stem}}, {{ext}}, {{target}} and {{index}}"
                    ));
                }
            });
            rest = after;
        }
        parts.push(literal(rest)?);
        if text.contains(['/', '\\']) {
            return Err("it names a file, not a folder; --out-dir names that".to_owned());
        }
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        Ok(Self(parts))
    }
}

fn literal(text: &str) -> Result<Part, String> {
    if text.contains('}') {
        return Err("a } without its {".to_owned());
    }
    Ok(Part::Text(text.to_owned()))
}

impl Pattern {
    /// The name for one input.
    pub(super) fn fill(&self, values: &Values) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Stem => values.stem.to_owned(),
            Part::Extension => values.extension.to_owned(),
            Part::Target => values.target.to_owned(),
            Part::Number => values.number.to_string(),
        });
        parts.collect()
    }

    /// Whether names depend on which inputs there are besides.
    pub(super) fn is_numbered(&self) -> bool {
        self.0.contains(&Part::Number)
    }
}
