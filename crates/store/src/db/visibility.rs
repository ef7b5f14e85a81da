//! Who may see what: the one place that decides, for every endpoint, stream, feed and notification.

use phiomia_model::{AccountId, Fault, StatusId, Time, Viewer, Visibility};

use super::{
    by_id::{ById, Ids},
    query::Query,
    sql::{Sql, queries},
};

queries! {
    // 1 I follow, 2 I block, 3 blocks me or, when I live elsewhere, my domain, 4 I mute, 5 follows me, 6 I block its
    // domain; the moment it began.
    RELATIONS = Sql::Single(&Sql::Same("select target_id, 1, created_at from follows where account_id = $1 and target_id in ids($2)
        union all select target_id, 2, created_at from blocks where account_id = $1 and target_id in ids($2)
        union all select account_id, 3, created_at from blocks where target_id = $1 and account_id in ids($2)
        union all select target_id, 4, created_at from mutes
            where account_id = $1 and target_id in ids($2) and (expires_at is null or expires_at > $3)
        union all select account_id, 5, created_at from follows where target_id = $1 and account_id in ids($2)
        union all select d.account_id, 3, d.created_at from account_domain_blocks d
            where d.account_id in ids($2) and d.domain = (select a.domain from accounts a where a.id = $1)
        union all select a.id, 6, a.created_at from accounts a
            where a.id in ids($2) and a.domain in (select d.domain from account_domain_blocks d where d.account_id = $1)"));
    // The same for many viewers $1 at once: viewer, other, kind, moment.
    RELATIONS_OF_MANY = Sql::Same("select account_id, target_id, 1, created_at from follows
            where account_id in ids($1) and target_id in ids($2)
        union all select account_id, target_id, 2, created_at from blocks
            where account_id in ids($1) and target_id in ids($2)
        union all select target_id, account_id, 3, created_at from blocks
            where target_id in ids($1) and account_id in ids($2)
        union all select account_id, target_id, 4, created_at from mutes
            where account_id in ids($1) and target_id in ids($2) and (expires_at is null or expires_at > $3)
        union all select target_id, account_id, 5, created_at from follows
            where target_id in ids($1) and account_id in ids($2)
        union all select d.account_id, a.id, 6, d.created_at from accounts a
            join account_domain_blocks d on d.domain = a.domain
            where a.id in ids($2) and d.account_id in ids($1)");
}

/// How a viewer stands to one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stance {
    /// The viewer follows it.
    pub follows: bool,
    /// It follows the viewer.
    pub is_followed_by: bool,
    /// The viewer blocks it.
    pub blocks: bool,
    /// It blocks the viewer, since then.
    pub is_blocked_since: Option<Time>,
    /// The viewer mutes it.
    pub mutes: bool,
    /// The viewer blocks its whole domain.
    pub blocks_domain: bool,
}

impl Stance {
    /// Whether neither blocks, of accounts or domains, nor mutes stand between: what timelines show.
    #[must_use]
    pub fn is_undisturbed(&self) -> bool {
        !self.blocks && !self.blocks_domain && !self.mutes && self.is_blocked_since.is_none()
    }

    /// Whether the viewer does not want to have to do with it: blocks it, or its domain.
    #[must_use]
    pub fn keeps_away(&self) -> bool {
        self.blocks || self.blocks_domain
    }

    fn add(&mut self, kind: i64, since: Time) {
        match kind {
            1 => self.follows = true,
            2 => self.blocks = true,
            // Of two blocks the earlier one counts.
            3 => self.is_blocked_since = Some(self.is_blocked_since.map_or(since, |before| before.min(since))),
            4 => self.mutes = true,
            6 => self.blocks_domain = true,
            _ => self.is_followed_by = true,
        }
    }
}

/// How a viewer stands to the authors of a page: loaded once, asked for each status.
#[derive(Clone, Debug)]
pub struct Stances {
    viewer: Viewer,
    by_account: ById<AccountId, Stance>,
}

impl Stances {
    /// Loads them in one query; none for an anonymous viewer. Mutes that have lapsed by `now` do not count.
    ///
    /// # Errors
    /// The database failed.
    pub fn load(q: &Query<'_>, viewer: Viewer, accounts: &Ids<AccountId>, now: Time) -> Result<Stances, Fault> {
        let mut by_account: ById<AccountId, Stance> = ById::default();
        if let Some(me) = viewer.account() {
            let ids: Vec<i64> = accounts.iter().filter(|id| **id != me).map(|id| id.0).collect();
            if !ids.is_empty() {
                for (account, kind, since) in q.rows::<(AccountId, i64, Time)>(&RELATIONS, (me, &ids, now))? {
                    by_account.entry(account).or_default().add(kind, since);
                }
            }
        }
        Ok(Stances { viewer, by_account })
    }

    /// The same for many viewers at once, still in one query.
    ///
    /// # Errors
    /// The database failed.
    pub fn load_for_many(
        q: &Query<'_>,
        viewers: &[AccountId],
        accounts: &Ids<AccountId>,
        now: Time,
    ) -> Result<Vec<Stances>, Fault> {
        let ids: Vec<i64> = accounts.iter().map(|id| id.0).collect();
        let viewer_ids: Vec<i64> = viewers.iter().map(|id| id.0).collect();
        let rows: Vec<(AccountId, AccountId, i64, Time)> = q.rows(&RELATIONS_OF_MANY, (&viewer_ids, &ids, now))?;
        let mut by_viewer: ById<AccountId, ById<AccountId, Stance>> = ById::default();
        for (viewer, account, kind, since) in rows {
            by_viewer.entry(viewer).or_default().entry(account).or_default().add(kind, since);
        }
        let stances = |viewer: &AccountId| {
            let by_account = by_viewer.remove(viewer).unwrap_or_default();
            Stances { viewer: Viewer::Account(*viewer), by_account }
        };
        Ok(viewers.iter().map(stances).collect())
    }

    /// How the viewer stands to one account.
    #[must_use]
    pub fn to(&self, account: AccountId) -> Stance {
        self.by_account.get(&account).copied().unwrap_or_default()
    }

    /// For whom they were loaded.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        self.viewer
    }
}

/// What the decision needs to know of a status.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Which.
    pub id: StatusId,
    /// Its author.
    pub author: AccountId,
    /// Whether the author is suspended or gone.
    pub is_author_gone: bool,
    /// Its visibility.
    pub visibility: Visibility,
    /// When it was posted.
    pub created_at: Time,
    /// Whom it mentions, silently or not.
    pub mentioned: &'a [AccountId],
    /// The author of what it answers or boosts has not allowed it, and wanted to be asked; who that is, if they are.
    pub unapproved: Option<Option<AccountId>>,
}

