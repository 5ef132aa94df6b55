//! Words of headings and settings.

use crate::commands::pair::shown;
use crate::reporter::in_one_line;
use otinterp::Interpolator;
use std::path::Path;

/// The last part of an input's name, for headings.
pub fn base_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy());
    in_one_line(&name.unwrap_or_else(|| shown(path).into()))
}

/// What a plan says, without its first word, which is the setting's name.
pub fn plan_of(interpolator: &Interpolator, dim: (usize, usize)) -> (&'static str, String) {
    let plan = interpolator.plan(dim).to_string();
    let said = plan.strip_prefix("plan: ").unwrap_or(&plan);
    ("Plan", said.to_owned())
}
