//! Page of a gallery: one HTML file beside its pictures, without scripts and without anything from elsewhere.

use super::gallery::Exhibit;
use std::fmt::Write;

/// Pictures are shown as wide, whatever their level, so that places can be compared.
const STYLE: &str = "body{font:15px/1.4 sans-serif;margin:1.5em;max-width:1060px;background:#222;color:#ddd}\
h2{margin:1.5em 0 .4em}figure{display:inline-block;margin:0 1em 1em 0;vertical-align:top}\
img{width:480px;image-rendering:pixelated;border:1px solid #555}figcaption{color:#aaa}pre{white-space:pre-wrap}";

/// The page of a frame at `at` between two pictures.
pub fn html(inputs: &[String; 2], at: f64, plan: &str, exhibits: &[Exhibit]) -> String {
    let [a, b] = inputs.each_ref().map(|name| escaped(name));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{a} – {b} at {at}</title>\n\
         <style>{STYLE}</style>\n<h1>A: {a}, B: {b}, t = {at}</h1>\n<pre>{}</pre>\n",
        escaped(plan)
    );
    let mut title = "";
    for exhibit in exhibits {
        if exhibit.title != title {
            title = exhibit.title;
            // Writing to a string does not fail.
            let _ = writeln!(page, "<h2>{}</h2>", escaped(title));
        }
        let (name, caption) = (&exhibit.name, escaped(&exhibit.caption));
        let _ = writeln!(
            page,
            "<figure><a href=\"{name}\"><img src=\"{name}\" alt=\"{caption}\"></a><figcaption>{caption}</figcaption></figure>"
        );
    }
    page + "</html>\n"
}

/// Text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
