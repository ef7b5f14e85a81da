//! Pages of related accounts, and views of many at once.

use phiomia_model::{AccountId, Page, Viewer};
use phiomia_social::relationships::{self, FollowOptions, Mute};
use phiomia_store::db::relationships as table;
use phiomia_testkit::on_both_engines;

use crate::people::{ALICE, BOB, CAROL, DAVE, EVE, Town};

/// Makes accounts 201 … 210 follow bob, in this order.
async fn ten_followers(town: &Town) -> Vec<AccountId> {
    let ids: Vec<AccountId> = (201..=210).map(AccountId).collect();
    for id in ids.clone() {
        town.sql(format!(
            "insert into accounts (id, username, username_key, uri, url, created_at)
            values ({id}, 'p{id}', 'p{id}', 'https://test/users/{id}', '', 0)"
        ))
        .await;
        town.follows(id, BOB).await;
    }
    ids
}

on_both_engines! {
    async fn pages_walk_down_and_up_without_a_gap(town: Town) {
        let mut expected = ten_followers(&town).await;
        expected.reverse();
        let page = |page: Page| town.sees(move |q| Ok(table::followers(q, BOB, Viewer::Anonymous, &page)?));
        let accounts = |rows: &[table::Related]| rows.iter().map(|row| row.account).collect::<Vec<_>>();
        let first = page(Page::first(4)).await;
        assert_eq!(accounts(&first), expected[..4]);
        let second = page(Page { max_id: Some(first[3].id), ..Page::first(4) }).await;
        assert_eq!(accounts(&second), expected[4..8]);
        let above = page(Page { min_id: Some(second[3].id), ..Page::first(3) }).await;
        assert_eq!(accounts(&above), expected[4..7], "the page next to it, newest first");
        let since = page(Page { since_id: Some(second[3].id), ..Page::first(3) }).await;
        assert_eq!(accounts(&since), expected[..3], "the newest ones");
        let between = page(Page { max_id: Some(first[3].id), min_id: Some(second[3].id), ..Page::first(40) }).await;
        assert_eq!(accounts(&between), expected[4..7]);
    }

    async fn lists_leave_out_the_suspended_and_whom_the_viewer_does_not_meet(town: Town) {
        for who in [ALICE, CAROL, EVE] {
            town.follows(who, BOB).await;
        }
        town.sql(format!("update accounts set suspended_at = 1 where id = {EVE}")).await;
        assert_eq!(town.followers(BOB).await, vec![CAROL, ALICE]);
        town.does(|tx| relationships::block(tx, ALICE, DAVE)).await.unwrap();
        town.does(|tx| relationships::mute(tx, DAVE, CAROL, Mute::default())).await.unwrap();
        let rows = town.sees(move |q| Ok(table::followers(q, BOB, Viewer::Account(DAVE), &Page::first(40))?)).await;
        assert_eq!(rows, vec![]);
        town.does(|tx| relationships::mute(tx, BOB, CAROL, Mute::default())).await.unwrap();
        let own = town.sees(|q| Ok(table::followers(q, BOB, Viewer::Account(BOB), &Page::first(40))?)).await;
        assert_eq!(own.len(), 2, "one's own list is whole");
    }

    async fn requests_blocks_and_mutes_are_listed_for_their_owner(town: Town) {
        town.follows(ALICE, CAROL).await;
        town.follows(BOB, CAROL).await;
        town.does(|tx| relationships::block(tx, CAROL, DAVE)).await.unwrap();
        let how = Mute { duration: std::time::Duration::from_secs(60), ..Mute::default() };
        let now = town.does(move |tx| { relationships::mute(tx, CAROL, EVE, how)?; Ok(tx.now()) }).await.unwrap();
        let (requests, blocks, mutes, following) = town.sees(|q| {
            let page = Page::first(40);
            Ok((table::follow_requests(q, CAROL, &page)?, table::blocks(q, CAROL, &page)?, table::mutes(q, CAROL, &page)?,
                table::following(q, ALICE, Viewer::Anonymous, &page)?))
        }).await;
        assert_eq!(requests.iter().map(|r| r.account).collect::<Vec<_>>(), vec![BOB, ALICE]);
        assert_eq!(blocks.iter().map(|r| r.account).collect::<Vec<_>>(), vec![DAVE]);
        assert_eq!((mutes[0].0.account, mutes[0].1), (EVE, Some(now.plus(std::time::Duration::from_secs(60)))));
        assert_eq!(following, vec![], "a request is no follow");
    }

    async fn views_of_many_keep_their_order_and_take_one_statement(town: Town) {
        let others = ten_followers(&town).await;
        town.follows(BOB, others[3]).await;
        let count = |ids: Vec<AccountId>| {
            let db = town.0.db.clone();
            async move {
                let before = db.n_statements();
                let views = db.read(move |q| Ok(table::views(q, BOB, &ids)?)).await.unwrap();
                (db.n_statements() - before, views)
            }
        };
        let mut asked = others.clone();
        asked.reverse();
        asked.push(AccountId(999));
        let (n_for_many, views) = count(asked).await;
        let (n_for_one, _) = count(vec![others[0]]).await;
        assert_eq!((n_for_many, n_for_one), (1, 1));
        assert_eq!(views.iter().map(|v| v.account).collect::<Vec<_>>(), others.iter().rev().copied().collect::<Vec<_>>());
        assert!(views.iter().all(|v| v.followed_by && v.following == (v.account == others[3])));
    }

    async fn fan_out_meets_every_local_follower_once(town: Town) {
        let expected = ten_followers(&town).await;
        town.sql(format!("insert into follows (account_id, target_id, id, created_at) values ({DAVE}, {BOB}, 1, 0)")).await;
        let how = FollowOptions { shows_reblogs: Some(false), languages: Some(vec!["ja".to_owned()]), ..FollowOptions::default() };
        town.does(move |tx| relationships::follow(tx, AccountId(210), BOB, &how)).await.unwrap();
        let mut met = Vec::new();
        let mut after = 0;
        loop {
            let some = town.sees(move |q| Ok(table::local_followers(q, BOB, after, 4)?)).await;
            let Some(last) = some.last() else { break };
            after = last.id;
            met.extend(some);
        }
        assert_eq!(met.iter().map(|f| f.account).collect::<Vec<_>>(), expected);
        let last = &met[9];
        assert!(!last.shows_reblogs && last.languages == Some(vec!["ja".to_owned()]));
    }

    async fn no_page_of_relations_is_sorted_or_scanned_whole(town: Town) {
        let settings = town.0.settings.clone();
let names = ["pages::FOLLOWERS", "pages::FOLLOWING", "pages::FOLLOW_REQUESTS", "pages::BLOCKS", "pages::MUTES"];
        let plans = tokio::task::spawn_blocking(move || phiomia_store::db::inspect::plans(&settings, &names)).await.unwrap();
        for (name, plan) in plans.unwrap() {
            let whole = plan.iter().any(|step| step.contains("TEMP B-TREE") || step.starts_with("SCAN"));
            assert!(!whole, "{name}: {plan:?}");
        }
    }
}
