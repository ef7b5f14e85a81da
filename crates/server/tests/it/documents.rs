//! What stands in the documentation as a command is one.

use clap::Parser as _;
use phiomia_server::{cli::Cli, doctor::catalogue};

const DOCTOR: &str = include_str!("../../../../docs/hosting/doctor.md");
const PAGES: [(&str, &str); 6] = [
    ("doctor.md", DOCTOR),
    ("backup.md", include_str!("../../../../docs/hosting/backup.md")),
    ("postgresql.md", include_str!("../../../../docs/hosting/postgresql.md")),
    ("tls.md", include_str!("../../../../docs/hosting/tls.md")),
    ("systemd.md", include_str!("../../../../docs/hosting/systemd.md")),
    ("fronts.md", include_str!("../../../../docs/hosting/fronts.md")),
];

#[test]
fn every_command_of_ours_in_the_pages_about_hosting_is_understood() {
    for (page, text) in PAGES {
        let commands = text.lines().map(str::trim).filter(|line| line.starts_with("phiomia "));
        let mut n_commands = 0;
        for line in commands {
            let command = line.split(['#', '>']).next().unwrap().split_whitespace();
            if let Err(error) = Cli::try_parse_from(command) {
                panic!("{page}: {line}: {error}");
            }
            n_commands += 1;
        }
        assert!(n_commands > 1, "{page} has commands");
    }
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
