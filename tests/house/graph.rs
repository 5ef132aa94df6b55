//! Which file of a crate uses what is defined in which other, and the circles among them.
//!
//! A name counts as a use of the file that defines it, however it was re-exported on the way. A `mod child;`, and a
//! `pub use child::Name` whose name the file's own code does not say, are no uses. What is reached without a path
//! (methods, fields) is not seen.

use crate::modules::{Module, Named, read};
use crate::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Each use of one file by another: the names, and whether code outside the tests says one of them.
pub type Uses = BTreeMap<(usize, usize), Use>;

#[derive(Default)]
pub struct Use {
    pub names: BTreeSet<String>,
    pub untested: bool,
}

pub fn uses(sources: &[Source]) -> Uses {
    let modules = read(sources);
    let crate_ = Crate(&modules);
    let mut found = Uses::new();
    for (index, module) in modules.iter().enumerate() {
        let Some(from) = module.file else { continue };
        let mut add = |target: Option<Target>, name: &str, test: bool| {
            if let Some(Target::Item(to)) = target
                && to != from
            {
                let entry = found.entry((from, to)).or_default();
                entry.names.insert(name.to_owned());
                entry.untested |= !test;
            }
        };
        for path in &module.paths {
            add(
                crate_.resolve(index, path, 0),
                &path.segments.join("::"),
                path.test,
            );
        }
        for import in &module.imports {
            if import.name == "*" {
                let Some(Target::Module(of)) = crate_.resolve(index, &import.path, 0) else {
                    continue;
                };
                for name in &module.mentioned {
                    let test = import.path.test || !module.mentioned_untested.contains(name);
                    add(crate_.lookup(of, name, true, 0), name, test);
                }
                continue;
            }
            let child = (import.path.segments.first())
                .is_some_and(|s| s == "self" || module.children.contains_key(s));
            let said = module.mentioned_untested.contains(&import.name);
            if !(import.public && child) || said {
                let test = import.path.test;
                add(
                    crate_.resolve(index, &import.path, 0),
                    &import.path.segments.join("::"),
                    test,
                );
            }
        }
    }
    found
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Target {
    Module(usize),
    /// An item of this file.
    Item(usize),
}

struct Crate<'a>(&'a [Module]);

/// Deeper than any chain of re-exports is a re-export of itself.
const MAX_DEPTH: usize = 32;

impl Crate<'_> {
    /// Where a path that is written in module `from` leads; none outside the crate.
    fn resolve(&self, from: usize, path: &Named, depth: usize) -> Option<Target> {
        let segments = &path.segments;
        let mut module = from;
        let mut at = 0;
        match segments[0].as_str() {
            "crate" => {
                module = 0;
                at = 1;
            }
            "self" => at = 1,
            "super" => {
                while segments.get(at).is_some_and(|s| s == "super") {
                    module = self.0[module].parent?;
                    at += 1;
                }
            }
            head => {
                let last = segments.len() == 1;
                match self.lookup(from, head, last, depth + 1)? {
                    Target::Module(found) => module = found,
                    item @ Target::Item(_) => return Some(item),
                }
                at = 1;
            }
        }
        while at < segments.len() {
            let last = at + 1 == segments.len();
            match self.lookup(module, &segments[at], last, depth + 1) {
                Some(Target::Module(found)) => module = found,
                Some(item) => return Some(item),
                // Re-exported from another crate, or made by a macro.
                None => return None,
            }
            at += 1;
        }
        Some(Target::Module(module))
    }

    /// What a name means in a module. The last of a path is an item rather than a module of that name.
    fn lookup(&self, module: usize, name: &str, last: bool, depth: usize) -> Option<Target> {
        if depth > MAX_DEPTH {
            return None;
        }
        let here = &self.0[module];
        let child = here.children.get(name).map(|&m| Target::Module(m));
        if let Some(child) = child.filter(|_| !last) {
            return Some(child);
        }
        if here.defined.contains(name) {
            return here.file.map(Target::Item);
        }
        let of = |import: &&crate::modules::Import| import.name == name;
        for import in here.imports.iter().filter(of) {
            // `use name;` of another crate names itself.
            if import.path.segments != [name]
                && let Some(target) = self.resolve(module, &import.path, depth + 1)
            {
                return Some(target);
            }
        }
        if child.is_some() {
            return child;
        }
        for glob in here.imports.iter().filter(|i| i.name == "*") {
            if let Some(Target::Module(of)) = self.resolve(module, &glob.path, depth + 1)
                && of != module
                && let Some(target) = self.lookup(of, name, last, depth + 1)
            {
                return Some(target);
            }
        }
        None
    }
}

/// The groups of files that use one another in circles, without what only tests use.
pub fn circles(count: usize, uses: &Uses) -> Vec<Vec<usize>> {
    let mut next = vec![Vec::new(); count];
    for (&(from, to), _) in uses.iter().filter(|(_, u)| u.untested) {
        next[from].push(to);
    }
    let reached: Vec<BTreeSet<usize>> = (0..count).map(|start| reach(start, &next)).collect();
    let mut found = Vec::new();
    for start in 0..count {
        let circle: Vec<usize> = (reached[start].iter().copied())
            .filter(|&other| reached[other].contains(&start))
            .collect();
        // Each circle at its first file.
        if circle.len() > 1 && circle[0] == start {
            found.push(circle);
        }
    }
    found
}

fn reach(start: usize, next: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(file) = open.pop() {
        for &to in &next[file] {
            if seen.insert(to) {
                open.push(to);
            }
        }
    }
    seen
}
