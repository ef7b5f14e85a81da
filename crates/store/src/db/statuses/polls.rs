//! Polls of posts, and the votes in them.

use phiomia_model::{AccountId, Fault, PollId, StatusId, Time};

use crate::db::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    INSERT = Sql::Same("insert into polls (id, status_id, is_multiple, hides_totals, expires_at)
        values ($1, $2, $3, $4, $5)");
    INSERT_OPTION = Sql::Same("insert into poll_options (poll_id, position, title) values ($1, $2, $3)");
    UPDATE = Sql::Same("update polls set is_multiple = $2, hides_totals = $3, expires_at = $4, closed_at = null
        where id = $1");
    OF_STATUS = Sql::Same("select id, status_id, is_multiple, hides_totals, expires_at, closed_at from polls
        where status_id = $1");
    FIND = Sql::Same("select id, status_id, is_multiple, hides_totals, expires_at, closed_at from polls where id = $1");
    TITLES = Sql::Same("select title from poll_options where poll_id = $1 order by position");
    // Of two votes of one account at the same moment the second waits here and then sees the first.
    LOCK = Sql::Same("update polls set voters_count = voters_count where id = $1");
    CHOICES = Sql::Same("select position from poll_votes where poll_id = $1 and account_id = $2 order by position");
    VOTE = Sql::Same("insert into poll_votes (poll_id, account_id, position, created_at) values ($1, $2, $3, $4)");
    COUNT_VOTE = Sql::Same("update poll_options set votes_count = votes_count + 1 where poll_id = $1 and position = $2");
    COUNT_VOTER = Sql::Same("update polls set voters_count = voters_count + 1 where id = $1");
    FORGET_VOTERS = Sql::Same("update polls set voters_count = 0 where id = $1");
    CLOSE = Sql::Same("update polls set closed_at = $2 where id = $1");
    LOCAL_VOTERS = Sql::Same("select distinct v.account_id from poll_votes v join users u on u.account_id = v.account_id
        where v.poll_id = $1 and v.account_id > $2 order by v.account_id limit $3");
    SET_VOTES = Sql::Same("update poll_options set votes_count = $3 where poll_id = $1 and position = $2");
    SET_VOTERS = Sql::Same("update polls set voters_count = coalesce(cast($2 as bigint), voters_count) where id = $1");
    ERASE_VOTES = Sql::Same("delete from poll_votes where poll_id = $1");
    ERASE_OPTIONS = Sql::Same("delete from poll_options where poll_id = $1");
    ERASE = Sql::Same("delete from polls where id = $1");
}

/// What a poll is, without its choices and figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollRow {
    /// Its id.
    pub id: PollId,
    /// The post it belongs to.
    pub status: StatusId,
    /// Several choices allowed.
    pub is_multiple: bool,
    /// No figures before its end.
    pub hides_totals: bool,
    /// When it ends; `None`: never.
    pub expires_at: Option<Time>,
    /// When its end was told.
    pub closed_at: Option<Time>,
}

impl FromRow for PollRow {
    fn from_row(row: &mut Row<'_>) -> Result<PollRow, Fault> {
        Ok(PollRow {
            id: row.next()?,
            status: row.next()?,
            is_multiple: row.next()?,
            hides_totals: row.next()?,
            expires_at: row.next()?,
            closed_at: row.next()?,
        })
    }
}

/// Adds a poll with its choices.
///
/// # Errors
/// The database failed.
pub fn insert_poll(tx: &Tx<'_>, poll: &PollRow, titles: &[String]) -> Result<(), Fault> {
    tx.execute(&INSERT, (poll.id, poll.status, poll.is_multiple, poll.hides_totals, poll.expires_at))?;
    insert_options(tx, poll.id, titles)
}

fn insert_options(tx: &Tx<'_>, poll: PollId, titles: &[String]) -> Result<(), Fault> {
    for (position, title) in (0_i64..).zip(titles) {
        tx.execute(&INSERT_OPTION, (poll, position, title))?;
    }
    Ok(())
}

/// Changes a poll, which is open again. With `titles` it has these choices, and nobody has voted.
///
/// # Errors
/// The database failed.
pub fn update_poll(tx: &Tx<'_>, poll: &PollRow, titles: Option<&[String]>) -> Result<(), Fault> {
    tx.execute(&UPDATE, (poll.id, poll.is_multiple, poll.hides_totals, poll.expires_at))?;
    if let Some(titles) = titles {
        tx.execute(&ERASE_VOTES, (poll.id,))?;
        tx.execute(&ERASE_OPTIONS, (poll.id,))?;
        tx.execute(&FORGET_VOTERS, (poll.id,))?;
        insert_options(tx, poll.id, titles)?;
    }
    Ok(())
}

/// A poll. Says nothing about who may see it.
///
/// # Errors
/// The database failed.
pub fn poll(q: &Query<'_>, poll: PollId) -> Result<Option<PollRow>, Fault> {
    q.row(&FIND, (poll,))
}

/// The poll of a post and its choices.
///
/// # Errors
/// The database failed.
pub fn poll_of(q: &Query<'_>, status: StatusId) -> Result<Option<(PollRow, Vec<String>)>, Fault> {
    let Some(poll) = q.row::<PollRow>(&OF_STATUS, (status,))? else { return Ok(None) };
    let titles = q.column(&TITLES, (poll.id,))?;
    Ok(Some((poll, titles)))
}

/// What somebody chose, as positions from 0. Nobody else votes in the poll until the transaction ends.
///
/// # Errors
/// The database failed.
pub fn choices_for_voting(tx: &Tx<'_>, poll: PollId, who: AccountId) -> Result<Vec<i64>, Fault> {
    tx.execute(&LOCK, (poll,))?;
    tx.column(&CHOICES, (poll, who))
}

/// Adds a vote for each position; `is_first`: the voter counts as one more.
///
/// # Errors
/// The database failed, or a vote is there already.
pub fn vote(tx: &Tx<'_>, poll: PollId, who: AccountId, positions: &[i64], is_first: bool) -> Result<(), Fault> {
    for position in positions {
        tx.execute(&VOTE, (poll, who, *position, tx.now()))?;
        tx.execute(&COUNT_VOTE, (poll, *position))?;
    }
    if is_first {
        tx.execute(&COUNT_VOTER, (poll,))?;
    }
    Ok(())
}

/// The figures of a poll elsewhere, as its origin counts; `voters`: `None` leaves that figure.
///
/// # Errors
/// The database failed.
pub fn set_votes(tx: &Tx<'_>, poll: PollId, votes: &[i64], voters: Option<i64>) -> Result<(), Fault> {
    for (position, n) in (0_i64..).zip(votes) {
        tx.execute(&SET_VOTES, (poll, position, *n))?;
    }
    tx.execute(&SET_VOTERS, (poll, voters)).map(|_| ())
}

/// Notes that the end of a poll was told.
///
/// # Errors
/// The database failed.
pub fn close_poll(tx: &Tx<'_>, poll: PollId) -> Result<(), Fault> {
    tx.execute(&CLOSE, (poll, tx.now())).map(|_| ())
}

/// People here who voted, by ids above `after`, at most `most`.
///
/// # Errors
/// The database failed.
pub fn local_voters(q: &Query<'_>, poll: PollId, after: AccountId, most: i64) -> Result<Vec<AccountId>, Fault> {
    q.column(&LOCAL_VOTERS, (poll, after, most))
}

/// Takes a poll away with its choices and votes.
///
/// # Errors
/// The database failed.
pub fn erase_poll(tx: &Tx<'_>, poll: PollId) -> Result<(), Fault> {
    for statement in [&ERASE_VOTES, &ERASE_OPTIONS, &ERASE] {
        tx.execute(statement, (poll,))?;
    }
    Ok(())
}
