//! What a local person's posts are when they do not say otherwise.

use phiomia_model::{AccountId, Fault, QuotePolicy, Visibility};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    FIND = Sql::Same("select default_visibility, default_sensitive, default_language, default_quote_policy, locale
        from users where account_id = $1");
    UPDATE = Sql::Same("update users set default_visibility = $2, default_sensitive = $3, default_language = $4,
        default_quote_policy = $5 where account_id = $1");
    REQUESTS = Sql::Same("select count(*) from follow_requests where target_id = $1");
}

/// Posting defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostingDefaults {
    /// Who may see a post.
    pub visibility: Visibility,
    /// Marked sensitive.
    pub is_sensitive: bool,
    /// An ISO 639 code; `None`: the language of the interface.
    pub language: Option<String>,
    /// Who may quote it.
    pub quote_policy: QuotePolicy,
    /// Language of the interface.
    pub locale: String,
}

impl FromRow for PostingDefaults {
    fn from_row(row: &mut Row<'_>) -> Result<PostingDefaults, Fault> {
        Ok(PostingDefaults {
            visibility: row.next()?,
            is_sensitive: row.next()?,
            language: row.next()?,
            quote_policy: row.next::<String>()?.parse().unwrap_or(QuotePolicy::Nobody),
            locale: row.next()?,
        })
    }
}

/// Somebody's defaults; `None` for people elsewhere.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, account: AccountId) -> Result<Option<PostingDefaults>, Fault> {
    q.row(&FIND, (account,))
}

/// Writes them.
///
/// # Errors
/// The database failed.
pub fn update(tx: &Tx<'_>, account: AccountId, to: &PostingDefaults) -> Result<(), Fault> {
    let values = (account, to.visibility, to.is_sensitive, to.language.as_deref(), to.quote_policy.word());
    tx.execute(&UPDATE, values).map(|_| ())
}

/// How many people wait to be let in as followers: told with one's own profile.
///
/// # Errors
/// The database failed.
pub fn n_follow_requests(q: &Query<'_>, account: AccountId) -> Result<i64, Fault> {
    Ok(q.value(&REQUESTS, (account,))?.unwrap_or_default())
}
