//! `--name`: the pattern of output names, with placeholders.

/// What an output is called by default.
pub(super) const DEFAULT: &str = "{stem}.{target}.{ext}";
/// Stands for the number of the input, from 1.
const INDEX: &str = "{index}";

/// What the placeholders stand for.
#[derive(Default)]
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

/// Reads `--name`.
pub(super) fn parse(text: &str) -> Result<String, String> {
    fill(text, &Values::default())?;
    if text.contains(['/', '\\']) {
        return Err("it names a file, not a folder; --out-dir names that".to_owned());
    }
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(text.to_owned())
}

/// The name for one input; or what is wrong with the pattern.
pub(super) fn fill(pattern: &str, values: &Values) -> Result<String, String> {
    let literal = |text: &str| match text.contains('}') {
        true => Err("a } without its {".to_owned()),
        false => Ok(text.to_owned()),
    };
    let mut name = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (placeholder, after) = after.split_once('}').ok_or("a { without its }")?;
        name += &literal(before)?;
        match placeholder {
            "stem" => name += values.stem,
            "ext" => name += values.extension,
            "target" => name += values.target,
            "index" => name += &values.number.to_string(),
            _ => {
                return Err(format!(
                    "there is no placeholder {{{placeholder}}}, but {{stem}}, {{ext}}, {{target}} and {INDEX}"
                ));
            }
        }
        rest = after;
    }
    Ok(name + &literal(rest)?)
}

/// Whether names depend on which inputs there are besides.
pub(super) fn is_numbered(pattern: &str) -> bool {
    pattern.contains(INDEX)
}
