//! What stands in the documentation as a command is one.

use std::{collections::HashSet, fs, path::Path};

use clap::{Parser as _, error::ErrorKind};
use phiomia_server::{cli::Cli, doctor::catalogue};

const DOCTOR: &str = include_str!("../../../../docs/hosting/doctor.md");

/// Pages and files with commands in them, by their names in the repository.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let folder = fs::read_dir(root.join("docs/hosting")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = folder.map(|name| format!("docs/hosting/{}", name.to_str().unwrap())).collect();
    // Not the changelog, which also says what a command was called before.
    let others = ["docs/hosting.md", "README.md", "deploy/cloud-init.yaml", "deploy/terraform/cloud-init.yaml"];
    names.extend(others.map(str::to_owned));
    let page = |name: String| {
        let text = fs::read_to_string(root.join(&name)).unwrap();
        // What Terraform fills in.
        (name, text.replace("${address}", "203.0.113.7").replace("${settings}", "--set database.pool=2"))
    };
    names.into_iter().map(page).collect()
}

/// Lines that are commands, as people and cloud-init give them.
fn lines(text: &str) -> Vec<Vec<String>> {
    let commands = text.lines().filter_map(|line| {
        let line = line.trim().trim_start_matches("- ").trim_start_matches("sudo -u phiomia ");
        line.starts_with("phiomia ").then(|| words(line))
    });
    commands.collect()
}

/// Commands in the middle of sentences.
fn mentions(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace('\n', " ");
    joined.split('`').skip(1).step_by(2).filter(|span| span.starts_with("phiomia ")).map(words).collect()
}

/// What the shell makes of a line, up to a comment, a pipe or another file.
fn words(line: &str) -> Vec<String> {
    let words =
        line.split_whitespace().take_while(|word| !word.starts_with(['#', '>']) && *word != "|" && *word != "&&");
    // Of several, the first.
    words.map(|word| word.split('|').next().unwrap().replace(['"', '\''], "")).collect()
}

#[test]
fn every_command_of_ours_in_the_pages_is_understood() {
    let (mut n_commands, mut wrong) = (0, Vec::new());
    for (page, text) in pages() {
        let lines = lines(&text).into_iter().map(|command| (command, false));
        // A sentence may name a command without what belongs to it, and a word in capitals is in the place of another.
        let mentions = mentions(&text).into_iter().map(|command| (command, true));
        for (command, is_mention) in lines.chain(mentions) {
            n_commands += 1;
            let has_place = command.iter().any(|word| word.contains('…') || word.chars().any(char::is_uppercase));
            match Cli::try_parse_from(&command).map_err(|error| error.kind()) {
                Ok(_) => {}
                Err(
                    ErrorKind::MissingRequiredArgument
                    | ErrorKind::MissingSubcommand
                    | ErrorKind::DisplayHelp
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                ) if is_mention => {}
                Err(ErrorKind::InvalidValue | ErrorKind::ValueValidation) if is_mention && has_place => {}
                Err(kind) => wrong.push(format!("{page}: {}: {kind}", command.join(" "))),
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(n_commands > 60, "{n_commands} were found");
}

#[test]
fn the_page_about_the_doctor_lists_every_finding_and_no_other() {
    let listed = DOCTOR.lines().filter_map(|line| line.strip_prefix("| `")).filter(|line| line.contains('-'));
    let listed: Vec<(&str, &str)> = listed
        .map(|line| {
            let mut cells = line.split('|');
            let name = cells.next().unwrap().trim().trim_end_matches('`');
            (name, cells.next().unwrap().trim())
        })
        .collect();
    let known: Vec<(&str, &str)> = catalogue().into_iter().map(|known| (known.name, known.verdict.word())).collect();
    assert_eq!(listed, known);
    for known in catalogue() {
        assert!(known.name.starts_with(&format!("{}-", known.subject.word())), "{}", known.name);
    }
}

/// The page of what shows that it federates.
const SHOWN: &str = include_str!("../../../../docs/federation-tests.md");

/// Names of functions in the files of a folder and below it.
fn functions(folder: &Path, names: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            functions(&path, names);
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "py") {
            let text = fs::read_to_string(&path).unwrap();
            let begun = text.split("fn ").chain(text.split("def ")).skip(1);
            let name =
                |rest: &str| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().map(str::to_owned);
            names.extend(begun.filter_map(name));
        }
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut known = HashSet::new();
    functions(&root.join("crates"), &mut known);
    functions(&root.join("e2e/python/tests"), &mut known);
    let is_name = |span: &&str| {
        span.len() > 12
            && span.contains('_')
            && span.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let named: Vec<&str> = SHOWN.split('`').skip(1).step_by(2).filter(is_name).collect();
    assert!(named.len() > 150, "{} tests are named", named.len());
    let missing: Vec<&&str> = named.iter().filter(|name| !known.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