/// Whether the viewer may see a status. "Not for you" and "not there" are answered alike by whoever asks.
///
/// The table is SECURITY-RULES D: public and unlisted are for everybody whom the author does not block, private is
/// for followers and mentioned people, direct for mentioned people. A mention from before a block stays readable.
#[must_use]
pub fn may_see(status: &Seen<'_>, stances: &Stances) -> bool {
    if status.is_author_gone {
        return false;
    }
    let Some(me) = stances.viewer.account() else {
        return status.visibility.is_open() && status.unapproved.is_none();
    };
    if me == status.author {
        return true;
    }
    // Whoever is asked has to see it.
    if status.unapproved.is_some_and(|asked| asked != Some(me)) {
        return false;
    }
    let stance = stances.to(status.author);
    let is_mentioned = status.mentioned.contains(&me);
    if let Some(since) = stance.is_blocked_since {
        return is_mentioned && status.created_at < since;
    }
    match status.visibility {
        Visibility::Public | Visibility::Unlisted => true,
        Visibility::Private => stance.follows || is_mentioned,
        Visibility::Direct => is_mentioned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHOR: AccountId = AccountId(1);
    const ME: AccountId = AccountId(2);

    fn stances(viewer: Viewer, stance: Stance) -> Stances {
        Stances { viewer, by_account: [(AUTHOR, stance)].into_iter().collect() }
    }

    fn sees(viewer: Viewer, stance: Stance, mentioned: &[AccountId]) -> Vec<Visibility> {
        let status = |visibility| Seen {
            id: StatusId(1),
            author: AUTHOR,
            is_author_gone: false,
            visibility,
            created_at: Time(100),
            mentioned,
            unapproved: None,
        };
        Visibility::ALL.into_iter().filter(|v| may_see(&status(*v), &stances(viewer, stance))).collect()
    }

    #[test]
    fn the_visibility_matrix_holds() {
        use Visibility::{Private, Public, Unlisted};
        let (me, none) = (Viewer::Account(ME), Stance::default());
        let follower = Stance { follows: true, ..none };
        let blocked = |at| Stance { is_blocked_since: Some(Time(at)), follows: true, ..none };
        assert_eq!(sees(Viewer::Anonymous, none, &[]), [Public, Unlisted]);
        assert_eq!(sees(me, none, &[]), [Public, Unlisted]);
        assert_eq!(sees(me, follower, &[]), [Public, Unlisted, Private]);
        assert_eq!(sees(me, none, &[ME]), Visibility::ALL);
        assert_eq!(sees(Viewer::Account(AUTHOR), none, &[]), Visibility::ALL);
        assert_eq!(sees(me, blocked(50), &[]), []);
        assert_eq!(sees(me, blocked(50), &[ME]), []);
        assert_eq!(sees(me, blocked(150), &[ME]), Visibility::ALL);
        // Whom I block or mute I can still look up by id.
        assert_eq!(
            sees(me, Stance { blocks: true, blocks_domain: true, mutes: true, ..none }, &[]),
            [Public, Unlisted]
        );
    }

    #[test]
    fn nothing_of_a_suspended_author_is_seen() {
        let status = Seen {
            id: StatusId(1),
            author: AUTHOR,
            is_author_gone: true,
            visibility: Visibility::Public,
            created_at: Time(0),
            mentioned: &[],
            unapproved: None,
        };
        assert!(!may_see(&status, &stances(Viewer::Account(ME), Stance::default())));
    }

    #[test]
    fn what_is_not_approved_is_seen_by_its_author_and_by_who_is_asked() {
        let follower = Stance { follows: true, ..Stance::default() };
        let sees = |viewer, asked| {
            let status = Seen {
                id: StatusId(1),
                author: AUTHOR,
                is_author_gone: false,
                visibility: Visibility::Public,
                created_at: Time(0),
                mentioned: &[ME],
                unapproved: Some(asked),
            };
            may_see(&status, &stances(viewer, follower))
        };
        assert!(!sees(Viewer::Anonymous, None) && !sees(Viewer::Account(ME), Some(AccountId(3))));
        assert!(sees(Viewer::Account(AUTHOR), None) && sees(Viewer::Account(ME), Some(ME)));
    }
}
