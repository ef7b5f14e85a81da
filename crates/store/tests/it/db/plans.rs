//! No statement that a person waits for reads a whole table, on data as skewed as real data are: nearly no post is a
//! boost or an answer, one account has most posts.

use phiomia_model::{AccountId, Role};
use phiomia_store::db::{inspect, users};
use phiomia_testkit::{Engine, TestDatabase, on_both_engines};

/// What is asked on every page, post and act.
const HOT: &[&str] = &[
    "remote_files::FIND",
    "remote_files::VICTIMS",
    "remote_files::BETWEEN",
    "remote_files::REPLACE",
    "timelines::HOME",
    "posts::OWNERS",
    "posts::BY_URL",
    "timelines::PUBLIC",
    "timelines::PUBLIC_LOCAL",
    "timelines::PUBLIC_REMOTE",
    "timelines::PUBLIC_MEDIA",
    "timelines::PUBLIC_LOCAL_MEDIA",
    "timelines::PUBLIC_REMOTE_MEDIA",
    "timelines::TAG",
    "timelines::OF_ACCOUNT",
    "timelines::MEDIA_OF_ACCOUNT",
    "timelines::PINNED",
    "timelines::FAN_OUT",
    "timelines::MERGE",
    "lists::LIST",
    "discovery::DIRECTORY_ACTIVE",
    "discovery::DIRECTORY_NEW",
    "discovery::FRIENDS_OF_FRIENDS",
    "discovery::MOST_FOLLOWED",
    "discovery::FAMILIAR",
    "tags::FAN_OUT_TO_TAGS",
    "featured_tags::COUNT",
    "featured_tags::OF_ACCOUNT",
    "lists::FAN_OUT_TO_LISTS",
    "lists::MERGE_LIST",
    "lists::WITH_MEMBER",
    "rows::ERASE_LISTS",
    "timelines::BELLS",
    "timelines::IS_IN_HOME",
    "body::BODIES",
    "body::MENTIONS",
    "body::TAGS",
    "view::MINE",
    "accounts::VIEW",
    "accounts::VIEWS",
    "timelines::AUDIENCE",
    "posts::OVERTAKEN",
    "accounts::BY_HANDLE",
    "visibility::RELATIONS",
    "visibility::RELATIONS_OF_MANY",
    "relationships::domains::LIST",
    "relationships::domains::IS_BLOCKING",
    "relationships::domains::IS_BLOCKING_OF",
    "filters::OF_ACCOUNT",
    "filters::KEYWORDS",
    "filters::STATUSES",
    "filters::HAVE_SOME",
    "filters::KEYWORDS_SIZE",
    "streams::DISTURBED",
    "rows::ERASE_FILTERED",
    "thread::ANCESTORS",
    "thread::DESCENDANTS",
    "rows::SOURCE",
    "idempotency::IDEMPOTENT",
    "rows::REBLOGS_BATCH",
    "rows::MENTIONED",
    "rows::EDITS",
    "rows::ORPHAN_REPLIES",
    "rows::ERASE",
    "retention::WINDOW",
    "retention::UNTOUCHED",
    "retention::DEPENDENTS",
    "retention::FORGET_CONVERSATION",
    "rows::ERASE_NOTIFICATIONS",
    "rows::ERASE_FEED",
    "acts::REBLOG_OF",
    "acts::FAVOURITED_BY",
    "acts::REBLOGGED_BY",
    "acts::FAVOURITES",
    "acts::BOOKMARKED",
    "notifications::LIST",
    "notifications::ONE",
    "notifications::FORGET",
    "search::WITH_WORDS",
    "search::WITHOUT_WORDS",
    "search::KEEP",
    "notifications::groups::MEMBERS",
    "notifications::groups::OPEN_GROUP",
    "notifications::groups::DISMISS_GROUP",
    "notifications::policy::FACTS",
    "notifications::policy::ANSWERS",
    "notifications::requests::LIST",
    "notifications::requests::HELD",
    "notifications::requests::SUMMARY",
    "neighbours::NEIGHBOURS",
    "neighbours::CONTINUED",
    "neighbours::REPLIES",
    "neighbours::THREAD",
    "jobs::CLAIM",
    "hosts::LEASE",
    "hosts::NEXT_DUE",
    "hosts::RECEIVED",
    "deliveries::INSERT",
    "deliveries::KNOW_HOSTS",
    "deliveries::WAKE",
    "deliveries::DUE",
    "deliveries::SUPERSEDE",
    "deliveries::FORGET_DONE",
    "actors::FOLLOWERS_HERE",
    "actors::FOLLOWERS_ELSEWHERE",
    "early::TAKE",
    "early::IS_ANYBODY_FOLLOWED_AT",
    "jobs::MORE_THAN",
    "posts::INTERACTIONS",
    "posts::ANSWERS_UNKNOWN",
    "received::TAKE_BACK",
    "deliveries::WAITING_OF",
    "deliveries::EXPIRED_OF",
    "deliveries::GIVE_UP",
    "approvals::FAVOURITE",
    "approvals::FAVOURITE_BY_NUMBER",
    "severances::MANY",
    "severances::ERASE",
    "strikes::MANY",
    "strikes::AGAINST",
    "sign_ups::NEAREST_EMAIL_DOMAIN",
    "sign_ups::EMAIL_DOMAIN_NAMED",
    "sign_ups::EMAIL_HASHED",
    "sign_ups::RANGE_NAMED",
    "sign_ups::TRIES",
    "reports::LIST",
    "reports::MANY",
    "reports::OPEN_ABOUT",
    "domains::STRICTEST",
    "domains::NEAREST",
    "domains::FOLLOWS",
    "tags::BY_NAMES",
    "users::FIND",
];

