//! Rate buckets that survive a restart: sign-in, codes, mail. Fixed windows, aligned to 1970.

use std::time::Duration;

use phiomia_model::{Fault, Time};

use super::{
    query::Tx,
    sql::{Sql, queries},
};

queries! {
    HIT = Sql::Same("insert into rate_buckets (bucket, who, window_start, count, ends_at) values ($1, $2, $3, 1, $4)
        on conflict (bucket, who) do update set
            count = case when rate_buckets.window_start = excluded.window_start then rate_buckets.count + 1 else 1 end,
            window_start = excluded.window_start, ends_at = excluded.ends_at
        returning count");
    DELETE_EXPIRED = Sql::Same("delete from rate_buckets where ends_at < $1");
}

/// How full a bucket is after a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Hits in this window, this one included.
    pub count: i64,
    /// When the window ends.
    pub ends_at: Time,
}

/// Counts one hit of `who`.
///
/// # Errors
/// The database failed.
pub fn hit(tx: &Tx<'_>, bucket: &str, who: &str, window: Duration) -> Result<Fill, Fault> {
    let span = i64::try_from(window.as_micros()).unwrap_or(i64::MAX).max(1);
    let start = Time(tx.now().0 - tx.now().0.rem_euclid(span));
    let ends_at = start.plus(window);
    let count = tx.value(&HIT, (bucket, who, start, ends_at))?.unwrap_or_default();
    Ok(Fill { count, ends_at })
}

/// Throws away what ended before `before`; how many.
///
/// # Errors
/// The database failed.
pub fn delete_expired(tx: &Tx<'_>, before: Time) -> Result<u64, Fault> {
    tx.execute(&DELETE_EXPIRED, (before,))
}
