//! What stands in the documentation as a command is one.

use clap::Parser as _;
use phiomia_server::cli::Cli;

const PAGES: [(&str, &str); 4] = [
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
