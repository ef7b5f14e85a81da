//! Reports.

use phiomia_mastodon::entities::{self, Id, ReportCategory};
use phiomia_store::db::{accounts::AccountView, reports::ReportRow};

use super::{Cx, account};

/// A report as whoever made it sees it, and as staff is told of it.
#[must_use]
pub fn report(row: &ReportRow, target: &AccountView, cx: &Cx) -> entities::Report {
    entities::Report {
        id: Id(row.id.0),
        action_taken: row.resolved_at.is_some(),
        action_taken_at: row.resolved_at.map(Into::into),
        category: report_category(row),
        comment: row.comment.clone(),
        forwarded: row.is_forwarded,
        created_at: row.created_at.into(),
        status_ids: Some(row.statuses.clone()),
        collection_ids: None,
        rule_ids: Some(row.rules.clone()),
        target_account: account(target, cx),
    }
}

pub(super) fn report_category(row: &ReportRow) -> ReportCategory {
    match row.category.as_str() {
        "spam" => ReportCategory::Spam,
        "legal" => ReportCategory::Legal,
        "violation" => ReportCategory::Violation,
        _ => ReportCategory::Other,
    }
}
