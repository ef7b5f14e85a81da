//! Events of commands that ran beside the server, waiting in a table until the server sees them.

use phiomia_model::{Event, Fault};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
};

queries! {
    INSERT = Sql::Same("insert into foreign_events (id, event) values ($1, $2)");
    WAITING = Sql::Same("select id, event from foreign_events order by id limit 500");
    DELETE = Sql::Same("delete from foreign_events where id in ids($1)");
}

pub(super) fn insert(tx: &Tx<'_>, event: &Event) -> Result<(), Fault> {
    let text = serde_json::to_string(event).map_err(|e| Fault::because("writing an event", e))?;
    tx.execute(&INSERT, (tx.new_id(), text)).map(|_| ())
}

/// Ids of what waits and the events, oldest first; at most 500.
///
/// # Errors
/// The database failed.
pub fn waiting(q: &Query<'_>) -> Result<Vec<(i64, String)>, Fault> {
    q.rows(&WAITING, ())
}

/// Whether the server has yet to hear that tokens are worthless.
///
/// # Errors
/// The database failed.
pub fn has_revocations(q: &Query<'_>) -> Result<bool, Fault> {
    let is_one = |text: &str| matches!(serde_json::from_str(text), Ok(Event::TokensRevoked { .. }));
    Ok(waiting(q)?.iter().any(|(_, text)| is_one(text)))
}

/// Takes the events with these ids away and announces them here.
///
/// # Errors
/// The database failed.
pub fn adopt(tx: &Tx<'_>, events: &[(i64, String)]) -> Result<(), Fault> {
    let ids: Vec<i64> = events.iter().map(|(id, _)| *id).collect();
    tx.execute(&DELETE, (&ids,))?;
    for (_, text) in events {
        // An event of a newer version that we do not know is of no use to us.
        if let Ok(event) = serde_json::from_str::<Event>(text) {
            tx.announce(event);
        }
    }
    Ok(())
}
