//! Which posts belong into a timeline, written once: home and lists ask the same, and so do all public ones.

/// In SQL: the posts of a public timeline, for a viewer ($4; $5 now), with one condition more that an index knows.
macro_rules! public_posts {
    ($more:literal) => {
        concat!(
            "select s.id from statuses s join accounts a on a.id = s.account_id
            where s.visibility = 0 and s.reblog_of_id is null and s.deleted_at is null ",
            $more,
            "
                and (s.in_reply_to_id is null or s.in_reply_to_account_id = s.account_id) and not s.answers_unknown
                and a.suspended_at is null and a.silenced_at is null
                and not exists (select 1 from blocks b where b.account_id = $4 and b.target_id = s.account_id)
                and not exists (select 1 from blocks b where b.account_id = s.account_id and b.target_id = $4)
                and not ",
            $crate::db::sql::blocks_domain!("$4", "a.domain"),
            "
                and not exists (select 1 from mutes m where m.account_id = $4 and m.target_id = s.account_id
                    and (m.expires_at is null or m.expires_at > $5))"
        )
    };
}

/// In SQL: an account's ($4) posts, with one condition more. Permission to see is looked at when the views are read; here
/// only what can be seen by somebody like this viewer.
macro_rules! posts_of {
    ($more:literal) => {
        concat!(
            "select s.id from statuses s
            where s.account_id = $4 and s.deleted_at is null and s.visibility <= $5 ",
            $more,
            "
                and (not $6 or (s.in_reply_to_id is null and not s.answers_unknown)
                    or s.in_reply_to_account_id = s.account_id)
                and (not $7 or s.reblog_of_id is null)
                and (cast($8 as bigint) is null
                    or exists (select 1 from status_tags st where st.status_id = s.id and st.tag_id = $8))
                and (not $9 or s.visibility <> 3)"
        )
    };
}

/// In SQL: who has to do with a status: its author, whose it is that it boosts, whom it answers.
macro_rules! involved_in {
    ($author:literal, $whose:literal, $answers:literal) => {
        concat!(
            $author,
            ", coalesce(cast(",
            $whose,
            " as bigint), ",
            $author,
            "), coalesce(cast(",
            $answers,
            " as bigint), ",
            $author,
            ")"
        )
    };
}

/// The rules of fan-out for a status and the follower `f`: `$status`, its `$author`, the status it `$boosts` and `$whose`
/// that is, whom it `$answers`, its `$language`, whether it is for people `$mentioned` alone; `$now`.
macro_rules! posted_rules {
    ($status:literal, $author:literal, $boosts:literal, $whose:literal, $answers:literal, $language:literal,
        $mentioned:literal, $now:literal) => {
        concat!(
            "(cast(",
            $boosts,
            " as bigint) is null or f.shows_reblogs)
            and (f.languages is null or cast(",
            $language,
            " as text) is null
                or f.languages like '%\"' || cast(",
            $language,
            " as text) || '\"%')
            and (cast(",
            $answers,
            " as bigint) is null or cast(",
            $answers,
            " as bigint) in (",
            $author,
            ", f.account_id)
                or exists (select 1 from follows g where g.account_id = f.account_id and g.target_id = ",
            $answers,
            "))
            and (not ",
            $mentioned,
            "
                or exists (select 1 from mentions m where m.status_id = ",
            $status,
            " and m.account_id = f.account_id))
            and not exists (select 1 from mutes m where m.account_id = f.account_id
                and m.target_id in (",
            involved_in!($author, $whose, $answers),
            ")
                and (m.expires_at is null or m.expires_at > ",
            $now,
            "))
            and not exists (select 1 from blocks b where b.account_id = f.account_id
                and b.target_id in (",
            involved_in!($author, $whose, $answers),
            "))
            and not exists (select 1 from blocks b where b.target_id = f.account_id
                and b.account_id in (",
            $author,
            ", coalesce(cast(",
            $whose,
            " as bigint), ",
            $author,
            ")))
            and not ",
            $crate::db::sql::blocks_domain_of!("f.account_id", involved_in!($author, $whose, $answers)),
            "
            and (cast(",
            $boosts,
            " as bigint) is null or f.account_id <> cast(",
            $whose,
            " as bigint))"
        )
    };
}

/// In SQL: the followers `f` whose home feeds get a status.
macro_rules! home_of {
    ($columns:literal, $status:literal, $author:literal, $boosts:literal, $whose:literal, $answers:literal,
        $language:literal, $mentioned:literal) => {
        concat!(
            "select ", $columns, " from follows f join users u on u.account_id = f.account_id
            where f.target_id = ", $author, " and coalesce(u.home_seen_at, u.created_at) > $8 and ",
            posted_rules!($status, $author, $boosts, $whose, $answers, $language, $mentioned, "$9"), "
                and not exists (select 1 from list_accounts x join lists l on l.id = x.list_id
                    where x.account_id = ", $author, " and x.owner_id = f.account_id and l.is_exclusive)
                and (cast(", $boosts, " as bigint) is null or not exists (select 1 from home_feed h
                    where h.account_id = f.account_id and (h.status_id = ", $boosts, " or h.reblog_of_id = ", $boosts, ")
                        and h.status_id >= coalesce((select n.status_id from home_feed n where n.account_id = f.account_id
                            order by n.status_id desc limit 1 offset $10), 0)))"
        )
    };
}

/// In SQL: whom a status may have to be put before.
macro_rules! audience_of {
    ($status:literal, $author:literal, $from:literal) => {
        concat!(
            "select cast(",
            $status,
            " as bigint),
            (select count(*) from (select 1 from follows f join users u on u.account_id = f.account_id
                where f.target_id = ",
            $author,
            " limit $3) followers),
            (select count(*) from (select 1 from follows where target_id = ",
            $author,
            " and notifies limit $3) bells),
            (select count(*) from (select 1 from list_accounts where account_id = ",
            $author,
            " limit $3) lists),
            (select count(*) from (select 1 from status_tags st join tag_follows t on t.tag_id = st.tag_id
                where st.status_id = ",
            $status,
            " limit $3) tags)",
            $from
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
