//! `phiomia email-domain-block`: e-mail domains nobody signs up with, as Mastodon's `tootctl email_domain_blocks` has them.

use clap::Subcommand;
use phiomia_model::Page;
use phiomia_social::barring;
use phiomia_store::db::moderation::sign_ups::{self, EmailDomain};
use serde_json::{Value, json};

use super::{
    Failure, Global,
    desk::Desk,
    federation::{domain_name, handle},
    print,
};

/// Domains read at a time.
const PAGE: i64 = 500;

/// What is done with e-mail domains; each rule holds for what lies below the domain, too.
#[derive(Debug, Subcommand)]
pub enum EmailDomainBlock {
    /// List the domains
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Bar domains from sign-up
    Add {
        /// Which
        #[arg(required = true)]
        domains: Vec<String>,
        /// Let them sign up, but have staff look at each
        #[arg(long)]
        allow_with_approval: bool,
        /// Also the servers that take mail for them, as the DNS names them
        #[arg(long)]
        with_dns_records: bool,
    },
    /// Lift the rules about domains
    Remove {
        /// Which
        #[arg(required = true)]
        domains: Vec<String>,
    },
}

impl EmailDomainBlock {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            EmailDomainBlock::List { json } => list(desk, *json).await,
            EmailDomainBlock::Add { domains, allow_with_approval, with_dns_records } => {
                for domain in domains {
                    add(desk, domain, *allow_with_approval, *with_dns_records).await?;
                }
                Ok(())
            }
            EmailDomainBlock::Remove { domains } => {
                for domain in domains {
                    remove(desk, domain).await?;
                }
                Ok(())
            }
        })
    }
}

async fn add(desk: &Desk, domain: &str, allows_with_approval: bool, with_servers: bool) -> Result<(), Failure> {
    let name = domain_name(domain)?;
    let servers = match with_servers {
        true => handle(desk)?.outbound.mail_servers(&name).await.map_err(Failure)?,
        false => Vec::new(),
    };
    let barring = desk.db.write(move |tx| {
        let mut barred = vec![barring::bar_email_domain(tx, &name, allows_with_approval)?.domain];
        barred.extend(barring::bar_mail_servers(tx, &servers, allows_with_approval)?);
        Ok(barred)
    });
    print(&barring.await?.join("\n"))
}

async fn remove(desk: &Desk, domain: &str) -> Result<(), Failure> {
    let name = domain_name(domain)?;
    let lifting = desk.db.write(move |tx| match sign_ups::email_domain_for(tx, &name)? {
        Some(block) if block.domain == name => Ok(sign_ups::lift_email_domain(tx, block.id).map(|()| true)?),
        _ => Ok(false),
    });
    if lifting.await? { Ok(()) } else { Err(Failure(format!("there is no rule about {domain}"))) }
}

async fn list(desk: &Desk, as_json: bool) -> Result<(), Failure> {
    let (mut blocks, mut page) = (Vec::new(), Page::first(PAGE));
    loop {
        let some = desk.db.read(move |q| Ok(sign_ups::email_domains(q, &page)?)).await?;
        page.max_id = some.last().map(|block| block.id.0);
        if some.is_empty() {
            break;
        }
        blocks.extend(some);
    }
    if as_json {
        let facts = |block: &EmailDomain| {
            json!({
                "domain": block.domain,
                "allow_with_approval": block.allows_with_approval,
                "created_at": block.created_at.to_iso_millis(),
            })
        };
        return print(&Value::from(blocks.iter().map(facts).collect::<Vec<_>>()).to_string());
    }
    let line = |block: &EmailDomain| {
        let how = if block.allows_with_approval { "with approval" } else { "barred" };
        format!("{}\t{how}\n", block.domain)
    };
    if blocks.is_empty() { Ok(()) } else { print(&blocks.iter().map(line).collect::<String>()) }
}
