//! Which posts belong into a feed, written once: home and lists ask the same.

/// The rules of fan-out for a status as the parameters of `FAN_OUT` tell it, and the follower `f`.
macro_rules! posted_rules {
    () => {
        concat!(
            "(cast($3 as bigint) is null or f.shows_reblogs)
            and (f.languages is null or cast($7 as text) is null
                or f.languages like '%\"' || cast($7 as text) || '\"%')
            and (cast($5 as bigint) is null or cast($5 as bigint) in ($2, f.account_id)
                or exists (select 1 from follows g where g.account_id = f.account_id and g.target_id = $5))
            and (not $8 or exists (select 1 from mentions m where m.status_id = $1 and m.account_id = f.account_id))
            and not exists (select 1 from mutes m where m.account_id = f.account_id
                and m.target_id in ($2, coalesce(cast($4 as bigint), $2), coalesce(cast($5 as bigint), $2))
                and (m.expires_at is null or m.expires_at > $9))
            and not exists (select 1 from blocks b where b.account_id = f.account_id
                and b.target_id in ($2, coalesce(cast($4 as bigint), $2), coalesce(cast($5 as bigint), $2)))
            and not exists (select 1 from blocks b where b.target_id = f.account_id
                and b.account_id in ($2, coalesce(cast($4 as bigint), $2)))
            and not ",
            $crate::db::sql::blocks_domain_of!(
                "f.account_id",
                "$2, coalesce(cast($4 as bigint), $2), coalesce(cast($5 as bigint), $2)"
            ),
            "
            and (cast($3 as bigint) is null or f.account_id <> cast($4 as bigint))"
        )
    };
}

/// The same rules for one feed's owner ($1) at a time ($3 now): `s` the post, `o` what it boosts, `f` the follow.
macro_rules! feed_rules {
    () => {
        concat!("s.deleted_at is null and not s.answers_unknown
            and (s.visibility < 3 or s.account_id = $1
                or exists (select 1 from mentions m where m.status_id = s.id and m.account_id = $1))
            and (s.reblog_of_id is null or s.account_id = $1
                or (f.shows_reblogs and o.account_id <> $1 and o.deleted_at is null))
            and (f.languages is null or s.language is null or f.languages like '%\"' || s.language || '\"%')
            and (s.in_reply_to_account_id is null or s.in_reply_to_account_id in (s.account_id, $1) or s.account_id = $1
                or exists (select 1 from follows g where g.account_id = $1 and g.target_id = s.in_reply_to_account_id))
            and not exists (select 1 from mutes m where m.account_id = $1
                and m.target_id in (s.account_id, coalesce(o.account_id, s.account_id),
                    coalesce(s.in_reply_to_account_id, s.account_id))
                and (m.expires_at is null or m.expires_at > $3))
            and not exists (select 1 from blocks b where b.account_id = $1
                and b.target_id in (s.account_id, coalesce(o.account_id, s.account_id),
                    coalesce(s.in_reply_to_account_id, s.account_id)))
            and not exists (select 1 from blocks b where b.target_id = $1
                and b.account_id in (s.account_id, coalesce(o.account_id, s.account_id)))
            and not ", $crate::db::sql::blocks_domain_of!("$1", "s.account_id, coalesce(o.account_id, s.account_id),
                coalesce(s.in_reply_to_account_id, s.account_id)"))
    };
}

/// The author of `s` is in no exclusive list of $1: such people show in that list and not in home.
macro_rules! not_exclusive {
    () => {
        "not exists (select 1 from list_accounts x join lists l on l.id = x.list_id
            where x.account_id = s.account_id and x.owner_id = $1 and l.is_exclusive)"
    };
}
