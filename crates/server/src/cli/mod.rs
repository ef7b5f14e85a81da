//! The command line: one file for each noun, each a struct of its arguments with a `run`.

pub mod account;
pub mod announcement;
pub mod app;
pub mod backup;
pub mod completions;
pub mod config;
pub mod db;
mod desk;
pub mod dns;
pub mod doctor;
pub mod email_domain_block;
pub mod emoji;
pub mod federation;
pub mod front;
pub mod host;
pub mod init;
pub mod ip_block;
mod jobs;
pub mod man;
pub mod media;
pub mod relay;
mod report;
pub mod search;
mod seed;
pub mod serve;
pub mod settings;
pub mod statuses;
pub mod systemd;
pub mod tls;
pub mod token;
pub mod version;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use phiomia_workshop::{Ceilings, Work};

use crate::config::{Loaded, Note, Places};

/// A server for people who use Mastodon's apps.
#[derive(Debug, Parser)]
#[command(name = "phiomia", version, about, disable_help_subcommand = true, arg_required_else_help = true)]
pub struct Cli {
    /// Where configuration comes from.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// The folder that holds everything this server keeps
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The configuration file, instead of phiomia.toml here, in the data folder or in /etc/phiomia
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A file of variables, such as Mastodon's .env.production
    #[arg(long, global = true, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Any setting of docs/config.md, as in server.listen=0.0.0.0:3000
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
}

/// The nouns.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new server ready to start: configuration, owner, what to write into the DNS
    Init(init::Init),
    /// Serve people and apps until a signal comes
    Serve(serve::Serve),
    /// People of this server
    #[command(subcommand)]
    Account(account::Account),
    /// Client applications
    #[command(subcommand)]
    App(app::App),
    /// Access tokens
    #[command(subcommand)]
    Token(token::Token),
    /// What is changed while the server runs: title, registrations and the like
    #[command(subcommand)]
    Settings(settings::Settings),
    /// What staff says to everybody here
    #[command(subcommand)]
    Announcement(announcement::Announcement),
    /// Custom emoji: add, change, import, export, copy from other servers
    #[command(subcommand)]
    Emoji(emoji::Emoji),
    /// What staff offers to everybody: emoji, rules, terms, trends, suggestions
    #[command(subcommand)]
    Seed(seed::Seed),
    /// The database: migrate, check, back up, restore
    #[command(subcommand)]
    Db(db::Database),
    /// The whole server in one file: make, list, verify, restore
    #[command(subcommand)]
    Backup(backup::Backup),
    /// Other servers: how each stands, what waits for it
    #[command(subcommand)]
    Host(host::Host),
    /// What is decided about other domains: block, silence, allow
    #[command(subcommand)]
    Federation(federation::Federation),
    /// Network addresses under a rule: who may not sign up from there, or do anything
    #[command(subcommand)]
    IpBlock(ip_block::IpBlocks),
    /// E-mail domains nobody signs up with
    #[command(subcommand)]
    EmailDomainBlock(email_domain_block::EmailDomainBlock),
    /// Relays: servers that pass public posts on
    #[command(subcommand)]
    Relay(relay::Relay),
    /// Fetch a person or a post from elsewhere and print what this server makes of it
    Fetch(federation::Fetch),
    /// What is left for later, and what was set aside
    Jobs(jobs::Jobs),
    /// Pictures and other files: check, move, count, tidy
    #[command(subcommand)]
    Media(media::Media),
    /// Posts: how far one from here came; forget old ones of other servers that nobody here touched
    #[command(subcommand)]
    Statuses(statuses::Statuses),
    /// What people and other servers told moderators
    #[command(subcommand)]
    Report(report::Report),
    /// The words by which posts are found
    #[command(subcommand)]
    Search(search::Search),
    /// Check, print and document the configuration
    #[command(subcommand)]
    Config(config::Config),
    /// The certificate: where it comes from, until when it holds, a new one
    #[command(subcommand)]
    Tls(tls::Tls),
    /// The addresses of this machine in the DNS: what is there, what should be
    #[command(subcommand)]
    Dns(dns::Dns),
    /// What is wrong with this server, seen from outside and from within, and what to do about it
    Doctor(doctor::Doctor),
    /// The front that passes everything on to this server: nginx, Caddy, HAProxy, Apache
    #[command(subcommand)]
    Proxy(front::proxy::Proxy),
    /// Units by which systemd starts this server, restarts it and keeps its sockets meanwhile
    #[command(subcommand)]
    Systemd(systemd::Systemd),
    /// The bare domain of the handles, when it is served elsewhere: rules that point here
    #[command(subcommand)]
    Apex(front::apex::Apex),
    /// Print the version
    Version(version::Version),
    /// Decode one file of a stranger; the server starts this by itself
    #[command(hide = true)]
    MediaChild {
        /// Bytes of memory it may take
        memory: u64,
        /// Its standard input is a film
        #[arg(long)]
        film: bool,
        /// Its standard input is a film of which the first picture is wanted
        #[arg(long, conflicts_with = "film")]
        poster: bool,
        /// Seconds of processor time of the program it becomes
        #[arg(long, default_value_t = 0)]
        seconds: u64,
        /// Bytes of the file that the program makes
        #[arg(long, default_value_t = 0)]
        bytes: u64,
        /// The program it becomes, and its arguments
        #[arg(last = true)]
        tool: Vec<OsString>,
    },
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Write the man pages into a folder
    Man(man::Man),
}

