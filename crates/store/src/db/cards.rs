//! What is known of pages that posts link to: once per address, whoever links there.

use phiomia_model::{AccountId, Fault, StatusId, Time, card::Card};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
};

queries! {
    FIND = Sql::Same("select id, facts is not null, asked_at, asked_for from cards where url = $1");
    INSERT = Sql::Same("insert into cards (id, url, facts, asked_at, asked_for) values ($1, $2, null, $3, $4)
        on conflict (url) do nothing");
    ASK = Sql::Same("update cards set asked_at = $2, asked_for = $3 where id = $1");
    // What was known of a page that does not answer is better than nothing.
    KEEP = Sql::Same("update cards set facts = coalesce($2, facts), asked_for = null where id = $1");
    FACTS = Sql::Same("select c.id, c.facts from status_cards k join cards c on c.id = k.card_id where k.status_id = $1");
    DESCRIBE = Sql::Same("update cards set facts = $2 where id = $1");
    SHOW = Sql::Same("insert into status_cards (status_id, card_id) values ($1, $2)
        on conflict (status_id) do update set card_id = excluded.card_id");
    SHOWN = Sql::Same("select card_id from status_cards where status_id = $1");
    HIDE = Sql::Same("delete from status_cards where status_id = $1");
    SHOWING = Sql::Same("select k.status_id, s.account_id from status_cards k join statuses s on s.id = k.status_id
        where k.card_id = $1 and s.deleted_at is null order by k.status_id desc limit $2");
    FORGET = Sql::Same("delete from cards where asked_at < $1
        and not exists (select 1 from status_cards k where k.card_id = cards.id)");
}

/// What is known of an address, before the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardRow {
    /// Its number.
    pub id: i64,
    /// Whether anything is known.
    pub is_known: bool,
    /// When it was last asked for.
    pub asked_at: Time,
    /// For which post; `None`: that is done.
    pub asked_for: Option<StatusId>,
}

/// What is known of an address.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, url: &str) -> Result<Option<CardRow>, Fault> {
    let row: Option<(i64, bool, Time, Option<StatusId>)> = q.row(&FIND, (url,))?;
    Ok(row.map(|(id, is_known, asked_at, asked_for)| CardRow { id, is_known, asked_at, asked_for }))
}

/// Notes that an address is asked for now, for a post; gives its number.
///
/// # Errors
/// The database failed.
pub fn ask(tx: &Tx<'_>, url: &str, status: StatusId) -> Result<i64, Fault> {
    tx.execute(&INSERT, (tx.new_id(), url, tx.now(), status))?;
    let row = find(tx, url)?.ok_or_else(|| Fault::new("a card that was just written is not there"))?;
    tx.execute(&ASK, (row.id, tx.now(), status))?;
    Ok(row.id)
}

/// Keeps what an address was found to be; `None`: nothing.
///
/// # Errors
/// The database failed.
pub fn keep(tx: &Tx<'_>, id: i64, card: Option<&Card>) -> Result<(), Fault> {
    let json = card.map(serde_json::to_string).transpose();
    let json = json.map_err(|e| Fault::because("writing what a page is", e))?;
    tx.execute(&KEEP, (id, json)).map(|_| ())
}

/// What is known of the page under a post, and its number.
///
/// # Errors
/// The database failed.
pub fn under(q: &Query<'_>, status: StatusId) -> Result<Option<(i64, Card)>, Fault> {
    let Some((id, Some(json))) = q.row::<(i64, Option<String>)>(&FACTS, (status,))? else { return Ok(None) };
    let card = serde_json::from_str(&json).map_err(|e| Fault::because("reading what a page is", e))?;
    Ok(Some((id, card)))
}

/// Writes anew what is known of a page, as of when it was asked.
///
/// # Errors
/// The database failed.
pub fn describe(tx: &Tx<'_>, id: i64, card: &Card) -> Result<(), Fault> {
    let json = serde_json::to_string(card).map_err(|e| Fault::because("writing what a page is", e))?;
    tx.execute(&DESCRIBE, (id, json)).map(|_| ())
}

/// Puts a card under a post.
///
/// # Errors
/// The database failed.
pub fn show(tx: &Tx<'_>, status: StatusId, card: i64) -> Result<(), Fault> {
    tx.execute(&SHOW, (status, card)).map(|_| ())
}

/// Which card is under a post.
///
/// # Errors
/// The database failed.
pub fn shown(q: &Query<'_>, status: StatusId) -> Result<Option<i64>, Fault> {
    q.value(&SHOWN, (status,))
}

/// Takes the card from under a post; whether there was one.
///
/// # Errors
/// The database failed.
pub fn hide(tx: &Tx<'_>, status: StatusId) -> Result<bool, Fault> {
    Ok(tx.execute(&HIDE, (status,))? > 0)
}

/// The newest posts with this card, and their authors.
///
/// # Errors
/// The database failed.
pub fn showing(q: &Query<'_>, card: i64, most: i64) -> Result<Vec<(StatusId, AccountId)>, Fault> {
    q.rows(&SHOWING, (card, most))
}

/// Forgets pages that no post shows and nobody asked for since then.
///
/// # Errors
/// The database failed.
pub fn forget(tx: &Tx<'_>, before: Time) -> Result<(), Fault> {
    tx.execute(&FORGET, (before,)).map(|_| ())
}
