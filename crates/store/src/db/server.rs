//! What the server says about itself and offers to everybody: custom emoji, rules.

use phiomia_model::{CustomEmojiId, Fault, RuleId, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    EMOJIS = Sql::Same("select id, shortcode, file, content_type, category, is_visible from custom_emojis
        order by shortcode");
    ADD_EMOJI = Sql::Same("insert into custom_emojis (id, shortcode, file, content_type, category, is_visible, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (shortcode) do update set file = excluded.file, content_type = excluded.content_type,
            category = excluded.category, is_visible = excluded.is_visible");
    EMOJI_TYPE = Sql::Same("select content_type from custom_emojis where file = $1");
    RULES = Sql::Same("select id, text, hint, translations from rules order by position, id");
    ADD_RULE = Sql::Same("insert into rules (id, position, text, hint, translations, created_at)
        values ($1, (select count(*) from rules), $2, $3, $4, $5)");
    // People who were here since some day.
    ACTIVE = Sql::Same("select count(*) from users where last_active_day >= $1");
    LOCAL_STATUSES = Sql::Same("select count(*) from statuses where is_local and deleted_at is null");
    DOMAINS = Sql::Same("select count(distinct domain) from accounts where domain <> ''");
}

/// A custom emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomEmojiView {
    /// Its id.
    pub id: CustomEmojiId,
    /// The name between colons.
    pub shortcode: String,
    /// Where its picture lies on the files shelf.
    pub file: String,
    /// The picture's media type.
    pub content_type: String,
    /// Group in pickers.
    pub category: Option<String>,
    /// Offered in pickers.
    pub is_visible: bool,
}

impl FromRow for CustomEmojiView {
    fn from_row(row: &mut Row<'_>) -> Result<CustomEmojiView, Fault> {
        Ok(CustomEmojiView {
            id: row.next()?,
            shortcode: row.next()?,
            file: row.next()?,
            content_type: row.next()?,
            category: row.next()?,
            is_visible: row.next()?,
        })
    }
}

/// All custom emoji, by name.
///
/// # Errors
/// The database failed.
pub fn custom_emojis(q: &Query<'_>) -> Result<Vec<CustomEmojiView>, Fault> {
    q.rows(&EMOJIS, ())
}

/// Adds a custom emoji, or gives the one of that name another picture.
///
/// # Errors
/// The database failed.
pub fn add_custom_emoji(tx: &Tx<'_>, emoji: &CustomEmojiView) -> Result<(), Fault> {
    let (file, content_type) = (emoji.file.as_str(), emoji.content_type.as_str());
    let row = (emoji.id, emoji.shortcode.as_str(), file, content_type, emoji.category.as_deref(), emoji.is_visible);
    tx.execute(&ADD_EMOJI, (row.0, row.1, row.2, row.3, row.4, row.5, tx.now())).map(|_| ())
}

/// The media type of an emoji's picture; `None` when no emoji has that file.
///
/// # Errors
/// The database failed.
pub fn emoji_type(q: &Query<'_>, file: &str) -> Result<Option<String>, Fault> {
    q.value(&EMOJI_TYPE, (file,))
}

/// A rule of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleView {
    /// Its id.
    pub id: RuleId,
    /// The rule.
    pub text: String,
    /// Explanation; may be empty.
    pub hint: String,
    /// JSON: `{"de": {"text": "…", "hint": "…"}}`.
    pub translations: String,
}

impl FromRow for RuleView {
    fn from_row(row: &mut Row<'_>) -> Result<RuleView, Fault> {
        Ok(RuleView { id: row.next()?, text: row.next()?, hint: row.next()?, translations: row.next()? })
    }
}

/// The rules in their order.
///
/// # Errors
/// The database failed.
pub fn rules(q: &Query<'_>) -> Result<Vec<RuleView>, Fault> {
    q.rows(&RULES, ())
}

/// Adds a rule at the end. `translations` as in [`RuleView`].
///
/// # Errors
/// The database failed.
pub fn add_rule(tx: &Tx<'_>, text: &str, hint: &str, translations: &str) -> Result<RuleId, Fault> {
    let id = RuleId(tx.new_id());
    tx.execute(&ADD_RULE, (id, text, hint, translations, tx.now()))?;
    Ok(id)
}

/// How much the server is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// People who were here in the last four weeks.
    pub n_active: i64,
    /// People who were here in the last 180 days.
    pub n_active_half_year: i64,
    /// Posts written here.
    pub n_statuses: i64,
    /// Other servers somebody is known of.
    pub n_domains: i64,
}

/// Counts everything: for a value that is kept for a while.
///
/// # Errors
/// The database failed.
pub fn usage(q: &Query<'_>, now: Time) -> Result<Usage, Fault> {
    Ok(Usage {
        n_active: q.value(&ACTIVE, (now.as_days() - 28,))?.unwrap_or_default(),
        n_active_half_year: q.value(&ACTIVE, (now.as_days() - 180,))?.unwrap_or_default(),
        n_statuses: q.value(&LOCAL_STATUSES, ())?.unwrap_or_default(),
        n_domains: q.value(&DOMAINS, ())?.unwrap_or_default(),
    })
}