/// What is read by an index on SQLite alone: on PostgreSQL the order of names is the database's own.
const HOT_ON_SQLITE: &[&str] = &["tags::SEARCH"];

/// Tables that are small on every server, or read whole on purpose by nobody in `HOT`.
fn reads_a_whole_table(line: &str, plan: &[String]) -> bool {
    let line = line.trim();
    let sqlite = line.starts_with("SCAN ") && !line.contains("USING") && !line.contains("VIRTUAL TABLE") && {
        let name = line.trim_start_matches("SCAN ").split_whitespace().next().unwrap_or_default();
        // Steps of the statement itself: values of a list, parts of a recursion.
        !["above", "below", "a", "b", "g", "CONSTANT", "u", "w", "wanted"].contains(&name)
            && !name.starts_with("(subquery")
            && !plan.iter().any(|step| step.trim() == format!("CO-ROUTINE {name}"))
    };
    sqlite || line.contains("Seq Scan on")
}

async fn skewed(db: &TestDatabase) {
    for (id, name) in [(1, "alice"), (2, "bob")] {
        db.db
            .write(move |tx| {
                let person = users::NewPerson {
                    id: AccountId(id),
                    username: name,
                    uri: name,
                    url: name,
                    email: "",
                    password_hash: None,
                    role: Role::User,
                    locale: "en",
                    confirmed_at: None,
                    approved_at: None,
                    invite_request: None,
                    is_locked: false,
                    is_discoverable: true,
                    is_indexable: true,
                };
                Ok(users::insert(tx, &person)?)
            })
            .await
            .unwrap();
    }
    let sql = "
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000)
        insert into statuses (id, account_id, uri, text, visibility, is_local, created_at)
            select 1000 + i, 1, 'u' || i, 'text', 0, true, i from n;
        insert into statuses (id, account_id, uri, text, visibility, is_local, created_at, in_reply_to_id, in_reply_to_account_id)
            values (90001, 2, 'reply', 'text', 0, true, 1, 1001, 1);
        insert into statuses (id, account_id, uri, text, visibility, is_local, created_at, reblog_of_id)
            values (90002, 2, 'boost', '', 0, true, 1, 1001);
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000)
        insert into notifications (id, account_id, from_account_id, type, status_id, group_key, created_at)
            select i, 1, 2, 'favourite', 1000 + i, 'favourite-' || (1000 + i) || '-5', i from n;
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000)
        insert into home_feed (account_id, status_id, author_id) select 2, 1000 + i, 1 from n;
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000)
        insert into outgoing (id, account_id, payload, object, created_at) select i, 1, 'x', 'x' || i, 1 from n;
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000)
        insert into hosts (host, next_at, created_at) select 'host' || i, 1, 1 from n;
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000)
        insert into deliveries (id, outgoing_id, host, inbox, priority, run_at, expires_at, is_last_word)
            select i, 1, 'host' || i, 'inbox' || i, 2, 1, 1, false from n;
        analyze";
    let settings = db.settings.clone();
    tokio::task::spawn_blocking(move || inspect::run(&settings, sql)).await.unwrap().unwrap();
}

