//! Home feeds.

use std::time::Duration;

use phiomia_model::{AccountId, Event, Page, StatusId, Viewer, Visibility};
use phiomia_social::{
    relationships,
    timelines::{self, Overlong},
};
use phiomia_store::db::{statuses as rows, timelines as table, timelines::Origin};
use phiomia_testkit::on_both_engines;

use super::{ALICE, BOB, CAROL, Village};

on_both_engines! {
    async fn a_post_is_in_its_authors_feed_at_once_and_in_followers_feeds_after_the_job(village: Village) {
        village.follows(BOB, ALICE).await;
        village.works().await;
        let id = village.posts(ALICE, "hello").await;
        assert_eq!(village.home(ALICE).await, [id]);
        assert_eq!(village.home(BOB).await, []);
        village.works().await;
        assert_eq!(village.home(BOB).await, [id]);
        assert_eq!(village.home(CAROL).await, []);
        // Twice is the same as once.
        village.does(move |tx| timelines::fan_out(tx, id)).await.unwrap();
        assert_eq!(village.home(BOB).await, [id]);
    }

    async fn a_post_right_after_a_follow_is_told_once_whichever_job_comes_first(village: Village) {
        let mut village = village;
        let is_news_for_bob =
            |event: &Event, post| matches!(event, Event::HomeGained { accounts, status } if *status == post && accounts.contains(&BOB));
        village.follows(BOB, ALICE).await;
        let merged_first = village.posts(ALICE, "now").await;
        village.announced();
        village.does(|tx| timelines::merge(tx, BOB, ALICE)).await.unwrap();
        village.works().await;
        assert_eq!(village.announced().iter().filter(|event| is_news_for_bob(event, merged_first)).count(), 1);
        let fanned_out_first = village.posts(ALICE, "then").await;
        village.works().await;
        village.does(|tx| timelines::merge(tx, BOB, ALICE)).await.unwrap();
        assert_eq!(village.announced().iter().filter(|event| is_news_for_bob(event, fanned_out_first)).count(), 1);
    }

    async fn answers_to_strangers_stay_out_of_home(village: Village) {
        village.follows(BOB, ALICE).await;
        let stranger = village.posts(CAROL, "by carol").await;
        let answer = village.answers(ALICE, stranger, "to carol").await;
        let to_bob = village.answers(ALICE, village.posts(BOB, "by bob").await, "to bob").await;
        let to_self = village.answers(ALICE, village.posts(ALICE, "thread").await, "goes on").await;
        village.works().await;
        let home = village.home(BOB).await;
        assert!(!home.contains(&answer) && home.contains(&to_bob) && home.contains(&to_self));
        village.follows(BOB, CAROL).await;
        let second = village.answers(ALICE, stranger, "again").await;
        village.works().await;
        assert!(village.home(BOB).await.contains(&second));
    }

    async fn direct_posts_reach_only_followers_they_mention(village: Village) {
        village.follows(BOB, ALICE).await;
        village.follows(CAROL, ALICE).await;
        let id = village.posts_as(ALICE, "@bob psst", Visibility::Direct).await;
        village.works().await;
        assert!(village.home(BOB).await.contains(&id) && !village.home(CAROL).await.contains(&id));
    }

    async fn a_boost_of_what_is_already_near_is_not_shown_again(village: Village) {
        village.follows(BOB, ALICE).await;
        village.follows(BOB, CAROL).await;
        let id = village.posts(ALICE, "hello").await;
        village.works().await;
        let boost = village.boosts(CAROL, id).await.unwrap();
        village.works().await;
        assert_eq!(village.home(BOB).await, [id]);
        let other = village.posts_as(ALICE, "quiet", Visibility::Unlisted).await;
        village.works().await;
        village.does(move |tx| Ok(table::remove_home(tx, BOB, other)?)).await.unwrap();
        let boost_of_other = village.boosts(CAROL, other).await.unwrap();
        village.works().await;
        let home = village.home(BOB).await;
        assert!(home.contains(&boost_of_other) && !home.contains(&boost));
    }

    async fn boosts_of_people_whose_boosts_one_does_not_want_stay_out(village: Village) {
        let how = relationships::FollowOptions { shows_reblogs: Some(false), ..Default::default() };
        village.does(move |tx| relationships::follow(tx, BOB, CAROL, &how)).await.unwrap();
        let id = village.posts(ALICE, "hello").await;
        village.boosts(CAROL, id).await.unwrap();
        village.works().await;
        assert_eq!(village.home(BOB).await, []);
    }

    async fn muted_and_blocked_authors_stay_out_also_through_boosts(village: Village) {
        village.follows(BOB, ALICE).await;
        village.follows(BOB, CAROL).await;
        village.does(|tx| relationships::mute(tx, BOB, ALICE, relationships::Mute::default())).await.unwrap();
        let id = village.posts(ALICE, "hello").await;
        let boost = village.boosts(CAROL, id).await.unwrap();
        village.works().await;
        assert!(!village.home(BOB).await.contains(&id) && !village.home(BOB).await.contains(&boost));
    }

    async fn a_rebuilt_feed_holds_nothing_that_fan_out_would_have_kept_out(village: Village) {
        let how = relationships::FollowOptions { languages: Some(vec!["ja".to_owned()]), ..Default::default() };
        village.does(move |tx| relationships::follow(tx, BOB, CAROL, &how)).await.unwrap();
        village.does(|tx| relationships::mute(tx, BOB, ALICE, relationships::Mute::default())).await.unwrap();
        let id = village.posts(ALICE, "hello").await;
        village.boosts(CAROL, id).await.unwrap();
        village.posts_in(CAROL, "bonjour", "fr").await;
        let japanese = village.posts_in(CAROL, "konnichiwa", "ja").await;
        let own = village.posts(BOB, "mine").await;
        let boosted_by_carol = village.boosts(CAROL, own).await.unwrap();
        village.does(|tx| timelines::rebuild(tx, BOB)).await.unwrap();
        let home = village.home(BOB).await;
        assert_eq!(home, [own, japanese], "not the boost {boosted_by_carol} of what bob wrote himself");
    }

    async fn a_bell_rings_for_posts_and_not_for_answers_to_others(village: Village) {
        let how = relationships::FollowOptions { notifies: Some(true), ..Default::default() };
        village.does(move |tx| relationships::follow(tx, BOB, ALICE, &how)).await.unwrap();
        village.posts(ALICE, "news").await;
        village.answers(ALICE, village.posts(CAROL, "q").await, "a").await;
        village.works().await;
        assert_eq!(village.told(BOB).await, [("status".to_owned(), ALICE)]);
    }

    async fn a_feed_of_somebody_long_away_is_rebuilt_when_they_look(village: Village) {
        village.follows(BOB, ALICE).await;
        village.works().await;
        village.does(|tx| Ok(table::see_home(tx, BOB)?)).await.unwrap();
        let id = village.posts(ALICE, "while you were away").await;
        // The fan-out job never came; the feed is filled from the posts.
        let now = village.data.db.clock().now().plus(Duration::from_secs(15 * 86_400));
        let look = village.sees(move |q| timelines::look(q, BOB, now)).await;
        assert_eq!(look, timelines::Look::Rebuild);
        village.does(|tx| timelines::rebuild(tx, BOB)).await.unwrap();
        assert_eq!(village.home(BOB).await, [id]);
    }

    async fn a_feed_that_has_grown_too_long_loses_its_oldest_rows_some_at_a_time(village: Village) {
        let fill = |feed: AccountId, n: i64| {
            village.does(move |tx| {
                (1..=n).try_for_each(|status| Ok(table::add_home(tx, feed, StatusId(status), ALICE, None)?))
            })
        };
        fill(BOB, table::LONGEST_FEED * 2 + 1).await.unwrap();
        fill(CAROL, table::LONGEST_FEED * 2).await.unwrap();
        let long = village.sees(timelines::overlong).await;
        assert_eq!(long, [Overlong::Home(BOB)], "twice the length may be");
        let cut = || village.does(|tx| timelines::trim(tx, Overlong::Home(BOB), 300));
        assert!(cut().await.unwrap() && village.sees(|q| table::is_in_home(q, BOB, StatusId(301)).map_err(Into::into)).await);
        assert!(!village.sees(|q| table::is_in_home(q, BOB, StatusId(300)).map_err(Into::into)).await, "the oldest go first");
        assert!(!cut().await.unwrap(), "no more than there are");
        assert_eq!(village.sees(timelines::overlong).await, []);
        for (status, stays) in [(401, false), (402, true), (801, true)] {
            let is_there = village.sees(move |q| table::is_in_home(q, BOB, StatusId(status)).map_err(Into::into)).await;
            assert_eq!(is_there, stays, "{status}: the newest 400 stay");
        }
    }

    async fn public_timelines_show_public_posts_that_answer_nobody_else(village: Village) {
        let public = village.posts(ALICE, "public").await;
        village.posts_as(ALICE, "unlisted", Visibility::Unlisted).await;
        let thread = village.answers(ALICE, public, "and another thing").await;
        village.answers(BOB, public, "to alice").await;
        village.boosts(BOB, public).await.unwrap();
        village.does(|tx| relationships::block(tx, CAROL, ALICE)).await.unwrap();
        let now = village.data.db.clock().now();
        let shown = |viewer: Viewer, origin: Origin| village.sees(move |q| Ok(table::public(q, viewer, origin, false, &Page::first(40), now)?));
        assert_eq!(shown(Viewer::Anonymous, Origin::Anywhere).await, [thread, public]);
        assert_eq!(shown(Viewer::Account(BOB), Origin::Local).await, [thread, public]);
        assert_eq!(shown(Viewer::Anonymous, Origin::Remote).await, []);
        assert_eq!(shown(Viewer::Account(CAROL), Origin::Anywhere).await, []);
    }

    async fn paging_up_and_down_loses_nothing_and_doubles_nothing(village: Village) {
        let mut ids = Vec::new();
        for n in 0..25 {
            ids.push(village.posts(ALICE, &n.to_string()).await);
        }
        ids.reverse();
        let page = |max_id, min_id| Page { max_id, since_id: None, min_id, limit: 7 };
        let home = |page: Page| village.sees(move |q| Ok(table::home(q, ALICE, &page)?));
        let mut down = Vec::new();
        let mut max = None;
        loop {
            let part = home(page(max, None)).await;
            let Some(last) = part.last() else { break };
            max = Some(last.0);
            down.extend(part);
        }
        assert_eq!(down, ids);
        let mut up = Vec::new();
        let mut min = Some(ids[24].0 - 1);
        loop {
            let mut part = home(page(None, min)).await;
            let Some(first) = part.first() else { break };
            min = Some(first.0);
            part.extend(std::mem::take(&mut up));
            up = part;
        }
        assert_eq!(up, ids);
    }

    async fn a_page_of_posts_costs_the_same_number_of_statements_whatever_its_length(village: Village) {
        for n in 0..20 {
            let id = village.posts(ALICE, &format!("{n} @bob #tag{n}")).await;
            if n % 3 == 0 {
                village.boosts(CAROL, id).await.unwrap();
            }
        }
        let now = village.data.db.clock().now();
        let mut counts = Vec::new();
        for length in [2, 20] {
            let ids = village.sees(move |q| Ok(table::public(q, Viewer::Anonymous, Origin::Anywhere, false, &Page::first(length), now)?)).await;
            village.data.db.forget();
            let before = village.data.db.n_statements();
            let views = village.sees(move |q| Ok(rows::views(q, &ids, Viewer::Account(BOB), now)?)).await;
            assert_eq!(views.len(), usize::try_from(length).unwrap());
            counts.push(village.data.db.n_statements() - before);
        }
        assert_eq!(counts[0], counts[1]);
        // One of them is whether the viewer has filters, which is in memory otherwise.
        assert!(counts[0] <= 7, "{counts:?}");
    }
}
