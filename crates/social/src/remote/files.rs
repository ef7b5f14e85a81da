//! Files of other servers: room for them is taken before they are written and free when they are gone, so that together
//! they never are more than they may be. Who needs room makes others go: the least recently used, previews last.

use std::time::Duration;

use phiomia_model::{Error, Event, StatusId, Time};
use phiomia_store::{
    Query, Tx,
    db::remote_files::{self as rows, NewVersion, RemoteFile},
};

/// A look is noted again after this time only: reading shall not be writing.
const TOUCH_REST: Duration = Duration::from_secs(600);
/// Files that go at a time.
const MOST_AT_ONCE: i64 = 500;
/// Together with what has to go, this part of the budget does, one in so many: not every file that comes shall need a
/// transaction more.
const BREATH: i64 = 400;
/// After this, who was writing or removing a file is dead.
const HAND_LIFE: Duration = Duration::from_secs(3_600);
/// How long an address stays known of which nothing lies here.
const MEMORY: Duration = Duration::from_secs(30 * 86_400);
/// Wait after the first failure that may pass by itself; every later one doubles it, up to a day.
const FIRST_WAIT: Duration = Duration::from_secs(600);
/// Wait after a failure that will not.
const LONG_WAIT: Duration = Duration::from_secs(7 * 86_400);
const DAY: Duration = Duration::from_secs(86_400);

/// How much may lie here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes of all of them.
    pub budget: i64,
    /// Bytes that the disk has for them beside what lies there; below zero when it is too full already. `None`: nobody
    /// says.
    pub spare: Option<i64>,
}

/// Whether there is room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// It is taken: the files may be written.
    Granted,
    /// When these files are removed and that is told by [`gone`], there may be.
    After(Vec<String>),
    /// There is none, whatever goes.
    Never,
}

/// What came of asking an address, when that was nothing to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setback {
    /// It may work later: the server is away, or asks to be left alone for so long.
    Passing(Option<Duration>),
    /// It is not there.
    Absent,
    /// It is nothing that can be shown.
    Unfit,
}

/// Takes room for some files and notes that they are about to be written.
///
/// # Errors
/// The database failed.
pub fn reserve(tx: &Tx<'_>, id: i64, new: &[NewVersion], room: Room) -> Result<Reserved, Error> {
    let wanted: i64 = new.iter().map(|version| version.n_bytes).sum();
    if wanted > room.budget {
        return Ok(Reserved::Never);
    }
    let has_disk = room.spare.is_none_or(|spare| wanted <= spare);
    if has_disk && rows::take(tx, wanted, room.budget)? {
        for version in new {
            rows::write(tx, id, version)?;
        }
        return Ok(Reserved::Granted);
    }
    let over = rows::usage(tx)?.saturating_add(wanted).saturating_sub(room.budget);
    let over = over.max(room.spare.map_or(0, |spare| wanted.saturating_sub(spare))).max(1);
    let leaving = make_leave(tx, over.saturating_add(room.budget / BREATH))?;
    Ok(if leaving.is_empty() { Reserved::Never } else { Reserved::After(leaving) })
}

/// What has to go so that no more lies here than may: after the setting was changed, or others filled the disk.
///
/// # Errors
/// The database failed.
pub fn too_much(tx: &Tx<'_>, room: Room) -> Result<Vec<String>, Error> {
    let over = rows::usage(tx)?.saturating_sub(room.budget);
    let over = over.max(room.spare.map_or(0, i64::wrapping_neg));
    if over <= 0 { Ok(Vec::new()) } else { make_leave(tx, over) }
}

/// The first to go, of at least so many bytes if there are.
fn make_leave(tx: &Tx<'_>, n_bytes: i64) -> Result<Vec<String>, Error> {
    let mut freed: i64 = 0;
    let mut leaving = Vec::new();
    for (key, bytes) in rows::victims(tx, MOST_AT_ONCE)? {
        if freed >= n_bytes {
            break;
        }
        freed = freed.saturating_add(bytes);
        leaving.push(key);
    }
    rows::leave(tx, &leaving)?;
    Ok(leaving)
}

