//! Everything of a domain that is gone is forgotten: its people with their posts, follows and what they did here. Nobody
//! elsewhere is told, and who is looked up again comes again. Piece by piece, so that others can write in between; what was
//! begun is gone on with by beginning anew.

use phiomia_model::{AccountId, Error, Event};
use phiomia_store::{
    Query, Tx,
    db::{
        accounts,
        federation::{
            deliveries,
            purge::{self as rows, Amount},
        },
        statuses::{self, Counter},
    },
};

use crate::{
    relationships::{disconnect, relations_changed, withdraw},
    statuses::delete,
};

/// Posts, favourites or follows that go in one transaction: no longer than others who write can wait for.
const AT_ONCE: i64 = 40;
/// People who are counted at a time.
const COUNTED_AT_ONCE: usize = 500;

/// What there is of a domain, or what went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purge {
    /// People, by the domain of their handle or the host of their id.
    pub accounts: usize,
    /// Their posts and boosts, and how they and people here follow each other.
    pub amount: Amount,
    /// Deliveries that wait for its servers.
    pub deliveries: i64,
}

/// The people of a domain.
///
/// # Errors
/// The database failed.
pub fn people(q: &Query<'_>, domain: &str, with_below: bool) -> Result<Vec<AccountId>, Error> {
    Ok(rows::accounts(q, domain, with_below)?)
}

/// What would go.
///
/// # Errors
/// The database failed.
pub fn preview(q: &Query<'_>, domain: &str, with_below: bool) -> Result<Purge, Error> {
    let people = people(q, domain, with_below)?;
    let mut amount = Amount::default();
    for some in people.chunks(COUNTED_AT_ONCE) {
        let ids: Vec<i64> = some.iter().map(|account| account.0).collect();
        let more = rows::amount(q, &ids)?;
        amount.posts += more.posts;
        amount.follows_to_here += more.follows_to_here;
        amount.follows_from_here += more.follows_from_here;
    }
    let hosts = rows::hosts(q, domain, with_below)?;
    let deliveries = deliveries::waiting_for(q, &hosts)?.values().sum();
    Ok(Purge { accounts: people.len(), amount, deliveries })
}

/// Takes a part of somebody elsewhere away; `true`: nothing is left of them.
///
/// # Errors
/// The database failed. Where something of theirs came in meanwhile the act is to be run again.
pub fn purge_part(tx: &Tx<'_>, account: AccountId) -> Result<bool, Error> {
    if accounts::view(tx, account)?.is_none_or(|view| view.is_local()) {
        return Ok(true);
    }
    let mut left = AT_ONCE;
    for post in rows::posts(tx, account, AT_ONCE)? {
        // A post with many boosts takes several turns.
        if left <= 0 || !delete::erase(tx, post, left)? {
            return Ok(false);
        }
        left -= 1;
    }
    let favourites = rows::favourites(tx, account, left)?;
    for (status, is_pending) in &favourites {
        if statuses::unfavourite(tx, account, *status)? && !is_pending {
            statuses::count(tx, *status, Counter::Favourites, -1)?;
        }
        tx.announce(Event::StatusTouched { status: *status });
    }
    left -= i64::try_from(favourites.len()).unwrap_or(left);
    let follows = rows::follows(tx, account, left.max(0))?;
    let requests = rows::requests(tx, account, left.max(0))?;
    for (follower, target) in &follows {
        disconnect(tx, *follower, *target)?;
    }
    for (follower, target) in &requests {
        withdraw(tx, *follower, *target)?;
    }
    for (follower, target) in follows.iter().chain(&requests) {
        relations_changed(tx, if *follower == account { *target } else { *follower });
    }
    let named = rows::take_out_of_posts(tx, account, left.max(0))?;
    for status in &named {
        tx.announce(Event::StatusTouched { status: *status });
    }
    if left < AT_ONCE || !follows.is_empty() || !requests.is_empty() || !named.is_empty() {
        return Ok(false);
    }
    rows::erase(tx, account)?;
    tx.announce(Event::AccountTouched { account });
    Ok(true)
}

/// Forgets the servers of a domain of which nobody is left, and what came from there; how many deliveries that waited for
/// them are thrown away.
///
/// # Errors
/// The database failed.
pub fn purge_servers(tx: &Tx<'_>, domain: &str, with_below: bool) -> Result<usize, Error> {
    let mut hosts = rows::hosts(tx, domain, with_below)?;
    let n_dropped = deliveries::drop_all(tx, &hosts)?;
    rows::forget_hosts(tx, &hosts)?;
    if !hosts.iter().any(|host| host == domain) {
        hosts.push(domain.to_owned());
    }
    for host in &hosts {
        // Without TLS only in tests and intranets; ids of both kinds may be there.
        for scheme in ["https", "http"] {
            rows::forget_names(tx, &format!("{scheme}://{host}/"))?;
        }
    }
    // Whoever keeps keys in memory forgets them.
    tx.announce(Event::SettingsChanged);
    Ok(n_dropped)
}
