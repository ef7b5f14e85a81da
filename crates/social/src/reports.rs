//! Telling moderators about somebody.

use phiomia_model::{AccountId, Error, Noun, Outgoing, Refusal, ReportId, RuleId, StatusId};
use phiomia_store::{
    Tx,
    db::{
        accounts,
        reports::{self, ReportRow},
        server,
    },
};

use crate::outgoing::tell;

/// The classes of reasons. Source: <https://docs.joinmastodon.org/methods/reports/#form-data-parameters>.
const CATEGORIES: [&str; 4] = ["spam", "legal", "violation", "other"];
/// Characters of a comment.
const COMMENT: usize = 1_000;
/// Characters of a comment from elsewhere, cut.
const COMMENT_FROM_ELSEWHERE: usize = 5_000;

/// What somebody reports.
#[derive(Clone, Debug)]
pub struct NewReport {
    /// Whom.
    pub target: AccountId,
    /// Posts of theirs; others are passed over.
    pub statuses: Vec<StatusId>,
    /// Why.
    pub comment: String,
    /// The class of reason; `None`: `violation` with rules, else `other`.
    pub category: Option<String>,
    /// Rules that were broken.
    pub rules: Vec<RuleId>,
    /// Whether the target's server is told, too; the reporter is not named there.
    pub forwards: bool,
}

/// `me` reports somebody.
///
/// # Errors
/// Refused when the target is not there (`404`), or something is too long or none of the list (`422`).
pub fn report(tx: &Tx<'_>, me: AccountId, new: &NewReport) -> Result<ReportId, Error> {
    let target = accounts::view(tx, new.target)?.filter(|view| !view.is_deleted);
    let target = target.ok_or(Refusal::NotFound(Noun::Account))?;
    if new.comment.chars().count() > COMMENT {
        let sentence = format!("Comment is too long (maximum is {COMMENT} characters)");
        return Err(Refusal::validation(&sentence).into());
    }
    let default = if new.rules.is_empty() { "other" } else { "violation" };
    let category = new.category.as_deref().filter(|word| !word.is_empty()).unwrap_or(default);
    if !CATEGORIES.contains(&category) {
        return Err(Refusal::validation("Category is not included in the list").into());
    }
    let known: Vec<RuleId> = server::rules(tx)?.into_iter().map(|rule| rule.id).collect();
    if new.rules.iter().any(|rule| !known.contains(rule)) {
        return Err(Refusal::validation("Rules does not reference valid rules").into());
    }
    let id = ReportId(tx.new_id());
    let is_forwarded = new.forwards && !target.is_local();
    let row = ReportRow {
        id,
        account: me,
        target: new.target,
        category: category.to_owned(),
        comment: new.comment.clone(),
        statuses: reports::posts_of(tx, &new.statuses, new.target)?,
        rules: if category == "violation" { new.rules.clone() } else { Vec::new() },
        is_forwarded,
        resolved_at: None,
        created_at: tx.now(),
    };
    reports::insert(tx, &row, None)?;
    if is_forwarded {
        tell(tx, Outgoing::Reported { report: id })?;
    }
    Ok(id)
}

/// Another server reports somebody here. Twice is once.
///
/// # Errors
/// The database failed.
pub fn receive(
    tx: &Tx<'_>,
    from: AccountId,
    target: AccountId,
    statuses: &[StatusId],
    comment: &str,
    uri: &str,
) -> Result<(), Error> {
    let row = ReportRow {
        id: ReportId(tx.new_id()),
        account: from,
        target,
        category: "other".to_owned(),
        comment: comment.chars().take(COMMENT_FROM_ELSEWHERE).collect(),
        statuses: reports::posts_of(tx, statuses, target)?,
        rules: Vec::new(),
        is_forwarded: false,
        resolved_at: None,
        created_at: tx.now(),
    };
    reports::insert(tx, &row, Some(uri))?;
    Ok(())
}
