//! `phiomia dns`: the addresses of this machine, who keeps its records, and what has to be changed there.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Failure, Global, print, runtime};
use crate::dns::{self, Change, Family, Held, Outlook, Standing};

/// What to do about the records of the domain that serves pages.
#[derive(Debug, Subcommand)]
pub enum Dns {
    /// Show which addresses this machine has, which are published, and where the domain leads
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Publish the addresses of this machine now, as the running server does by itself
    Publish {
        /// Only say what would be changed
        #[arg(long)]
        dry_run: bool,
    },
}

impl Dns {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = global.load(&[])?.config;
        let runtime = runtime()?;
        let done = runtime.block_on(async {
            let dns = dns::Dns::new(&config).map_err(Failure)?;
            let Some(dns) = dns else {
                return Err(Failure("nothing is published: dns.provider is not set".to_owned()));
            };
            match self {
                Dns::Status { json } => {
                    let standing = status(&dns).await;
                    print(&if *json { standing.to_string() } else { lines(&standing) })
                }
                Dns::Publish { dry_run } => publish(&dns, *dry_run).await,
            }
        });
        runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        done
    }
}

async fn publish(dns: &dns::Dns, dry_run: bool) -> Result<(), Failure> {
    let Some(provider) = dns.provider() else {
        return Err(Failure("nothing is published: dns.provider is not set".to_owned()));
    };
    let (name, who) = (dns.name(), provider.name());
    let failed = |why: String| Failure(format!("the addresses of {name} are not published: {why}"));
    let standing = dns.look().await;
    let changes = standing.plan.map_err(failed)?;
    if changes.is_empty() {
        let ours = dns::list(&standing.found.addresses());
        return print(&format!("Nothing had to be changed: {name} is {ours} by {who}."));
    }
    if !dry_run {
        dns.publish(&changes).await.map_err(failed)?;
    }
    let head = if dry_run { "Would be published" } else { "Published" };
    let all = changes.iter().map(|change| format!("  {name}  {change}\n")).collect::<String>();
    print(&format!("{head} by {who}:\n{all}"))
}

async fn status(dns: &dns::Dns) -> Value {
    let (standing, leads_to) = tokio::join!(dns.look(), dns.leads_to());
    let Standing { found, held, plan } = standing;
    let mut said = json!({ "name": dns.name(), "found": found_of(&found) });
    let Some(fields) = said.as_object_mut() else { return said };
    match leads_to {
        Ok(addresses) => fields.insert("leads_to".to_owned(), json!(addresses)),
        Err(why) => fields.insert("leads_to_unknown".to_owned(), json!(why)),
    };
    let Some(provider) = dns.provider() else { return said };
    fields.insert("provider".to_owned(), json!(provider.name()));
    if let Some(Ok(held)) = held.filter(|_| provider.is_readable()) {
        fields.insert("published".to_owned(), held_of(&held));
    }
    match plan {
        // What a program wrote is known to the process that ran it.
        Ok(_) if !provider.is_readable() => {}
        Ok(changes) => {
            let changes: Vec<String> = changes.iter().map(Change::to_string).collect();
            fields.insert("to_do".to_owned(), json!(changes));
        }
        Err(why) => {
            fields.insert("failure".to_owned(), json!(why));
        }
    }
    said
}

fn found_of(found: &dns::Found) -> Value {
    let one = |family: Family| match found.of(family) {
        Outlook::Addresses(addresses, from) => json!({ "addresses": addresses, "from": from }),
        Outlook::None { .. } => json!({ "addresses": [] }),
        Outlook::Unknown(why) => json!({ "unknown": why }),
        Outlook::Ignored => Value::Null,
    };
    json!({ "A": one(Family::V4), "AAAA": one(Family::V6) })
}

fn held_of(held: &Held) -> Value {
    let one = |family: Family| held.of(family).map(|set| json!({ "addresses": set.addresses, "ttl": set.ttl }));
    json!({ "A": one(Family::V4), "AAAA": one(Family::V6) })
}

/// A line for each thing that is known, in an order for people.
fn lines(said: &Value) -> String {
    let mut all = Vec::new();
    let mut line = |head: &str, text: String| all.push(format!("{head:<14}{text}"));
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    line("domain", text(said.get("name")).unwrap_or_default());
    line("kept by", text(said.get("provider")).unwrap_or_else(|| "somebody else (dns.provider is not set)".to_owned()));
    for (head, section) in [("this machine", "found"), ("published", "published")] {
        for record in ["A", "AAAA"] {
            let Some(one) = said.get(section).and_then(|all| all.get(record)).filter(|one| !one.is_null()) else {
                continue;
            };
            let addresses = joined(one.get("addresses"), ", ");
            let of = match (one.get("from"), one.get("ttl"), one.get("unknown")) {
                (Some(from), ..) => format!(" ({})", from.as_str().unwrap_or_default()),
                (_, Some(ttl), _) => format!(" for {ttl} s"),
                (.., Some(why)) => format!("unknown: {}", why.as_str().unwrap_or_default()),
                _ => String::new(),
            };
            let none = if addresses.is_empty() && of.is_empty() { "none" } else { "" };
            line(head, format!("{record:<5}{addresses}{none}{of}"));
        }
    }
    match text(said.get("leads_to_unknown")) {
        Some(why) => line("leads to", format!("unknown: {why}")),
        None => {
            let there = joined(said.get("leads_to"), ", ");
            line("leads to", if there.is_empty() { "no address".to_owned() } else { there });
        }
    }
    if let Some(why) = text(said.get("failure")) {
        line("failure", why);
    } else if let Some(changes) = said.get("to_do") {
        let changes = joined(Some(changes), "; ");
        line("to do", if changes.is_empty() { "nothing".to_owned() } else { changes });
    }
    all.join("\n")
}

fn joined(list: Option<&Value>, by: &str) -> String {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).collect::<Vec<_>>().join(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_stands_is_said_in_lines() {
        let said = json!({
            "name": "social.example.org", "provider": "Route 53",
            "found": { "A": { "addresses": ["192.0.2.1"], "from": "ec2" }, "AAAA": { "unknown": "no answer" } },
            "published": { "A": { "addresses": ["192.0.2.9"], "ttl": 300 }, "AAAA": null },
            "leads_to": [], "to_do": ["A 192.0.2.1 instead of 192.0.2.9"],
        });
        assert_eq!(
            lines(&said),
            "domain        social.example.org\n\
             kept by       Route 53\n\
             this machine  A    192.0.2.1 (ec2)\n\
             this machine  AAAA unknown: no answer\n\
             published     A    192.0.2.9 for 300 s\n\
             leads to      no address\n\
             to do         A 192.0.2.1 instead of 192.0.2.9"
        );
    }
}
