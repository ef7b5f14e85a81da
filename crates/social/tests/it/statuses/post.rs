//! Posting.

use phiomia_model::{Event, QuotePolicy, Viewer, Visibility, status::Draft};
use phiomia_testkit::on_both_engines;

use super::{ALICE, BOB, CAROL, Village, draft, refusal};

on_both_engines! {
    async fn a_post_has_its_author_text_mentions_and_tags(village: Village) {
        let id = village.posts(ALICE, "hi @bob and @nobody, look: #Cats").await;
        let view = village.view(id, Viewer::Anonymous).await.unwrap();
        assert_eq!(view.body.text, "hi @bob and @nobody, look: #Cats");
        assert_eq!(view.body.mentions.iter().map(|m| (m.account, m.handle.as_str())).collect::<Vec<_>>(), [(BOB, "bob")]);
        assert_eq!(view.body.tags, ["cats"]);
        assert_eq!(view.author.username, "alice");
        assert_eq!((view.author.statuses_count, view.author.last_status_day.is_some()), (1, true));
        assert_eq!(view.body.language.as_deref(), Some("en"));
        assert_eq!(view.body.uri, format!("https://social.example.org/ap/users/{ALICE}/statuses/{id}"));
        assert_eq!(view.body.url, Some(format!("https://social.example.org/@alice/{id}")));
        assert!(view.mine.is_none());
    }

    async fn our_own_domains_name_people_here(village: Village) {
        let id = village.posts(ALICE, "@bob@example.org @carol@social.example.org").await;
        let mut people: Vec<_> = village.view(id, Viewer::Anonymous).await.unwrap().body.mentions.iter().map(|m| m.account).collect();
        people.sort();
        assert_eq!(people, [BOB, CAROL]);
    }

    async fn a_text_that_is_empty_or_too_long_is_refused_in_mastodons_words(village: Village) {
        assert_eq!(refusal(village.tries(ALICE, draft(" \n ")).await), "Validation failed: Text can't be blank");
        let long = "x".repeat(501);
        assert_eq!(
            refusal(village.tries(ALICE, draft(&long)).await),
            "Validation failed: Text character limit of 500 exceeded"
        );
        // The warning counts too; a link counts 23 whatever its length.
        let with_warning = Draft { spoiler_text: "warned".into(), ..draft(&"x".repeat(495)) };
        assert!(village.tries(ALICE, with_warning).await.is_err());
        let link = format!("{} https://example.org/{}", "x".repeat(476), "y".repeat(300));
        village.tries(ALICE, draft(&link)).await.unwrap();
    }

    async fn a_warning_without_a_text_becomes_the_text(village: Village) {
        let id = village.tries(ALICE, Draft { spoiler_text: "only this".into(), ..draft("") }).await.unwrap();
        let body = village.view(id, Viewer::Anonymous).await.unwrap().body;
        assert_eq!((body.text.as_str(), body.spoiler_text.as_str(), body.is_sensitive), ("only this", "", false));
    }

    async fn a_warning_marks_the_post_as_sensitive(village: Village) {
        let id = village.tries(ALICE, Draft { spoiler_text: "spiders".into(), ..draft("eight legs") }).await.unwrap();
        assert!(village.view(id, Viewer::Anonymous).await.unwrap().body.is_sensitive);
    }

    async fn the_same_idempotency_key_gives_the_same_post_for_its_owner_alone(village: Village) {
        let keyed = |text: &str| Draft { idempotency_key: Some("k1".into()), ..draft(text) };
        let first = village.tries(ALICE, keyed("one")).await.unwrap();
        assert_eq!(village.tries(ALICE, keyed("two")).await.unwrap(), first);
        assert_ne!(village.tries(BOB, keyed("one")).await.unwrap(), first);
        assert_eq!(village.view(first, Viewer::Anonymous).await.unwrap().author.statuses_count, 1);
    }

    async fn an_answer_joins_the_conversation_and_counts_where_everybody_may_see_it(village: Village) {
        let root = village.posts(ALICE, "root").await;
        let answer = village.answers(BOB, root, "@alice yes").await;
        village.tries(CAROL, Draft { in_reply_to: Some(root), visibility: Some(Visibility::Private), ..draft("hm") }).await.unwrap();
        let (root, answer) = (village.view(root, Viewer::Anonymous).await.unwrap(), village.view(answer, Viewer::Anonymous).await.unwrap());
        assert_eq!(root.body.replies_count, 1);
        assert_eq!(answer.body.in_reply_to_account_id, Some(ALICE));
        assert_eq!(answer.body.conversation_id, root.body.conversation_id);
        assert_eq!(village.told(ALICE).await, [("mention".to_owned(), BOB)]);
    }

    async fn an_answer_to_what_one_may_not_see_is_an_answer_to_nothing(village: Village) {
        let hidden = village.posts_as(ALICE, "not for bob", Visibility::Private).await;
        let outcome = village.tries(BOB, Draft { in_reply_to: Some(hidden), ..draft("what?") }).await;
        assert_eq!(refusal(outcome), "The post you are trying to reply to does not appear to exist.");
        assert!(village.home(BOB).await.is_empty());
    }

    async fn direct_posts_are_counted_nowhere_and_told_to_the_mentioned(village: Village) {
        village.follows(BOB, ALICE).await;
        let id = village.posts_as(ALICE, "psst @bob", Visibility::Direct).await;
        assert!(village.view(id, Viewer::Account(CAROL)).await.is_none());
        let seen = village.view(id, Viewer::Account(BOB)).await.unwrap();
        assert_eq!(seen.author.statuses_count, 0);
        assert_eq!(village.told(BOB).await, [("mention".to_owned(), ALICE)]);
    }

    async fn only_what_strangers_can_see_may_be_quoted(village: Village) {
        let of = |visibility| Draft { visibility: Some(visibility), quote_policy: Some(QuotePolicy::Public), ..draft("x") };
        let (open, closed) = (village.tries(ALICE, of(Visibility::Unlisted)).await.unwrap(), village.tries(ALICE, of(Visibility::Private)).await.unwrap());
        assert_eq!(village.view(open, Viewer::Account(ALICE)).await.unwrap().body.quote_policy, QuotePolicy::Public);
        assert_eq!(village.view(closed, Viewer::Account(ALICE)).await.unwrap().body.quote_policy, QuotePolicy::Nobody);
    }

    async fn posting_is_announced_with_what_streams_need(village: Village) {
        let mut village = village;
        village.announced();
        let id = village.posts(ALICE, "#One two").await;
        let events = village.announced();
        assert!(events.contains(&Event::HomeGained { accounts: vec![ALICE], status: id }));
        assert!(events.contains(&Event::StatusPosted {
            status: id,
            author: ALICE,
            visibility: Visibility::Public,
            tags: vec!["one".into()],
            is_reblog: false,
            is_reply: false,
            is_local: true,
        }));
    }

    async fn an_unknown_language_is_refused(village: Village) {
        let outcome = village.tries(ALICE, Draft { language: Some("!!".into()), ..draft("x") }).await;
        assert_eq!(refusal(outcome), "Validation failed: Language is not valid");
    }
}