/// The files of these are removed: their room is free.
///
/// # Errors
/// The database failed.
pub fn gone(tx: &Tx<'_>, keys: &[String]) -> Result<(), Error> {
    Ok(rows::gone(tx, keys)?)
}

/// Keeps what was written; gives the files that are to be removed because these came in their place.
///
/// # Errors
/// The database failed.
pub fn keep(tx: &Tx<'_>, id: i64, keys: &[String]) -> Result<Vec<String>, Error> {
    Ok(rows::keep(tx, id, keys)?)
}

/// Notes that nothing came of an address, and when it may be asked again.
///
/// # Errors
/// The database failed.
pub fn fail(tx: &Tx<'_>, id: i64, why: &str, setback: &Setback) -> Result<(), Error> {
    let doubled = || {
        let n_failures = u32::try_from(rows::n_failures(tx, id)?).unwrap_or(u32::MAX).min(16);
        Ok::<Duration, Error>(FIRST_WAIT.saturating_mul(1 << n_failures).min(DAY))
    };
    let wait = match setback {
        Setback::Passing(Some(asked)) => (*asked).clamp(Duration::from_secs(60), DAY),
        Setback::Passing(None) => doubled()?,
        Setback::Absent => DAY,
        Setback::Unfit => LONG_WAIT,
    };
    Ok(rows::fail(tx, id, why, tx.now().plus(wait))?)
}

/// Whether a look at a file should be noted.
#[must_use]
pub fn is_worth_noting(used_at: Time, now: Time) -> bool {
    now >= used_at.plus(TOUCH_REST)
}

/// Whether an address is to be left alone for now.
#[must_use]
pub fn rests(file: &RemoteFile, now: Time) -> bool {
    file.retry_at.is_some_and(|retry_at| now < retry_at)
}

/// Says of an attachment what its server did not say and the file shows.
///
/// # Errors
/// The database failed.
pub fn describe(
    tx: &Tx<'_>,
    status: StatusId,
    url: &str,
    size: (u32, u32),
    blurhash: Option<&str>,
) -> Result<(), Error> {
    let mut attachments = rows::attachments(tx, status)?;
    let mut is_new = false;
    for media in attachments.iter_mut().filter(|media| media.url == url) {
        if media.width.is_none() || media.height.is_none() {
            (media.width, media.height) = (Some(size.0), Some(size.1));
            is_new = true;
        }
        if media.blurhash.is_none() && blurhash.is_some() {
            media.blurhash = blurhash.map(str::to_owned);
            is_new = true;
        }
    }
    if is_new {
        rows::describe(tx, status, &attachments)?;
        tx.announce(Event::StatusTouched { status });
    }
    Ok(())
}

/// Some files that nobody looked at for so long, with their bytes; of a domain, if one is given. They are to be removed
/// now.
///
/// # Errors
/// The database failed.
pub fn leave_unused(tx: &Tx<'_>, domain: Option<&str>, idle: Duration) -> Result<Vec<(String, i64)>, Error> {
    let found = rows::unused(tx, domain, tx.now().minus(idle), MOST_AT_ONCE)?;
    let keys: Vec<String> = found.iter().map(|(key, _)| key.clone()).collect();
    rows::leave(tx, &keys)?;
    Ok(found)
}

/// Some files of a domain; they are to be removed now.
///
/// # Errors
/// The database failed.
pub fn leave_of_domain(tx: &Tx<'_>, domain: &str) -> Result<Vec<String>, Error> {
    let keys = rows::of_domain(tx, domain, MOST_AT_ONCE)?;
    rows::leave(tx, &keys)?;
    Ok(keys)
}

/// Some files that a process which died was writing or removing.
///
/// # Errors
/// The database failed.
pub fn left_over(q: &Query<'_>, now: Time) -> Result<Vec<String>, Error> {
    Ok(rows::between(q, now.minus(HAND_LIFE), MOST_AT_ONCE)?)
}

/// Forgets some addresses of which nothing lies here; whether there may be more.
///
/// # Errors
/// The database failed.
pub fn forget(tx: &Tx<'_>) -> Result<bool, Error> {
    Ok(rows::forget(tx, tx.now().minus(MEMORY), MOST_AT_ONCE)?)
}
