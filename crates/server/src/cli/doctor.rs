//! `phiomia doctor`: what is wrong with this server, and what to do about it.

use std::net::{IpAddr, SocketAddr};

use clap::Args;
use phiomia_api::doctor::{Finding, Subject, Verdict};
use serde_json::json;

use super::{Failure, Global, print, runtime};
use crate::{
    config::value::{Domain, Value as _},
    doctor::{self, Practice, Questions},
};

/// Asks this server from outside, as other servers and people do, and looks at what it stands on. Code 0: all is good, or
/// cannot be seen from here; 1: something does not work; 2: there are warnings
#[derive(Debug, Args)]
pub struct Doctor {
    /// Only what belongs to this subject; may be given several times
    #[arg(long, value_name = "SUBJECT", value_parser = subject)]
    only: Vec<Subject>,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// The name server that is asked for this server's names, instead of this machine's: what others see
    #[arg(long, value_name = "ADDRESS", value_parser = name_server)]
    name_server: Option<SocketAddr>,
    /// Another server to ask for the time and for an answer, instead of doctor.peers; may be given several times
    #[arg(long, value_name = "HOST", value_parser = host)]
    peer: Vec<String>,
}

impl Doctor {
    /// Gives the code to end with.
    ///
    /// # Errors
    /// One sentence, when there is no configuration to look at.
    pub fn run(&self, global: &Global) -> Result<u8, Failure> {
        let config = global.load(&[])?.config;
        let questions = Questions { name_server: self.name_server, peers: self.peer.clone() };
        let runtime = runtime()?;
        let findings = runtime.block_on(async {
            let practice = Practice::beside(config, questions).await?;
            let findings = practice.examine(&self.only).await;
            practice.close();
            Ok::<_, Failure>(findings)
        });
        runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        let findings = findings?;
        let code = doctor::exit_code(&findings);
        print(&if self.json { json!({ "code": code, "findings": findings }).to_string() } else { lines(&findings) })?;
        Ok(code)
    }
}

/// A paragraph for each finding, what is good last.
fn lines(findings: &[Finding]) -> String {
    let paragraph = |finding: &&Finding| {
        let cure = finding.cure.as_ref().map(|cure| format!("{:13}{cure}\n", "")).unwrap_or_default();
        format!("{:<8} {:<12} {}\n{cure}", finding.verdict.word(), finding.subject.word(), finding.what)
    };
    let is_good = |finding: &&Finding| matches!(finding.verdict, Verdict::Good);
    let bad = findings.iter().filter(|finding| !is_good(finding)).map(|finding| paragraph(&finding));
    let good = findings.iter().filter(is_good).map(|finding| paragraph(&finding));
    bad.chain(good).collect()
}

fn subject(text: &str) -> Result<Subject, String> {
    let found = Subject::ALL.into_iter().find(|subject| subject.word() == text);
    let words = || Subject::ALL.map(Subject::word).join(", ");
    found.ok_or_else(|| format!("must be one of {}", words()))
}

fn name_server(text: &str) -> Result<SocketAddr, String> {
    let with_port = text.parse::<SocketAddr>().ok();
    let found = with_port.or_else(|| Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, 53)));
    found.ok_or_else(|| "must be an address, as 9.9.9.9 or 127.0.0.1:5353".to_owned())
}

fn host(text: &str) -> Result<String, String> {
    Domain::read(text).map(|domain| domain.as_str().to_owned())
}
