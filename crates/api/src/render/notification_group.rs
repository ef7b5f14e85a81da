//! Notifications folded into groups.

use std::collections::HashSet;

use phiomia_mastodon::entities;
use phiomia_model::AccountId;
use phiomia_store::db::notifications::{Group, GroupPage};

use super::{
    Cx, account,
    notification::{severance, warning},
    report, statuses,
};

/// How much of the accounts in a page of groups is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expand {
    /// All of each.
    Full,
    /// All of the newest of each group, of the others what a row of pictures needs.
    PartialAvatars,
}

/// A page of groups with everything it names, each once.
#[must_use]
pub fn groups(page: &GroupPage, expand: Expand, cx: &Cx) -> entities::GroupedNotificationsResults {
    let mut seen: HashSet<AccountId> = HashSet::new();
    let firsts = page.groups.iter().filter_map(|group| group.samples.first());
    let all = page.groups.iter().flat_map(|group| &group.samples);
    let mut pick = |ids: &mut dyn Iterator<Item = &AccountId>| -> Vec<_> {
        ids.filter(|id| seen.insert(**id)).filter_map(|id| page.people.get(id)).collect()
    };
    let (full, partial) = match expand {
        Expand::Full => (pick(&mut { all }), None),
        Expand::PartialAvatars => (pick(&mut { firsts }), Some(pick(&mut { all }))),
    };
    let partial = partial.map(|people| {
        people
            .into_iter()
            .map(|view| {
                let whole = account(view, cx);
                entities::PartialAccountWithAvatar {
                    id: view.id,
                    acct: whole.acct.clone(),
                    url: view.url.clone(),
                    avatar: whole.avatar.clone(),
                    avatar_static: whole.avatar_static.clone(),
                    avatar_description: whole.avatar_description.clone(),
                    locked: whole.locked,
                    bot: whole.bot,
                }
            })
            .collect()
    });
    entities::GroupedNotificationsResults {
        accounts: full.into_iter().map(|view| account(view, cx)).collect(),
        partial_accounts: partial,
        statuses: statuses(&page.statuses, cx),
        notification_groups: page.groups.iter().map(|group| self::group(group, page, cx)).collect(),
    }
}

fn group(group: &Group, page: &GroupPage, cx: &Cx) -> entities::NotificationGroup {
    let about = group.report.and_then(|id| page.reports.get(&id));
    let strike = group.subject.and_then(|id| page.decided.strikes.get(&id));
    let me = group.samples.first().and_then(|id| page.people.get(id));
    entities::NotificationGroup {
        group_key: group.key.clone(),
        notifications_count: group.count,
        r#type: group.kind,
        most_recent_notification_id: group.newest,
        page_min_id: group.on_page.map(|(oldest, ..)| oldest),
        page_max_id: group.on_page.map(|(_, newest, _)| newest),
        latest_page_notification_at: group.on_page.map(|(.., at)| at.into()),
        sample_account_ids: group.samples.clone(),
        status_id: group.status,
        report: about.map(|about| Box::new(report(&about.row, &about.target, cx))),
        event: group.subject.and_then(|id| page.decided.severances.get(&id)).map(severance),
        moderation_warning: strike.zip(me).map(|(strike, me)| Box::new(warning(strike, me, cx))),
        fallback: None,
        annual_report: None,
        collection: None,
    }
}