on_both_engines! {
    async fn no_statement_that_people_wait_for_reads_a_whole_table(db: TestDatabase) {
        skewed(&db).await;
        let settings = db.settings.clone();
        let hot = if db.engine == Engine::Sqlite { [HOT, HOT_ON_SQLITE].concat() } else { HOT.to_vec() };
        let asked = hot.clone();
        let plans = tokio::task::spawn_blocking(move || inspect::plans(&settings, &asked)).await.unwrap().unwrap();
        let missing: Vec<_> = hot.iter().filter(|name| !plans.keys().any(|known| known.ends_with(*name))).collect();
        assert!(missing.is_empty(), "no such statement: {missing:?}");
        let mut bad = Vec::new();
        for (name, lines) in &plans {
            if lines.iter().any(|line| reads_a_whole_table(line, lines)) {
                bad.push(format!("{name}:\n  {}", lines.join("\n  ")));
            }
        }
        assert!(bad.is_empty(), "{}", bad.join("\n"));
        assert!(!plans.is_empty() && db.engine != Engine::Sqlite || plans.len() >= hot.len());
    }

    async fn what_is_planned_once_goes_by_keys_even_where_tables_are_still_empty(db: TestDatabase) {
        let settings = db.settings.clone();
        let once = inspect::planned_once();
        let asked = once.clone();
        let plans = tokio::task::spawn_blocking(move || inspect::plans(&settings, &asked)).await.unwrap().unwrap();
        assert!(once.iter().any(|name| name.ends_with("body::BODIES")) && once.iter().any(|name| name.ends_with("timelines::PUBLIC")));
        if db.engine == Engine::Postgres {
            let reads_whole = |line: &&String| ["Seq Scan on", "Hash Join", "Hash Left Join", "Merge"].iter().any(|kind| line.contains(kind));
            let bad: Vec<_> = plans.iter().filter(|(_, lines)| lines.iter().any(|line| reads_whole(&line))).collect();
            assert!(bad.is_empty(), "{bad:#?}");
        }
    }

    async fn timelines_of_few_posts_read_no_others(db: TestDatabase) {
        skewed(&db).await;
        let settings = db.settings.clone();
        let by = [
            ("timelines::PUBLIC_MEDIA", "statuses_media"),
            ("timelines::PUBLIC_LOCAL_MEDIA", "statuses_local_media"),
            ("timelines::PUBLIC_REMOTE_MEDIA", "statuses_remote"),
            ("timelines::PUBLIC_REMOTE", "statuses_remote"),
            ("timelines::MEDIA_OF_ACCOUNT", "statuses_account_media"),
        ];
        let names = by.map(|(name, _)| name);
        let plans = tokio::task::spawn_blocking(move || inspect::plans(&settings, &names)).await.unwrap().unwrap();
        for (name, index) in by {
            let mut found = plans.iter().filter(|(statement, _)| statement.contains(name)).peekable();
            assert!(found.peek().is_some(), "{name}");
            for (statement, lines) in found {
                let reads = lines.iter().any(|line| line.split_whitespace().any(|word| word == index));
                assert!(reads, "{statement}:\n  {}", lines.join("\n  "));
            }
        }
    }

    async fn timelines_are_read_in_the_order_of_an_index(db: TestDatabase) {
        skewed(&db).await;
        let settings = db.settings.clone();
        let lists = ["timelines::HOME", "timelines::PUBLIC", "timelines::PUBLIC_LOCAL", "timelines::PUBLIC_REMOTE",
            "timelines::PUBLIC_MEDIA", "timelines::PUBLIC_LOCAL_MEDIA", "timelines::OF_ACCOUNT", "timelines::MEDIA_OF_ACCOUNT",
            "notifications::LIST"];
        let plans = tokio::task::spawn_blocking(move || inspect::plans(&settings, &lists)).await.unwrap().unwrap();
        for (name, lines) in &plans {
            let sorts = lines.iter().any(|line| line.contains("TEMP B-TREE FOR ORDER BY") || line.trim_start().starts_with("->  Sort"));
            assert!(!sorts, "{name}:\n  {}", lines.join("\n  "));
        }
    }
}
