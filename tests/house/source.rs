//! A source file as the rules see it: its path and its tokens, comments and the insides of strings left out.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A source file of one crate.
pub struct Source {
    /// Below the crate's `src`, with `/`.
    pub path: String,
    pub line_count: usize,
    pub tokens: Vec<Token>,
}

/// An identifier, a lifetime, a literal, `::`, one sign, or one end of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub text: String,
    /// From 1.
    pub line: usize,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let stream: TokenStream = match text.parse() {
            Ok(stream) => stream,
            Err(e) => panic!("{path}: {e}"),
        };
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        Self {
            path: path.into(),
            line_count: text.lines().count(),
            tokens,
        }
    }

    pub fn has(&self, word: &str) -> bool {
        self.tokens.iter().any(|t| t.text == word)
    }

    /// Every function with a body: its name, and how many lines it has, from `fn` to its last brace.
    pub fn functions(&self) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        for (at, token) in self.tokens.iter().enumerate() {
            // The type of a function has no name.
            if token.text != "fn" || is(&self.tokens, at + 1, "(") {
                continue;
            }
            if let Some(last) = end_of_item(&self.tokens, at)
                && self.tokens[last].text == "}"
            {
                let lines = self.tokens[last].line - token.line + 1;
                found.push((self.tokens[at + 1].text.clone(), lines));
            }
        }
        found
    }
}

pub fn is(tokens: &[Token], at: usize, text: &str) -> bool {
    tokens.get(at).is_some_and(|t| t.text == text)
}

/// The place of the bracket that closes the one at `open`.
pub fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len() - 1
}

/// The last token of what begins at `start`: its `;`, `,` or `}`.
pub fn end_of_item(tokens: &[Token], start: usize) -> Option<usize> {
    let mut at = start;
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "(" | "[" => at = closing(tokens, at),
            "{" if at > 0 && is(tokens, at - 1, "<") => at = closing(tokens, at),
            "{" => return Some(closing(tokens, at)),
            ";" => return Some(at),
            "}" | ")" | "]" => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    let mut quoted = false;
    let mut coloned = false;
    for tree in stream {
        let line = tree.span().start().line;
        let mut push = |text: String, line| out.push(Token { text, line });
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace | Delimiter::None => ("{", "}"),
                };
                push(open.into(), line);
                flatten(group.stream(), out);
                out.push(Token {
                    text: close.into(),
                    line: group.span_close().end().line,
                });
            }
            TokenTree::Ident(ident) if quoted => push(format!("'{ident}"), line),
            TokenTree::Ident(ident) => push(ident.to_string(), line),
            TokenTree::Punct(punct) => {
                let joint = punct.spacing() == Spacing::Joint;
                match punct.as_char() {
                    '\'' => {
                        quoted = true;
                        continue;
                    }
                    ':' if coloned => push("::".into(), line),
                    ':' if joint => {
                        coloned = true;
                        continue;
                    }
                    sign => push(sign.to_string(), line),
                }
            }
            TokenTree::Literal(_) => push("literal".into(), line),
        }
        quoted = false;
        coloned = false;
    }
}
