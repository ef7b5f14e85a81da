//! How far somebody has read a timeline.

use phiomia_model::{AccountId, Fault, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    LIST = Sql::Same("select timeline, last_read_id, version, updated_at from markers where account_id = $1");
    INSERT = Sql::Same("insert into markers (account_id, timeline, last_read_id, version, updated_at)
        values ($1, $2, $3, 1, $4) on conflict (account_id, timeline) do nothing");
    MOVE = Sql::Same("update markers set last_read_id = $3, version = version + 1, updated_at = $4
        where account_id = $1 and timeline = $2 and version = $5");
}

/// A timeline that remembers how far it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// The home timeline.
    Home,
    /// The notifications.
    Notifications,
}

impl Marked {
    /// Both.
    pub const ALL: [Marked; 2] = [Marked::Home, Marked::Notifications];

    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Marked::Home => "home",
            Marked::Notifications => "notifications",
        }
    }
}

/// How far a timeline was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkerView {
    /// Which.
    pub timeline: Marked,
    /// The newest item read: a status, or a notification.
    pub last_read_id: i64,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it last changed.
    pub updated_at: Time,
}

impl FromRow for MarkerView {
    fn from_row(row: &mut Row<'_>) -> Result<MarkerView, Fault> {
        let word: String = row.next()?;
        let timeline = Marked::ALL.into_iter().find(|timeline| timeline.word() == word);
        Ok(MarkerView {
            timeline: timeline.ok_or_else(|| Fault::new(format!("no timeline is called {word}")))?,
            last_read_id: row.next()?,
            version: row.next()?,
            updated_at: row.next()?,
        })
    }
}

/// Somebody's markers, those that were ever set.
///
/// # Errors
/// The database failed.
pub fn list(q: &Query<'_>, me: AccountId) -> Result<Vec<MarkerView>, Fault> {
    q.rows(&LIST, (me,))
}

/// Moves a marker that has the version `from`; `None`: there was none. `false` when somebody else was faster.
///
/// # Errors
/// The database failed.
pub fn put(tx: &Tx<'_>, me: AccountId, timeline: Marked, last_read_id: i64, from: Option<i64>) -> Result<bool, Fault> {
    let n = match from {
        None => tx.execute(&INSERT, (me, timeline.word(), last_read_id, tx.now()))?,
        Some(version) => tx.execute(&MOVE, (me, timeline.word(), last_read_id, tx.now(), version))?,
    };
    Ok(n > 0)
}
