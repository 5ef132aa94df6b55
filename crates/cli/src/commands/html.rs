//! HTML by templates: whatever stands between `{{ }}` is escaped.

use anyhow::Context;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

/// The page that a template makes of a context. `template` is a text of this program.
///
/// # Errors
/// The template's, if it asks the context for what cannot be had.
pub fn render(template: &'static str, context: impl Serialize) -> anyhow::Result<String> {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let context = minijinja::Value::from(minijinja::value::Serde(context));
    let page = templates.render_str(template, context);
    page.context("the page's template")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_escaped() {
        let page = render(
            "<b title=\"{{ a }}\">{{ a }}</b>",
            serde_json::json!({"a": "<i a='\"'>&"}),
        );
        let escaped = "&lt;i a=&#x27;&quot;&#x27;&gt;&amp;";
        assert_eq!(
            page.unwrap(),
            format!("<b title=\"{escaped}\">{escaped}</b>")
        );
    }

    #[test]
    fn what_is_missing_is_an_error() {
        assert!(render("{{ a }}", serde_json::json!({})).is_err());
    }
}
