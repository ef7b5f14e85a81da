//! `phiomia ip-block`: network addresses under a rule, as Mastodon's `tootctl ip_blocks` has them.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use phiomia_model::{Cidr, IpBlockId, Page};
use phiomia_social::barring;
use phiomia_store::db::moderation::sign_ups::{self, IpBlock, IpSeverity};
use serde_json::{Value, json};

use super::{Failure, Global, desk::Desk, print};

/// Rules read at a time.
const PAGE: i64 = 500;

/// What is done with rules about network addresses. A running server hears of each change within half a second.
#[derive(Debug, Subcommand)]
pub enum IpBlocks {
    /// List the rules
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a rule about each of these addresses, in place of the one there may be
    Add {
        /// As 192.0.2.7 or 192.0.2.0/24
        #[arg(required = true)]
        addresses: Vec<Cidr>,
        /// What they may not do
        #[arg(long, value_enum, default_value_t = Severity::NoAccess)]
        severity: Severity,
        /// Why, for staff
        #[arg(long, default_value = "")]
        comment: String,
        /// Seconds after which the rule ends; without it, never
        #[arg(long)]
        duration: Option<u64>,
        /// Also a rule that keeps everybody out
        #[arg(long)]
        force: bool,
    },
    /// Lift the rules about exactly these addresses
    Remove {
        /// As 192.0.2.7 or 192.0.2.0/24
        #[arg(required = true)]
        addresses: Vec<Cidr>,
        /// Also every rule that these addresses lie in
        #[arg(long)]
        force: bool,
    },
    /// Print the addresses that may do nothing at all, for a firewall or a front
    Export {
        /// In which form
        #[arg(long, value_enum, default_value_t = Form::Plain)]
        format: Form,
    },
}

/// What addresses may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Severity {
    /// Staff looks at sign-ups
    SignUpRequiresApproval,
    /// Nobody signs up
    SignUpBlock,
    /// Nothing at all
    NoAccess,
}

impl From<Severity> for IpSeverity {
    fn from(severity: Severity) -> IpSeverity {
        match severity {
            Severity::SignUpRequiresApproval => IpSeverity::SignUpRequiresApproval,
            Severity::SignUpBlock => IpSeverity::SignUpBlock,
            Severity::NoAccess => IpSeverity::NoAccess,
        }
    }
}

/// How addresses are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// One in a line
    Plain,
    /// As nginx reads them
    Nginx,
}

impl IpBlocks {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            IpBlocks::List { json } => list(desk, *json).await,
            IpBlocks::Add { addresses, severity, comment, duration, force } => {
                let rule = Rule { severity: *severity, comment, duration: *duration, force: *force };
                for one in addresses {
                    add(desk, *one, &rule).await?;
                }
                Ok(())
            }
            IpBlocks::Remove { addresses, force } => {
                for one in addresses {
                    remove(desk, *one, *force).await?;
                }
                Ok(())
            }
            IpBlocks::Export { format } => export(desk, *format).await,
        })
    }
}

struct Rule<'a> {
    severity: Severity,
    comment: &'a str,
    duration: Option<u64>,
    force: bool,
}

async fn add(desk: &Desk, addresses: Cidr, rule: &Rule<'_>) -> Result<(), Failure> {
    if rule.severity == Severity::NoAccess && addresses.is_everything() && !rule.force {
        return Err(Failure(format!("{addresses} keeps everybody out, also from settings; say so with --force")));
    }
    let now = desk.db.clock().now();
    let expires_at = rule.duration.map(|seconds| now.plus(Duration::from_secs(seconds)));
    let (severity, comment) = (IpSeverity::from(rule.severity), rule.comment.to_owned());
    let writing = desk.db.write(move |tx| {
        let (id, comment) = (IpBlockId(tx.new_id()), comment.clone());
        let block = IpBlock { id, addresses, severity, comment, expires_at, created_at: tx.now() };
        barring::rule_range(tx, &block)
    });
    writing.await.map(drop).map_err(Failure::from)
}

async fn remove(desk: &Desk, addresses: Cidr, force: bool) -> Result<(), Failure> {
    let lifting = desk.db.write(move |tx| {
        let mut was_there = barring::lift_range_named(tx, addresses)?;
        if force {
            for block in sign_ups::ranges_in_force(tx, tx.now())? {
                if block.addresses.contains(addresses.base()) {
                    barring::lift_range(tx, block.id)?;
                    was_there = true;
                }
            }
        }
        Ok(was_there)
    });
    if lifting.await? { Ok(()) } else { Err(Failure(format!("there is no rule about {addresses}"))) }
}

async fn all(desk: &Desk) -> Result<Vec<IpBlock>, Failure> {
    let (mut blocks, mut page) = (Vec::new(), Page::first(PAGE));
    loop {
        let some = desk.db.read(move |q| Ok(sign_ups::ranges(q, &page)?)).await?;
        page.max_id = some.last().map(|block| block.id.0);
        if some.is_empty() {
            return Ok(blocks);
        }
        blocks.extend(some);
    }
}

async fn list(desk: &Desk, as_json: bool) -> Result<(), Failure> {
    let blocks = all(desk).await?;
    if as_json {
        let facts = |block: &IpBlock| {
            json!({
                "ip": block.addresses.to_string(),
                "severity": block.severity.word(),
                "comment": block.comment,
                "expires_at": block.expires_at.map(phiomia_model::Time::to_iso_millis),
                "created_at": block.created_at.to_iso_millis(),
            })
        };
        return print(&Value::from(blocks.iter().map(facts).collect::<Vec<_>>()).to_string());
    }
    let line = |block: &IpBlock| {
        let until = block.expires_at.map(|at| format!("until {}", at.to_iso_millis())).unwrap_or_default();
        format!("{}\t{}\t{}\t{until}\n", block.addresses, block.severity.word(), block.comment)
    };
    if blocks.is_empty() { Ok(()) } else { print(&blocks.iter().map(line).collect::<String>()) }
}

async fn export(desk: &Desk, format: Form) -> Result<(), Failure> {
    let now = desk.db.clock().now();
    let blocks = all(desk).await?;
    let closed = blocks.iter().filter(|block| block.severity == IpSeverity::NoAccess && block.is_in_force(now));
    let line = |block: &IpBlock| match format {
        Form::Plain => format!("{}\n", block.addresses),
        Form::Nginx => format!("deny {};\n", block.addresses),
    };
    let lines: String = closed.map(line).collect();
    if lines.is_empty() { Ok(()) } else { print(&lines) }
}