/// Why a command failed: one sentence for standard error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl Failure {
    /// `doing`: what was tried, as "writing the man pages".
    pub fn because(doing: &str, error: impl std::fmt::Display) -> Failure {
        Failure(format!("{doing} failed: {error}"))
    }
}

impl From<phiomia_model::Error> for Failure {
    fn from(error: phiomia_model::Error) -> Failure {
        match error {
            phiomia_model::Error::Refused(refusal) => Failure(refusal.to_string()),
            phiomia_model::Error::Broken(fault) => Failure(fault.chain()),
        }
    }
}

impl From<phiomia_model::Fault> for Failure {
    fn from(fault: phiomia_model::Fault) -> Failure {
        Failure(fault.chain())
    }
}

impl From<crate::config::Problems> for Failure {
    fn from(problems: crate::config::Problems) -> Failure {
        Failure(problems.to_string())
    }
}

/// Runs the program: parses the command line, does what it says, and turns a failure into one sentence and code 1.
#[must_use]
pub fn main() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    let done = match command {
        Command::Init(command) => command.run(&global),
        Command::Serve(command) => command.run(&global),
        Command::Account(command) => command.run(&global),
        Command::App(command) => command.run(&global),
        Command::Token(command) => command.run(&global),
        Command::Settings(command) => command.run(&global),
        Command::Announcement(command) => command.run(&global),
        Command::Emoji(command) => command.run(&global),
        Command::Seed(command) => command.run(&global),
        Command::Db(command) => command.run(&global),
        Command::Backup(command) => command.run(&global),
        Command::Host(command) => command.run(&global),
        Command::Federation(command) => command.run(&global),
        Command::Doctor(command) => match command.run(&global) {
            Ok(code) => return ExitCode::from(code),
            Err(failure) => Err(failure),
        },
        Command::Proxy(command) => command.run(&global),
        Command::Apex(command) => command.run(&global),
        Command::Systemd(command) => command.run(&global),
        Command::Fetch(command) => command.run(&global),
        Command::IpBlock(command) => command.run(&global),
        Command::EmailDomainBlock(command) => command.run(&global),
        Command::Relay(command) => command.run(&global),
        Command::Jobs(command) => command.run(&global),
        Command::Media(command) => command.run(&global),
        Command::Statuses(command) => command.run(&global),
        Command::Report(command) => command.run(&global),
        Command::Search(command) => command.run(&global),
        Command::Config(command) => command.run(&global),
        Command::Tls(command) => command.run(&global),
        Command::Dns(command) => command.run(&global),
        Command::MediaChild { memory, film, poster, tool, .. } if tool.is_empty() => {
            let work = match (film, poster) {
                (true, _) => Work::Film,
                (_, true) => Work::Poster,
                _ => Work::Picture,
            };
            phiomia_workshop::work(memory, work).map_err(|e| Failure::because("decoding", e))
        }
        Command::MediaChild { memory, seconds, bytes, tool, .. } => {
            let ceilings = Ceilings { memory, seconds, bytes };
            phiomia_workshop::become_tool(&ceilings, &tool)
                .map(|never| match never {})
                .map_err(|e| Failure::because("becoming a program that converts", e))
        }
        Command::Version(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody left to read it: the code says it too.
            let _ = writeln!(io::stderr(), "phiomia: {failure}");
            ExitCode::FAILURE
        }
    }
}

impl Global {
    /// Reads the configuration. `more`: settings that the command's own flags give.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(&self, more: &[(&str, Option<&str>)]) -> Result<Loaded, Failure> {
        let mut flags = self.set.clone();
        let data = self.data.as_ref().map(|path| path.display().to_string());
        let named = more.iter().copied().chain([("data", data.as_deref())]);
        flags.extend(named.filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))));
        let places = Places { config: self.config.clone(), env_file: self.env_file.clone(), flags };
        Ok(crate::config::load(&places)?)
    }
}

/// The runtime of a command that waits for something.
///
/// # Errors
/// When the system gives us no threads.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Each blocking thread keeps memory of its own; we have threads of our own for the database.
        .max_blocking_threads(8)
        .build()
        .map_err(|e| Failure::because("starting the runtime", e))
}

/// Writes what was asked for to standard output, with a line's end.
///
/// # Errors
/// When nobody reads it.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let ending = if text.ends_with('\n') { "" } else { "\n" };
    match write!(out, "{text}{ending}").and_then(|()| out.flush()) {
        // `phiomia config docs | head`: whoever reads has enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|e| Failure::because("writing to standard output", e)),
    }
}

/// Tells the log what the configuration has to say.
pub fn log_notes(notes: &[Note]) {
    for note in notes {
        match note {
            Note::Info(text) => tracing::info!("configuration: {text}"),
            Note::Warning(text) => tracing::warn!("configuration: {text}"),
        }
    }
}

/// The whole command line, for completions and man pages.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("must be of the form KEY=VALUE".to_owned()),
    }
}
