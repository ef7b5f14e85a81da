//! What is decided about whole domains. A decision about a domain holds for its subdomains.

use std::collections::HashSet;

use phiomia_model::{AccountId, DomainAllowId, DomainBlockId, Fault, Page, Time};

use crate::db::{
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

macro_rules! columns {
    () => {
        "id, domain, severity, rejects_media, rejects_reports, private_comment, public_comment, obfuscates, created_at"
    };
}

keysets! {
    BLOCKS = "id", concat!("select ", columns!(), " from domain_blocks where true");
    ALLOWS = "id", "select id, domain, created_at from domain_allows where true";
}

queries! {
    STRICTEST = Sql::Same("select domain, severity, rejects_media, rejects_reports from domain_blocks where domain in texts($1)
        union all select domain, 'allowed', false, false from domain_allows where domain in texts($1)");
    SUSPENDED_AMONG = Sql::Same("select domain from domain_blocks where severity = 'suspend' and domain in texts($1)");
    ALLOWED_AMONG = Sql::Same("select domain from domain_allows where domain in texts($1)");
    LIST = Sql::Same(concat!("select ", columns!(), " from domain_blocks order by domain"));
    ALLOWED = Sql::Same("select domain from domain_allows order by domain");
    SET = Sql::Same("insert into domain_blocks
            (id, domain, severity, rejects_media, rejects_reports, private_comment, public_comment, obfuscates, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (domain) do update set severity = excluded.severity, rejects_media = excluded.rejects_media,
            rejects_reports = excluded.rejects_reports, private_comment = excluded.private_comment,
            public_comment = excluded.public_comment, obfuscates = excluded.obfuscates");
    REMOVE = Sql::Same("delete from domain_blocks where domain = $1");
    ALLOW = Sql::Same("insert into domain_allows (id, domain, created_at) values ($1, $2, $3)
        on conflict (domain) do nothing");
    FIND = Sql::Same(concat!("select ", columns!(), " from domain_blocks where domain = $1"));
    BLOCK = Sql::Same(concat!("select ", columns!(), " from domain_blocks where id = $1"));
    NEAREST = Sql::Same(concat!("select ", columns!(), " from domain_blocks where domain in texts($1)
        order by length(domain) desc limit 1"));
    ALLOWED_DOMAIN = Sql::Same("select id, domain, created_at from domain_allows where id = $1");
    FIND_ALLOWED = Sql::Same("select id, domain, created_at from domain_allows where domain = $1");
    SILENCED_SINCE = Sql::Same("select max(created_at) from domain_blocks where severity = 'silence' and domain in texts($1)");
    // Of a domain and what lies below it: by handle or by host, which may have a port.
    SUSPEND = Sql::Same("update accounts set suspended_at = $2 where suspended_at is null and domain <> ''
            and (domain = $1 or domain like '%.' || $1 or domain like $1 || ':%' or id in
                (select account_id from actors where host = $1 or host like '%.' || $1 or host like $1 || ':%'))
        returning id");
    SILENCE = Sql::Same("update accounts set silenced_at = $2 where silenced_at is null and domain <> ''
            and (domain = $1 or domain like '%.' || $1 or domain like $1 || ':%' or id in
                (select account_id from actors where host = $1 or host like '%.' || $1 or host like $1 || ':%'))
        returning id");
    // Who was kept away for another reason stays so: the moment tells which decision it was.
    RELEASE = Sql::Same("update accounts set suspended_at = case when suspended_at = $1 then null else suspended_at end,
            silenced_at = case when silenced_at = $1 then null else silenced_at end
        where suspended_at = $1 or silenced_at = $1 returning id");
    SILENCE_ONE = Sql::Same("update accounts set silenced_at = $2 where id = $1 and silenced_at is null");
    FOLLOWS = Sql::Same("select account_id, target_id from follows where account_id in ids($1)
        union select account_id, target_id from follows where target_id in ids($1)
        union select account_id, target_id from follow_requests where account_id in ids($1)
        union select account_id, target_id from follow_requests where target_id in ids($1)");
    REJECTING_MEDIA = Sql::Same("select domain from domain_blocks where rejects_media or severity = 'suspend'
        order by domain");
    DISALLOW = Sql::Same("delete from domain_allows where domain = $1");
}

/// How strictly a domain is kept away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Only what else is said about it.
    Noop,
    /// Its people are seen by their followers alone.
    Silence,
    /// Nothing is taken from it or sent to it, and none of its people is seen.
    Suspend,
}

impl Severity {
    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Noop => "noop",
            Severity::Silence => "silence",
            Severity::Suspend => "suspend",
        }
    }

    /// The severity with this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Severity> {
        [Severity::Noop, Severity::Silence, Severity::Suspend].into_iter().find(|s| s.word() == word)
    }
}

/// What holds for a domain: the strictest of what is said about it and the domains above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How strictly it is kept away.
    pub severity: Severity,
    /// Its pictures are not shown.
    pub rejects_media: bool,
    /// Its reports are not heard.
    pub rejects_reports: bool,
    /// It was allowed by hand: what limited federation asks for.
    pub is_allowed: bool,
}

impl Standing {
    const NOTHING_SAID: Standing =
        Standing { severity: Severity::Noop, rejects_media: false, rejects_reports: false, is_allowed: false };
}

/// A decision as it is kept.
#[derive(Clone, Debug)]
pub struct DomainBlock {
    /// Its number.
    pub id: DomainBlockId,
    /// The domain.
    pub domain: String,
    /// How strictly it is kept away.
    pub severity: Severity,
    /// Its pictures are not shown.
    pub rejects_media: bool,
    /// Its reports are not heard.
    pub rejects_reports: bool,
    /// For staff.
    pub private_comment: Option<String>,
    /// For everybody.
    pub public_comment: Option<String>,
    /// Where it is published, part of the name is hidden.
    pub obfuscates: bool,
    /// Since when.
    pub created_at: Time,
}

impl FromRow for DomainBlock {
    fn from_row(row: &mut Row<'_>) -> Result<DomainBlock, Fault> {
        Ok(DomainBlock {
            id: row.next()?,
            domain: row.next()?,
            severity: Severity::of(&row.next::<String>()?).unwrap_or(Severity::Suspend),
            rejects_media: row.next()?,
            rejects_reports: row.next()?,
            private_comment: row.next()?,
            public_comment: row.next()?,
            obfuscates: row.next()?,
            created_at: row.next()?,
        })
    }
}

/// A domain that was allowed by hand.
#[derive(Clone, Debug)]
pub struct DomainAllow {
    /// Its number.
    pub id: DomainAllowId,
    /// The domain.
    pub domain: String,
    /// Since when.
    pub created_at: Time,
}

impl FromRow for DomainAllow {
    fn from_row(row: &mut Row<'_>) -> Result<DomainAllow, Fault> {
        Ok(DomainAllow { id: row.next()?, domain: row.next()?, created_at: row.next()? })
    }
}

/// `a.b.example`: itself, `b.example`, `example`. A port belongs to the first alone.
fn itself_and_above(host: &str) -> Vec<String> {
    let host = host.to_lowercase();
    let name =
        host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(&*host, |(n, _)| n);
    let mut all = vec![host.clone()];
    let mut rest = name;
    loop {
        if !all.iter().any(|known| known == rest) {
            all.push(rest.to_owned());
        }
        match rest.split_once('.') {
            Some((_, above)) => rest = above,
            None => return all,
        }
    }
}

/// What holds for a host.
///
/// # Errors
/// The database failed.
pub fn standing(q: &Query<'_>, host: &str) -> Result<Standing, Fault> {
    Ok(standings(q, &[host])?.pop().unwrap_or(Standing::NOTHING_SAID))
}

/// What holds for each of these hosts, in one query.
///
/// # Errors
/// The database failed.
pub fn standings(q: &Query<'_>, hosts: &[&str]) -> Result<Vec<Standing>, Fault> {
    let of_each: Vec<Vec<String>> = hosts.iter().map(|host| itself_and_above(host)).collect();
    let mut names: Vec<String> = of_each.concat();
    names.sort_unstable();
    names.dedup();
    let said: Vec<(String, String, bool, bool)> = q.rows(&STRICTEST, (names.as_slice(),))?;
    let standing = |names: &Vec<String>| {
        let about = || said.iter().filter(|(domain, ..)| names.contains(domain));
        Standing {
            severity: about().filter_map(|(_, word, ..)| Severity::of(word)).max().unwrap_or(Severity::Noop),
            rejects_media: about().any(|(_, _, rejects, _)| *rejects),
            rejects_reports: about().any(|(_, _, _, rejects)| *rejects),
            is_allowed: about().any(|(_, word, ..)| word == "allowed"),
        }
    };
    Ok(of_each.iter().map(standing).collect())
}

/// Those of these hosts that nothing is sent to: suspended, or where federation is limited not allowed by hand.
///
/// # Errors
/// The database failed.
pub fn refused(q: &Query<'_>, hosts: &[String], is_limited: bool) -> Result<Vec<String>, Fault> {
    let mut names: Vec<String> = hosts.iter().flat_map(|host| itself_and_above(host)).collect();
    names.sort_unstable();
    names.dedup();
    let suspended: HashSet<String> = q.column(&SUSPENDED_AMONG, (names.as_slice(),))?.into_iter().collect();
    let allowed: Option<HashSet<String>> = match is_limited {
        true => Some(q.column(&ALLOWED_AMONG, (names.as_slice(),))?.into_iter().collect()),
        false => None,
    };
    let is_refused = |host: &&String| {
        let names = itself_and_above(host);
        names.iter().any(|name| suspended.contains(name))
            || allowed.as_ref().is_some_and(|allowed| !names.iter().any(|name| allowed.contains(name)))
    };
    Ok(hosts.iter().filter(is_refused).cloned().collect())
}

/// All decisions, by domain.
///
/// # Errors
/// The database failed.
pub fn blocks(q: &Query<'_>) -> Result<Vec<DomainBlock>, Fault> {
    q.rows(&LIST, ())
}

/// The domains of which no media is shown.
///
/// # Errors
/// The database failed.
pub fn rejecting_media(q: &Query<'_>) -> Result<Vec<String>, Fault> {
    q.column(&REJECTING_MEDIA, ())
}

/// All domains that were allowed by hand.
///
/// # Errors
/// The database failed.
pub fn allowed(q: &Query<'_>) -> Result<Vec<String>, Fault> {
    q.column(&ALLOWED, ())
}

/// Decides about a domain; of what was decided before the number and the moment stay.
///
/// # Errors
/// The database failed.
pub fn block(tx: &Tx<'_>, block: &DomainBlock) -> Result<(), Fault> {
    let row = (
        block.id,
        &block.domain,
        block.severity.word(),
        block.rejects_media,
        block.rejects_reports,
        block.private_comment.as_deref(),
        block.public_comment.as_deref(),
        block.obfuscates,
        block.created_at,
    );
    tx.execute(&SET, row).map(|_| ())
}

/// What was decided about exactly this domain.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, domain: &str) -> Result<Option<DomainBlock>, Fault> {
    q.row(&FIND, (domain,))
}

/// A page of decisions, newest first.
///
/// # Errors
/// The database failed.
pub fn page(q: &Query<'_>, page: &Page) -> Result<Vec<DomainBlock>, Fault> {
    BLOCKS.page(q, page, &[])
}

/// The decision with this number.
///
/// # Errors
/// The database failed.
pub fn block_of(q: &Query<'_>, id: DomainBlockId) -> Result<Option<DomainBlock>, Fault> {
    q.row(&BLOCK, (id,))
}

/// What was decided about a domain itself, or else about the nearest one above it.
///
/// # Errors
/// The database failed.
pub fn nearest(q: &Query<'_>, domain: &str) -> Result<Option<DomainBlock>, Fault> {
    q.row(&NEAREST, (itself_and_above(domain).as_slice(),))
}

/// A page of the domains that were allowed by hand, newest first.
///
/// # Errors
/// The database failed.
pub fn allowed_page(q: &Query<'_>, page: &Page) -> Result<Vec<DomainAllow>, Fault> {
    ALLOWS.page(q, page, &[])
}

/// The allowed domain with this number.
///
/// # Errors
/// The database failed.
pub fn allowed_of(q: &Query<'_>, id: DomainAllowId) -> Result<Option<DomainAllow>, Fault> {
    q.row(&ALLOWED_DOMAIN, (id,))
}

/// Exactly this domain, if it was allowed by hand.
///
/// # Errors
/// The database failed.
pub fn find_allowed(q: &Query<'_>, domain: &str) -> Result<Option<DomainAllow>, Fault> {
    q.row(&FIND_ALLOWED, (domain,))
}

/// Since when a host is silenced.
///
/// # Errors
/// The database failed.
pub fn silenced_since(q: &Query<'_>, host: &str) -> Result<Option<Time>, Fault> {
    let names = itself_and_above(host);
    Ok(q.value::<Option<Time>>(&SILENCED_SINCE, (names.as_slice(),))?.flatten())
}

/// Applies a decision to the accounts of a domain; gives those that it changed.
///
/// # Errors
/// The database failed.
pub fn apply(tx: &Tx<'_>, block: &DomainBlock) -> Result<Vec<AccountId>, Fault> {
    let values = (&block.domain, block.created_at);
    let changed: Vec<(AccountId,)> = match block.severity {
        Severity::Noop => Vec::new(),
        Severity::Silence => tx.rows(&SILENCE, values)?,
        Severity::Suspend => tx.rows(&SUSPEND, values)?,
    };
    Ok(changed.into_iter().map(|(id,)| id).collect())
}

/// Takes back what a decision did to accounts; gives them.
///
/// # Errors
/// The database failed.
pub fn release(tx: &Tx<'_>, block: &DomainBlock) -> Result<Vec<AccountId>, Fault> {
    Ok(tx.rows::<(AccountId,)>(&RELEASE, (block.created_at,))?.into_iter().map(|(id,)| id).collect())
}

/// Silences one account, as its domain is.
///
/// # Errors
/// The database failed.
pub fn silence_one(tx: &Tx<'_>, account: AccountId, since: Time) -> Result<(), Fault> {
    tx.execute(&SILENCE_ONE, (account, since)).map(|_| ())
}

/// Every follow, and every request for one, in which one of these accounts has a part: who, whom.
///
/// # Errors
/// The database failed.
pub fn follows_of(q: &Query<'_>, accounts: &[AccountId]) -> Result<Vec<(AccountId, AccountId)>, Fault> {
    let ids: Vec<i64> = accounts.iter().map(|id| id.0).collect();
    if ids.is_empty() { Ok(Vec::new()) } else { q.rows(&FOLLOWS, (&ids,)) }
}

/// Takes a decision back; whether there was one.
///
/// # Errors
/// The database failed.
pub fn unblock(tx: &Tx<'_>, domain: &str) -> Result<bool, Fault> {
    Ok(tx.execute(&REMOVE, (domain,))? > 0)
}

/// Allows a domain by hand.
///
/// # Errors
/// The database failed.
pub fn allow(tx: &Tx<'_>, domain: &str) -> Result<(), Fault> {
    tx.execute(&ALLOW, (tx.new_id(), domain, tx.now())).map(|_| ())
}

/// Takes that back; whether it was allowed.
///
/// # Errors
/// The database failed.
pub fn disallow(tx: &Tx<'_>, domain: &str) -> Result<bool, Fault> {
    Ok(tx.execute(&DISALLOW, (domain,))? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_holds_for_subdomains() {
        assert_eq!(itself_and_above("A.b.Example"), ["a.b.example", "b.example", "example"]);
        assert_eq!(itself_and_above("b.example:8443"), ["b.example:8443", "b.example", "example"]);
    }
}
