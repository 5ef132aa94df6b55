//! Page of a gallery: one HTML file beside its pictures, without scripts and without anything from elsewhere.

use super::gallery::Exhibit;
use crate::commands::html::render;
use serde::Serialize;

/// What the template is told.
#[derive(Serialize)]
struct Context<'a> {
    a: &'a str,
    b: &'a str,
    at: f64,
    plan: &'a str,
    groups: Vec<Group<'a>>,
}

/// Pictures of one kind.
#[derive(Serialize)]
struct Group<'a> {
    title: &'static str,
    exhibits: &'a [Exhibit],
}

/// The page of a frame at `at` between two pictures; those of one title stand one after another.
///
/// # Errors
/// None but those of a template that does not fit.
pub fn html(
    [a, b]: &[String; 2],
    at: f64,
    plan: &str,
    exhibits: &[Exhibit],
) -> anyhow::Result<String> {
    let groups = exhibits.chunk_by(|one, next| one.title == next.title);
    let groups = groups.map(|exhibits| Group {
        title: exhibits[0].title,
        exhibits,
    });
    render(
        include_str!("page.html"),
        Context {
            a,
            b,
            at,
            plan,
            groups: groups.collect(),
        },
    )
}
