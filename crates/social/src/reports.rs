//! Telling moderators about somebody.

use phiomia_model::{
    AccountId, Error, NotificationType, Noun, Outgoing, Permission, Refusal, ReportId, RuleId, StatusId,
};
use phiomia_store::{
    Tx,
    db::{
        accounts,
        reports::{self, ReportRow},
        server,
    },
};

use crate::{notifications::notify_staff, outgoing::tell};

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
    check(tx, category, &new.rules)?;
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
        assigned: None,
        resolved_by: None,
        updated_at: tx.now(),
    };
    reports::insert(tx, &row, None)?;
    notify_staff(tx, Permission::ManageReports, me, NotificationType::AdminReport, Some(id))?;
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
        assigned: None,
        resolved_by: None,
        updated_at: tx.now(),
    };
    if reports::insert(tx, &row, Some(uri))? {
        notify_staff(tx, Permission::ManageReports, from, NotificationType::AdminReport, Some(row.id))?;
    }
    Ok(())
}

/// Gives a report another class of reason, or other rules; those count for `violation` alone.
///
/// # Errors
/// `NotFound`, or `Invalid` for what is none of the list.
pub fn classify(tx: &Tx<'_>, id: ReportId, category: Option<&str>, rules: Option<Vec<RuleId>>) -> Result<(), Error> {
    let row = reports::find(tx, id)?.ok_or(Refusal::NotFound(Noun::Record))?;
    let category = category.filter(|word| !word.is_empty()).unwrap_or(&row.category);
    let rules = rules.unwrap_or(row.rules);
    check(tx, category, &rules)?;
    let rules = if category == "violation" { rules } else { Vec::new() };
    Ok(reports::classify(tx, id, category, &rules)?)
}

/// What becomes of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The moderator takes it.
    Take,
    /// Nobody has it.
    GiveBack,
    /// It was dealt with.
    Resolve,
    /// It is to be dealt with after all.
    Reopen,
}

/// A moderator brings a report a step on. Twice is once.
///
/// # Errors
/// `NotFound`.
pub fn step(tx: &Tx<'_>, by: AccountId, id: ReportId, step: Step) -> Result<(), Error> {
    reports::find(tx, id)?.ok_or(Refusal::NotFound(Noun::Record))?;
    match step {
        Step::Take => reports::assign(tx, id, Some(by))?,
        Step::GiveBack => reports::assign(tx, id, None)?,
        Step::Resolve => drop(reports::resolve(tx, id, Some(by))?),
        Step::Reopen => drop(reports::reopen(tx, id)?),
    }
    Ok(())
}

fn check(tx: &Tx<'_>, category: &str, rules: &[RuleId]) -> Result<(), Error> {
    if !CATEGORIES.contains(&category) {
        return Err(Refusal::validation("Category is not included in the list").into());
    }
    let known: Vec<RuleId> = server::rules(tx)?.into_iter().map(|rule| rule.id).collect();
    if rules.iter().any(|rule| !known.contains(rule)) {
        return Err(Refusal::validation("Rules does not reference valid rules").into());
    }
    Ok(())
}
