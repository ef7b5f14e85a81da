//! `phiomia tls`: which certificate is shown, and the order of a new one.

use std::fs;

use clap::Subcommand;
use phiomia_model::Time;
use phiomia_store::db::certificates::CertificateRow;
use serde_json::{Value, json};

use super::{Failure, Global, desk::Desk, print};
use crate::{
    acme::{Acme, Ordered},
    house::folder,
    tls::first_of,
};

/// What to do about the certificate.
#[derive(Debug, Subcommand)]
pub enum Tls {
    /// Show where the certificate comes from, for which domains, until when; and why there is none
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Order a new certificate now and say how it went; the running server answers the authority's questions
    Renew,
}

impl Tls {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| {
            let sealer = folder::read_key(desk.config.data()).map_err(Failure)?;
            let acme = Acme::new(&desk.config, desk.db.clone(), sealer, desk.entropy.clone()).map_err(Failure)?;
            match (self, acme) {
                (Tls::Status { json }, acme) => {
                    let standing = standing(desk, acme.as_ref()).await?;
                    print(&if *json { standing.to_string() } else { lines(&standing) })
                }
                (Tls::Renew, Some(acme)) => match acme.order().await? {
                    Ordered::Came { names, not_after } => print(&format!(
                        "A certificate for {} came. It holds until {}, and the running server shows it within seconds.",
                        names.join(" and "),
                        not_after.to_iso_millis()
                    )),
                    Ordered::Failed { why, .. } => Err(Failure(format!("no certificate came: {why}"))),
                    Ordered::Taken => Err(Failure("a certificate is being ordered just now".to_owned())),
                },
                (Tls::Renew, None) => Err(Failure(
                    "certificates of this server do not come from an authority: tls.acme is not set".to_owned(),
                )),
            }
        })
    }
}

async fn standing(desk: &Desk, acme: Option<&Acme>) -> Result<Value, Failure> {
    if let Some(acme) = acme {
        let row = acme.standing().await?;
        let chain = row.as_ref().and_then(|row| row.chain.as_deref());
        let mut standing = certificate(chain.unwrap_or_default().as_bytes());
        put(&mut standing, "from", json!(acme.directory()));
        for (name, value) in row.iter().flat_map(order) {
            put(&mut standing, name, value);
        }
        return Ok(standing);
    }
    let Some(file) = &desk.config.tls.cert_file else {
        return Ok(json!({ "from": "nowhere: this server speaks plain http" }));
    };
    let shown = file.display();
    let text = fs::read(file).map_err(|e| Failure(format!("tls.cert_file {shown} does not read: {e}")))?;
    let mut standing = certificate(&text);
    put(&mut standing, "from", json!(shown.to_string()));
    Ok(standing)
}

/// What the certificate says; nothing when there is none.
fn certificate(chain: &[u8]) -> Value {
    let said = first_of(chain, |facts| {
        let [not_before, not_after] = [facts.not_before, facts.not_after].map(Time::to_iso_millis);
        Some(json!({ "domains": facts.names, "not_before": not_before, "not_after": not_after }))
    });
    said.unwrap_or_else(|| json!({}))
}

fn order(row: &CertificateRow) -> Vec<(&'static str, Value)> {
    let mut all = vec![("next_order_at", json!(row.next_at.to_iso_millis()))];
    if let (Some(why), Some(at)) = (&row.failure, row.failed_at) {
        all.push(("failure", json!(why)));
        all.push(("failed_at", json!(at.to_iso_millis())));
        all.push(("failures", json!(row.n_failures)));
    }
    all
}

fn put(standing: &mut Value, name: &str, value: Value) {
    if let Some(fields) = standing.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// A line for each thing that is known, in an order for people.
fn lines(standing: &Value) -> String {
    const NAMES: [(&str, &str); 8] = [
        ("from", "from"),
        ("domains", "domains"),
        ("not_before", "holds from"),
        ("not_after", "holds until"),
        ("next_order_at", "next order"),
        ("failure", "failure"),
        ("failed_at", "failed at"),
        ("failures", "failures"),
    ];
    let line = |(name, shown): &(&str, &str)| {
        let value = match standing.get(name)? {
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            other => other.to_string(),
        };
        Some(format!("{shown:<12}{value}"))
    };
    NAMES.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}
