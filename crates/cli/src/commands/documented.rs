//! What is written about the command line is what it takes: examples in documents, completions, manual pages.

use super::{Cli, PROGRAM};
use clap::{CommandFactory, Parser};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// All documents for users.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = vec![root.join("README.md")];
    for folder in ["docs", "docs/guide", "docs/files"] {
        let entries = std::fs::read_dir(root.join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    found
}

/// The words of the program's own part of a line of shell code, if it is run there.
fn words(line: &str) -> Option<Vec<String>> {
    let from = line.find("otinterp ")?;
    let is_start = from == 0 || line[..from].ends_with("| ");
    let mut words = vec![String::new()];
    let mut quoted = None;
    for c in line[from..].chars() {
        match (quoted, c) {
            (Some(quote), c) if c == quote => quoted = None,
            (None, '\'' | '"') => quoted = Some(c),
            (None, '|' | '>' | '<' | '#' | ';') => break,
            (None, ' ') => words.push(String::new()),
            _ => words.last_mut()?.push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    is_start.then_some(words)
}

/// Lines of code of a text, those that go on put together.
fn code(text: &str) -> Vec<String> {
    let (mut is_code, mut lines) = (false, Vec::new());
    let mut goes_on = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = line.trim() == "```sh";
        } else if is_code || line.starts_with("    otinterp ") || goes_on {
            let part = line.trim().trim_end_matches('\\');
            match lines.last_mut() {
                Some(last) if goes_on => *last = format!("{last} {part}"),
                _ => lines.push(part.to_owned()),
            }
            goes_on = line.ends_with('\\');
        }
    }
    lines
}

#[test]
fn every_command_line_in_the_documents_is_one() {
    let (mut count, mut wrong) = (0, Vec::new());
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for line in code(&text) {
            let Some(words) = words(&line).filter(|words| !words.contains(&"…".to_owned()))
            else {
                continue;
            };
            count += 1;
            let parsed = Cli::try_parse_from(&words);
            // Help and version are errors, too.
            if let Some(error) = parsed.err().filter(clap::Error::use_stderr) {
                let shown = document.display();
                wrong.push(format!("{shown}: {line}: {}", super::usage(&error)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "{count}");
}

#[test]
fn words_are_those_of_a_shell() {
    let words = |line| words(line).unwrap_or_default().join("_");
    assert_eq!(words("otinterp a 'b c' -o - | x"), "otinterp_a_b c_-o_-");
    assert_eq!(
        words("ffmpeg - | otinterp retime - # why"),
        "otinterp_retime_-"
    );
    assert_eq!(words("echo otinterp a"), "");
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn skip(program: &str) {
    eprintln!("skipped: {program}: it is not installed");
}

/// What a program makes of a text on its standard input, with what it complains of; nothing where it is not installed.
fn through(program: &str, arguments: &[&str], text: &[u8]) -> Option<(String, String)> {
    use std::io::Write;
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        skip(program);
        return None;
    };
    let mut input = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writing = std::thread::spawn(move || input.write_all(&text));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Some((text(&output.stdout), text(&output.stderr)))
}

#[test]
fn bash_completes_commands_and_options() {
    let mut script = Vec::new();
    let shell = clap_complete::Shell::Bash;
    clap_complete::generate(shell, &mut Cli::command(), PROGRAM, &mut script);
    for (words, expected) in [
        ("otinterp re", "retime"),
        ("otinterp retime --fac", "--factor"),
        ("otinterp frames --preset ba", "balanced"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let (last, before) = (words.len() - 1, words[words.len() - 2]);
        script.extend(format!(
            "\nCOMP_WORDS=({}); COMP_CWORD={last}; COMPREPLY=()\n_otinterp otinterp {} {before}; echo \"= ${{COMPREPLY[*]}}\"\n",
            words.join(" "),
            words[last],
        ).bytes());
        let Some((said, errors)) = through("bash", &[], &script) else {
            return;
        };
        let replies = said.lines().next_back().unwrap_or_default();
        let found = replies.split(' ').any(|word| word == expected);
        assert!(found, "{words:?}: {said} {errors}");
    }
}

#[test]
fn manual_pages_have_every_option_and_no_faults() {
    let mut program = Cli::command();
    program.build();
    let pages = std::iter::once(&program).chain(program.get_subcommands());
    for command in pages.filter(|command| command.get_name() != "help") {
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone())
            .render(&mut page)
            .unwrap();
        let arguments = ["-Kutf8", "-man", "-Tutf8", "-ww", "-P-cbou"];
        let Some((shown, faults)) = through("groff", &arguments, &page) else {
            return;
        };
        let name = command.get_name();
        assert_eq!(faults, "", "{name}");
        for option in command.get_opts().filter_map(|option| option.get_long()) {
            assert!(shown.contains(&format!("--{option}")), "{name}: --{option}");
        }
    }
}
