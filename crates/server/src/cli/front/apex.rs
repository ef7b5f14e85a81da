//! `phiomia apex`: what the bare domain has to say, when handles are `@me@example.org` and this server is
//! `social.example.org`. Other servers ask the domain of the handle, and only there.

use std::{fs, path::PathBuf};

use clap::{Subcommand, ValueEnum};
use phiomia_federation::documents;
use phiomia_model::Addresses;
use phiomia_store::db::users;

use super::{Failure, fill, host};
use crate::cli::{Global, desk::Desk, federation, print};

/// What of the bare domain has to lead here.
pub const PATHS: [&str; 3] = ["/.well-known/webfinger", "/.well-known/host-meta", "/.well-known/nodeinfo"];

/// What to do about the bare domain.
#[derive(Debug, Subcommand)]
pub enum Apex {
    /// Print the rules that lead `.well-known/webfinger`, `host-meta` and `nodeinfo` of the bare domain here
    Print(Print),
}

/// For which kind of server.
#[derive(Debug, clap::Args)]
pub struct Print {
    /// What serves the bare domain
    #[arg(value_enum)]
    kind: Kind,
    /// With static-files and github-pages: whose name the one file holds; the only account needs no name
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// With static-files and github-pages: the folder of the site, where the files are written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Kinds of servers that are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A bucket with routing rules behind `CloudFront`, as Terraform
    S3Terraform,
    /// A function for a `CloudFront` distribution that exists
    Cloudfront,
    /// nginx
    Nginx,
    /// Caddy
    Caddy,
    /// Apache
    Apache,
    /// `HAProxy`
    Haproxy,
    /// Netlify: a file _redirects and a file _headers
    Netlify,
    /// Cloudflare: a redirect rule
    Cloudflare,
    /// GitHub Pages, which cannot redirect: files for one account
    GithubPages,
    /// Any server of files that cannot redirect: files for one account
    StaticFiles,
}

impl Apex {
    /// # Errors
    /// When handles have no domain of their own, or one file cannot stand for all accounts.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        let Apex::Print(wanted) = self;
        let addresses = global.load(&[])?.config.addresses();
        if addresses.local_domain == addresses.web_domain {
            return Err(Failure(format!(
                "handles end in @{} and this server is there: nothing has to lead here",
                addresses.local_domain
            )));
        }
        let template = match wanted.kind {
            Kind::S3Terraform => include_str!("apex/s3.tf"),
            Kind::Cloudfront => include_str!("apex/cloudfront.js"),
            Kind::Nginx => include_str!("apex/nginx.conf"),
            Kind::Caddy => include_str!("apex/Caddyfile"),
            Kind::Apache => include_str!("apex/apache.conf"),
            Kind::Haproxy => include_str!("apex/haproxy.cfg"),
            Kind::Netlify => include_str!("apex/netlify.txt"),
            Kind::Cloudflare => include_str!("apex/cloudflare.txt"),
            Kind::GithubPages | Kind::StaticFiles => return wanted.files(global),
        };
        let name: String =
            host(&addresses.local_domain).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        // Terraform holds the same function, without what stands above it.
        let function = include_str!("apex/cloudfront.js").lines().skip_while(|line| line.starts_with("//"));
        let function: String = function.map(|line| format!("    {line}\n")).collect();
        // First, for there are places in it, too.
        let values = [
            ("function", function.as_str()),
            ("local_domain", &addresses.local_domain),
            ("local_host", host(&addresses.local_domain)),
            ("web_domain", &addresses.web_domain),
            ("name", &name),
        ];
        print(fill(template, &values)?.trim_end())
    }
}

impl Print {
    /// The rules for that kind of server, or the files for that account.
    #[must_use]
    pub fn of(kind: Kind, account: String) -> Print {
        Print { kind, account: Some(account), out: None }
    }

    /// A file does not look at the question, so it has one answer.
    fn files(&self, global: &Global) -> Result<(), Failure> {
        let files = Desk::work(global, async |desk| {
            let name = match &self.account {
                Some(name) => name.clone(),
                None => only_account(desk).await?,
            };
            desk.account(&name).await?;
            let name = name.trim_start_matches('@');
            let name = name.split('@').next().unwrap_or(name);
            let resource = format!("acct:{name}@{}", desk.addresses.local_domain);
            let federation = federation::handle(desk)?;
            let found = documents::webfinger(&federation, Some(&resource)).await?;
            let webfinger = String::from_utf8(found).map_err(|e| Failure::because("writing the answer", e))?;
            Ok(site(&desk.addresses, webfinger, self.kind))
        })?;
        let Some(folder) = &self.out else {
            let shown = files.iter().map(|(name, text)| format!("=== {name}\n{text}\n"));
            return print(&shown.collect::<String>());
        };
        for (name, text) in &files {
            let path = folder.join(name);
            path.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, text))
                .map_err(|e| Failure::because(&format!("writing {}", path.display()), e))?;
        }
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        print(&format!("written: {}", names.join(", ")))
    }
}

/// The files of a site, by their path in it.
fn site(addresses: &Addresses, webfinger: String, kind: Kind) -> Vec<(&'static str, String)> {
    let mut files = vec![
        (".well-known/webfinger", webfinger),
        (".well-known/host-meta", documents::host_meta(addresses)),
        (".well-known/nodeinfo", documents::nodeinfo_links(addresses).to_string()),
    ];
    if kind == Kind::GithubPages {
        // Or Jekyll leaves out what begins with a dot.
        files.push((".nojekyll", String::new()));
    }
    files
}

async fn only_account(desk: &Desk) -> Result<String, Failure> {
    let people = desk.db.read(|q| Ok(users::list(q, None, 50)?)).await?;
    let mut names = people.into_iter().filter(|user| user.deleted_at.is_none()).map(|user| user.username);
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(name),
        (None, _) => Err(Failure("there is no account yet: phiomia account create".to_owned())),
        (Some(_), Some(_)) => Err(Failure(
            "a file gives one answer, and there are several accounts: name one with --account, or redirect instead"
                .to_owned(),
        )),
    }
}
