//! Which servers take the mail of a domain, as the DNS says.

use std::{net::SocketAddr, time::Duration};

use tokio::time::timeout;

use super::{
    Outbound,
    names::{Record, RecordKind, name_servers, records},
};

/// For all of it: somebody waits for the answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Servers of a domain that are looked at; more is nonsense.
const MOST_SERVERS: usize = 20;

impl Outbound {
    /// The names of the servers that take mail for a domain, in lower case; none when there is no such domain, or nobody
    /// takes its mail.
    ///
    /// # Errors
    /// A sentence, when no name server answered in time.
    pub async fn mail_servers(&self, domain: &str) -> Result<Vec<String>, String> {
        let known: Vec<SocketAddr> =
            if self.name_servers.is_empty() { name_servers() } else { self.name_servers.to_vec() };
        let asking = timeout(PATIENCE, records(&known, domain, RecordKind::Mx));
        let found = asking.await.map_err(|_| "the name servers do not answer in time".to_owned())??;
        let names = found.into_iter().filter_map(|record| match record {
            // A dot alone says that there is no mail: RFC 7505.
            Record::Name(name) => Some(name).filter(|name| !name.is_empty()),
            Record::Address(_) | Record::Text(_) => None,
        });
        Ok(names.take(MOST_SERVERS).collect())
    }
}
