//! Relays: servers that pass on the public posts of many others, also of those whom nobody here follows.

use phiomia_model::{AccountId, Fault, Time};

use super::actors::Inbox;
use crate::db::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    ALL_RELAYS = Sql::Same("select id, inbox, host, actor, number, state, created_at from relays order by inbox");
    FIND = Sql::Same("select id, inbox, host, actor, number, state, created_at from relays where inbox = $1 or actor = $1");
    BY_NUMBER = Sql::Same("select id, inbox, host, actor, number, state, created_at from relays where number = $1");
    ACCEPTED = Sql::Same("select id, inbox, host, actor, number, state, created_at from relays where state = 'accepted'
        order by id");
    OF_SIGNER = Sql::Same("select r.id, r.inbox, r.host, r.actor, r.number, r.state, r.created_at
        from relays r join actors t on t.account_id = $1 and t.host = r.host join accounts a on a.id = t.account_id
        where r.actor = a.uri or (r.actor is null and r.inbox in (t.inbox, t.shared_inbox))");
    ADD = Sql::Same("insert into relays (id, inbox, host, actor, number, state, created_at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (inbox) do nothing");
    SET_STATE = Sql::Same("update relays set state = $2, number = $3 where id = $1");
    REMOVE = Sql::Same("delete from relays where id = $1");
}

/// How it stands with a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayState {
    /// It was asked and has not answered.
    Pending,
    /// It said yes: posts go there and come from there.
    Accepted,
    /// It said no.
    Rejected,
    /// It was switched off here.
    Disabled,
}

impl RelayState {
    /// The word in the database and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            RelayState::Pending => "pending",
            RelayState::Accepted => "accepted",
            RelayState::Rejected => "rejected",
            RelayState::Disabled => "disabled",
        }
    }

    fn of(word: &str) -> RelayState {
        [RelayState::Pending, RelayState::Accepted, RelayState::Rejected]
            .into_iter()
            .find(|state| state.word() == word)
            .unwrap_or(RelayState::Disabled)
    }
}

/// A relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Its row.
    pub id: i64,
    /// Where it takes posts.
    pub inbox: String,
    /// Host and port of that.
    pub host: String,
    /// Whom this server follows there, as LitePub has it; `None`: it follows the public, as Mastodon has it.
    pub actor: Option<String>,
    /// The number at the end of the `Follow`'s id.
    pub number: i64,
    /// How it stands.
    pub state: RelayState,
    /// Since when it is known.
    pub created_at: Time,
}

impl Relay {
    /// Where it gets its post.
    #[must_use]
    pub fn at(&self) -> Inbox {
        Inbox { url: self.inbox.clone(), host: self.host.clone() }
    }
}

impl FromRow for Relay {
    fn from_row(row: &mut Row<'_>) -> Result<Relay, Fault> {
        Ok(Relay {
            id: row.next()?,
            inbox: row.next()?,
            host: row.next()?,
            actor: row.next()?,
            number: row.next()?,
            state: RelayState::of(&row.next::<String>()?),
            created_at: row.next()?,
        })
    }
}

/// Every relay, by its inbox.
///
/// # Errors
/// The database failed.
pub fn list(q: &Query<'_>) -> Result<Vec<Relay>, Fault> {
    q.rows(&ALL_RELAYS, ())
}

/// The relay with this inbox or this actor.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, address: &str) -> Result<Option<Relay>, Fault> {
    q.row(&FIND, (address,))
}

/// The relay that was asked by the `Follow` with this number.
///
/// # Errors
/// The database failed.
pub fn by_number(q: &Query<'_>, number: i64) -> Result<Option<Relay>, Fault> {
    q.row(&BY_NUMBER, (number,))
}

/// Those that said yes.
///
/// # Errors
/// The database failed.
pub fn accepted(q: &Query<'_>) -> Result<Vec<Relay>, Fault> {
    q.rows(&ACCEPTED, ())
}

/// The relay whose own actor this is, however it stands.
///
/// # Errors
/// The database failed.
pub fn of_signer(q: &Query<'_>, account: AccountId) -> Result<Option<Relay>, Fault> {
    q.row(&OF_SIGNER, (account,))
}

/// Whether this is the actor of a relay that passes posts on to us.
///
/// # Errors
/// The database failed.
pub fn is_accepted(q: &Query<'_>, account: AccountId) -> Result<bool, Fault> {
    Ok(of_signer(q, account)?.is_some_and(|relay| relay.state == RelayState::Accepted))
}

/// Adds a relay; `false` when one with this inbox was there.
///
/// # Errors
/// The database failed.
pub fn add(tx: &Tx<'_>, relay: &Relay) -> Result<bool, Fault> {
    let Relay { id, inbox, host, actor, number, state, created_at } = relay;
    Ok(tx.execute(&ADD, (*id, inbox, host, actor.as_deref(), *number, state.word(), *created_at))? > 0)
}

/// A relay stands otherwise; `number` is that of the `Follow` that counts.
///
/// # Errors
/// The database failed.
pub fn set_state(tx: &Tx<'_>, relay: i64, state: RelayState, number: i64) -> Result<(), Fault> {
    tx.execute(&SET_STATE, (relay, state.word(), number)).map(|_| ())
}

/// Forgets a relay.
///
/// # Errors
/// The database failed.
pub fn remove(tx: &Tx<'_>, relay: i64) -> Result<(), Fault> {
    tx.execute(&REMOVE, (relay,)).map(|_| ())
}
