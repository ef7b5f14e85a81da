//! What staff sees.

use std::collections::HashMap;

use phiomia_mastodon::entities::{self, Decimal, DomainBlockSeverity, Id, IpBlockSeverity, SignUpTries};
use phiomia_model::{AccountId, EmailDomainBlockId, Role, StatusId, Time};
use phiomia_store::{
    db::{
        federation::domains::{DomainAllow, DomainBlock, Severity},
        moderation::{
            accounts::{StaffView, UserFacts},
            sign_ups::{CanonicalEmail, EmailDomain, IpBlock, IpSeverity},
        },
        reports::ReportRow,
        server::RuleView,
        statuses::StatusView,
    },
    secret::digest_of,
};

use super::{Cx, account::role, report::report_category, status};

/// What is decided about a domain, for staff.
#[must_use]
pub fn admin_domain_block(block: &DomainBlock) -> entities::AdminDomainBlock {
    entities::AdminDomainBlock {
        id: Id(block.id.0),
        domain: block.domain.clone(),
        digest: digest_of(&block.domain),
        created_at: block.created_at.into(),
        severity: severity(block.severity),
        reject_media: block.rejects_media,
        reject_reports: block.rejects_reports,
        private_comment: block.private_comment.clone(),
        public_comment: block.public_comment.clone(),
        obfuscate: block.obfuscates,
    }
}

/// The same for everybody.
#[must_use]
pub fn domain_block(block: &DomainBlock) -> entities::DomainBlock {
    entities::DomainBlock {
        domain: if block.obfuscates { starred(&block.domain) } else { block.domain.clone() },
        digest: digest_of(&block.domain),
        severity: severity(block.severity),
        comment: block.public_comment.clone(),
    }
}

/// A domain that was allowed by hand.
#[must_use]
pub fn admin_domain_allow(allow: &DomainAllow) -> entities::AdminDomainAllow {
    entities::AdminDomainAllow { id: Id(allow.id.0), domain: allow.domain.clone(), created_at: allow.created_at.into() }
}

/// An account as staff sees it.
#[must_use]
pub fn admin_account(view: &StaffView, cx: &Cx) -> entities::AdminAccount {
    let (account, user) = (&*view.account, view.user.as_ref());
    let text = |text: fn(&UserFacts) -> &String| user.map(|user| text(user).clone()).unwrap_or_default();
    let address = |(ip, used_at): &(String, Time)| entities::AdminIp { ip: ip.clone(), used_at: (*used_at).into() };
    entities::AdminAccount {
        id: account.id,
        username: account.username.clone(),
        domain: account.domain.clone(),
        created_at: account.created_at.into(),
        email: text(|user| &user.email),
        ip: view.addresses.first().map(|(ip, _)| ip.clone()),
        ips: view.addresses.iter().map(address).collect(),
        locale: text(|user| &user.locale),
        invite_request: user.and_then(|user| user.invite_request.clone()),
        role: role(user.map_or(Role::User, |user| user.role)),
        // Who lives elsewhere waits for nothing here.
        confirmed: user.is_none_or(|user| user.is_confirmed),
        approved: user.is_none_or(|user| user.is_approved),
        disabled: user.is_some_and(|user| user.is_disabled),
        sensitized: account.is_sensitized,
        silenced: account.is_silenced,
        suspended: account.is_suspended,
        account: super::account(account, cx),
        created_by_application_id: user.and_then(|user| user.app).map(|app| Id(app.0)),
        invited_by_account_id: None,
    }
}

/// A report as staff sees it; `people`, `statuses` and `rules` have what it names.
#[must_use]
pub fn admin_report(
    row: &ReportRow,
    people: &HashMap<AccountId, StaffView>,
    statuses: &HashMap<StatusId, StatusView>,
    rules: &[RuleView],
    cx: &Cx,
) -> Option<entities::AdminReport> {
    let person = |id: AccountId| people.get(&id).map(|view| admin_account(view, cx));
    Some(entities::AdminReport {
        id: Id(row.id.0),
        action_taken: row.resolved_at.is_some(),
        action_taken_at: row.resolved_at.map(Into::into),
        category: report_category(row),
        comment: row.comment.clone(),
        forwarded: row.is_forwarded,
        created_at: row.created_at.into(),
        updated_at: row.updated_at.into(),
        account: person(row.account)?,
        target_account: person(row.target)?,
        assigned_account: row.assigned.and_then(person),
        action_taken_by_account: row.resolved_by.and_then(person),
        statuses: row.statuses.iter().filter_map(|id| statuses.get(id)).map(|view| status(view, cx)).collect(),
        rules: rules.iter().filter(|rule| row.rules.contains(&rule.id)).map(super::rule).collect(),
    })
}

/// Tries to sign up: by barred domain and day (days since 1970) by how many addresses, and how many.
pub type Tries = HashMap<(EmailDomainBlockId, i64), (i64, i64)>;

/// An e-mail domain nobody signs up with, and who tried in the last week.
#[must_use]
pub fn admin_email_domain_block(block: &EmailDomain, tries: &Tries, now: Time) -> entities::AdminEmailDomainBlock {
    let of_day = |day: i64| {
        let (accounts, uses) = tries.get(&(block.id, day)).copied().unwrap_or_default();
        SignUpTries { day: Decimal(day * 86_400), accounts: Decimal(accounts), uses: Decimal(uses) }
    };
    entities::AdminEmailDomainBlock {
        id: Id(block.id.0),
        domain: block.domain.clone(),
        created_at: block.created_at.into(),
        history: (0..7).map(|ago| of_day(now.as_days() - ago)).collect(),
        allow_with_approval: block.allows_with_approval,
    }
}

/// Network addresses under a rule.
#[must_use]
pub fn admin_ip_block(block: &IpBlock) -> entities::AdminIpBlock {
    entities::AdminIpBlock {
        id: Id(block.id.0),
        ip: block.addresses.to_string(),
        severity: match block.severity {
            IpSeverity::SignUpRequiresApproval => IpBlockSeverity::SignUpRequiresApproval,
            IpSeverity::SignUpBlock => IpBlockSeverity::SignUpBlock,
            IpSeverity::NoAccess => IpBlockSeverity::NoAccess,
        },
        comment: block.comment.clone(),
        created_at: block.created_at.into(),
        expires_at: block.expires_at.map(Into::into),
    }
}

/// An e-mail address nobody signs up with.
#[must_use]
pub fn admin_canonical_email_block(block: &CanonicalEmail) -> entities::AdminCanonicalEmailBlock {
    entities::AdminCanonicalEmailBlock { id: Id(block.id.0), canonical_email_hash: block.hash.clone() }
}

fn severity(severity: Severity) -> DomainBlockSeverity {
    match severity {
        Severity::Noop => DomainBlockSeverity::Noop,
        Severity::Silence => DomainBlockSeverity::Silence,
        Severity::Suspend => DomainBlockSeverity::Suspend,
    }
}

/// A domain of which the middle half is hidden, as Mastodon does it.
/// Source: <https://docs.joinmastodon.org/entities/DomainBlock/#domain>.
fn starred(domain: &str) -> String {
    let length = domain.chars().count();
    let shown = length / 4;
    let star = |(at, c): (usize, char)| if at > shown && at < length - shown && c != '.' { '*' } else { c };
    domain.chars().enumerate().map(star).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_hidden_domain_is_stars_and_dots() {
        assert_eq!(starred("example.com"), "exa****.*om");
        assert_eq!(starred("a.b"), "a.*");
    }
}
