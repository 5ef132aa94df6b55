//! The modules of a crate: what each defines, imports and names, read from the tokens of its files.

use crate::source::{Source, Token, closing, end_of_item, is};
use std::collections::{BTreeMap, BTreeSet};

/// A module: a file, or a part of one between braces.
#[derive(Default)]
pub struct Module {
    /// Index of its file; none if `mod name;` leads nowhere.
    pub file: Option<usize>,
    pub parent: Option<usize>,
    pub children: BTreeMap<String, usize>,
    /// Names of its own items.
    pub defined: BTreeSet<String>,
    pub imports: Vec<Import>,
    /// Paths in its code outside `use`.
    pub paths: Vec<Named>,
    /// Names in its code that could be those of items.
    pub mentioned: BTreeSet<String>,
    /// Names in the code that is compiled without tests.
    pub mentioned_untested: BTreeSet<String>,
}

/// One leaf of a `use`.
pub struct Import {
    pub path: Named,
    /// The name that it has here; `*` for all.
    pub name: String,
    pub public: bool,
}

#[derive(Clone)]
pub struct Named {
    pub segments: Vec<String>,
    /// Whether it is in code for tests only.
    pub test: bool,
}

/// All modules of a crate; the first is its root.
pub fn read(sources: &[Source]) -> Vec<Module> {
    let files: BTreeMap<Vec<String>, usize> = sources
        .iter()
        .enumerate()
        .map(|(index, source)| (module_path(&source.path), index))
        .collect();
    let mut reader = Reader {
        sources,
        files,
        modules: Vec::new(),
    };
    if let Some(&root) = reader.files.get(&Vec::new()) {
        reader.add(Vec::new(), Some(root), None, false);
    }
    reader.modules
}

/// `a/b/mod.rs` and `a/b.rs` are `a::b`; `lib.rs` and `main.rs` are the root.
fn module_path(path: &str) -> Vec<String> {
    let mut names: Vec<String> = path.split('/').map(str::to_owned).collect();
    if let Some(last) = names.pop() {
        match last.trim_end_matches(".rs") {
            "mod" => {}
            "lib" | "main" if names.is_empty() => {}
            name => names.push(name.to_owned()),
        }
    }
    names
}

struct Reader<'a> {
    sources: &'a [Source],
    files: BTreeMap<Vec<String>, usize>,
    modules: Vec<Module>,
}

/// Where the reader is: the module, its path, and whether this is code for tests.
struct Place {
    module: usize,
    path: Vec<String>,
    test: bool,
}

impl Reader<'_> {
    /// Adds a module, with all of its file if it is one, and returns its index.
    fn add(
        &mut self,
        path: Vec<String>,
        file: Option<usize>,
        parent: Option<usize>,
        test: bool,
    ) -> usize {
        let module = self.modules.len();
        self.modules.push(Module {
            file,
            parent,
            ..Module::default()
        });
        let inline = parent.is_some_and(|p| self.modules[p].file == file);
        if let Some(file) = file
            && !inline
        {
            let place = Place { module, path, test };
            self.scan(&self.sources[file].tokens, &place);
        }
        module
    }

    fn scan(&mut self, tokens: &[Token], place: &Place) {
        let mut depth = 0;
        let mut at = 0;
        while at < tokens.len() {
            match tokens[at].text.as_str() {
                "#" if is(tokens, at + 1, "[") => at = self.attribute(tokens, at, place),
                "use" if !is(tokens, at + 1, "<") => at = self.import(tokens, at, place),
                "mod" if at + 2 < tokens.len() => at = self.child(tokens, at, place),
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                "fn" | "struct" | "enum" | "union" | "trait" | "type" | "const" | "static"
                    if depth == 0 =>
                {
                    self.define(tokens, at + 1, place);
                }
                "macro_rules" => self.define(tokens, at + 2, place),
                _ => at = self.name(tokens, at, place),
            }
            at += 1;
        }
    }

    fn define(&mut self, tokens: &[Token], at: usize, place: &Place) {
        if let Some(name) = tokens.get(at).filter(|t| is_name(&t.text)) {
            let defined = &mut self.modules[place.module].defined;
            defined.insert(name.text.clone());
        }
    }

    /// An attribute; what `cfg(test)` stands before is read with it. Returns its last token.
    fn attribute(&mut self, tokens: &[Token], at: usize, place: &Place) -> usize {
        let close = closing(tokens, at + 1);
        let words = &tokens[at + 2..close];
        let has = |word| words.iter().any(|t| t.text == word);
        if !is(words, 0, "cfg") || !has("test") || has("not") {
            return close;
        }
        let mut start = close + 1;
        while is(tokens, start, "#") {
            start = closing(tokens, start + 1) + 1;
        }
        let Some(end) = end_of_item(tokens, start) else {
            return close;
        };
        let tested = Place {
            test: true,
            path: place.path.clone(),
            ..*place
        };
        self.scan(&tokens[start..=end], &tested);
        end
    }

    /// `mod name;` and `mod name { … }`. Returns its last token.
    fn child(&mut self, tokens: &[Token], at: usize, place: &Place) -> usize {
        let name = tokens[at + 1].text.clone();
        let mut path = place.path.clone();
        path.push(name.clone());
        let inline = is(tokens, at + 2, "{");
        if !inline && !is(tokens, at + 2, ";") {
            return at;
        }
        let file = if inline {
            self.modules[place.module].file
        } else {
            self.files.get(&path).copied()
        };
        let module = self.add(path.clone(), file, Some(place.module), place.test);
        self.modules[place.module].children.insert(name, module);
        if !inline {
            return at + 2;
        }
        let close = closing(tokens, at + 2);
        let test = place.test;
        self.scan(&tokens[at + 3..close], &Place { module, path, test });
        close
    }

    /// `use …;` Returns its last token.
    fn import(&mut self, tokens: &[Token], at: usize, place: &Place) -> usize {
        let mut end = at;
        while end + 1 < tokens.len() && tokens[end].text != ";" {
            end += 1;
        }
        let public = at > 0 && (is(tokens, at - 1, "pub") || is(tokens, at - 1, ")"));
        let mut leaves = Vec::new();
        tree(&tokens[at + 1..end], Vec::new(), &mut leaves);
        for (segments, name) in leaves {
            let test = place.test;
            self.modules[place.module].imports.push(Import {
                path: Named { segments, test },
                name,
                public,
            });
        }
        end
    }

    /// A path or a name in code. Returns its last token.
    fn name(&mut self, tokens: &[Token], at: usize, place: &Place) -> usize {
        let before = |text| at > 0 && is(tokens, at - 1, text);
        if !is_name(&tokens[at].text) || before("::") || before(".") {
            return at;
        }
        let module = &mut self.modules[place.module];
        // `name: …` is a field's.
        if !is(tokens, at + 1, ":") {
            module.mentioned.insert(tokens[at].text.clone());
            if !place.test {
                module.mentioned_untested.insert(tokens[at].text.clone());
            }
        }
        let mut segments = vec![tokens[at].text.clone()];
        let mut end = at;
        while is(tokens, end + 1, "::") && tokens.get(end + 2).is_some_and(|t| is_name(&t.text)) {
            end += 2;
            segments.push(tokens[end].text.clone());
        }
        if segments.len() > 1 {
            let test = place.test;
            module.paths.push(Named { segments, test });
        }
        end
    }
}

fn is_name(text: &str) -> bool {
    text != "literal" && text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The leaves of a tree of `use`, each with the name that it gets.
fn tree(tokens: &[Token], mut path: Vec<String>, out: &mut Vec<(Vec<String>, String)>) {
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "{" => {
                let close = closing(tokens, at);
                let mut start = at + 1;
                let mut depth = 0;
                for i in at + 1..=close {
                    match tokens[i].text.as_str() {
                        "{" => depth += 1,
                        "}" if i < close => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 && (tokens[i].text == "," || i == close) {
                        tree(&tokens[start..i], path.clone(), out);
                        start = i + 1;
                    }
                }
                return;
            }
            "*" => return out.push((path, "*".into())),
            "as" => {
                let name = tokens.get(at + 1).map_or("_", |t| &t.text);
                return out.push((path, name.into()));
            }
            "::" => {}
            name => path.push(name.into()),
        }
        at += 1;
    }
    // `a::{self}` is `a`.
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    if let Some(last) = path.last().cloned() {
        out.push((path, last));
    }
}
