//! The pages of filters.

use phiomia_store::db::filters::{self, FilterView};
use phiomia_testkit::on_both_engines;

use crate::{
    kit::House,
    visitor::{PASSWORD, Visitor, signed_in},
};

async fn kept(house: &House, name: &'static str) -> Vec<FilterView> {
    let reading = house.api.db.read(move |q| {
        let account = phiomia_store::db::users::by_name(q, name)?.unwrap();
        Ok(filters::of_account(q, account)?)
    });
    reading.await.unwrap()
}

/// What a filter looks for: its phrases, and whether each is of whole words.
fn phrases(filter: &FilterView) -> Vec<(&str, bool)> {
    filter.keywords.iter().map(|keyword| (keyword.keyword.as_str(), keyword.is_whole_word)).collect()
}

const KEYWORD: &str = "custom_filter[keywords_attributes][0][keyword]";

on_both_engines! {
    async fn a_filter_is_made_changed_and_deleted_without_scripts(house: House) {
        let alice = signed_in(&house, "alice").await;
        let fields = [
            ("custom_filter[title]", "Tea <b>"), ("custom_filter[expires_in]", "3600"),
            ("custom_filter[context][]", "home"), ("custom_filter[context][]", "thread"),
            ("custom_filter[filter_action]", "blur"),
            (KEYWORD, "green"), ("custom_filter[keywords_attributes][0][whole_word]", "0"),
            ("custom_filter[keywords_attributes][0][whole_word]", "1"),
            ("custom_filter[keywords_attributes][1][keyword]", "oolong"),
            ("custom_filter[keywords_attributes][1][whole_word]", "0"),
            ("custom_filter[keywords_attributes][2][keyword]", ""),
            ("custom_filter[keywords_attributes][2][whole_word]", "1"),
        ];
        let answer = alice.submit(&house, "/filters/new", "/filters", &fields).await;
        assert_eq!(answer.header("location"), "/filters?saved=1", "{}", answer.text());
        let filter = kept(&house, "alice").await.remove(0);
        assert_eq!(phrases(&filter), [("green", true), ("oolong", false)]);
        assert_eq!((filter.action.word(), filter.contexts.len(), filter.expires_at.is_some()), ("blur", 2, true));
        let list = alice.get(&house, "/filters?saved=1").await.ok().text();
        assert!(list.contains("Tea &#60;b&#62;") && list.contains("“green”, “oolong”") && list.contains("are saved"), "{list}");
        let edit = format!("/filters/{}/edit", filter.id);
        let html = alice.get(&house, &edit).await.ok().text();
        assert!(html.contains("value=\"keep\" selected") && html.contains("value=\"home\" checked"), "{html}");
        let fields = [
            ("custom_filter[title]", "Tea"), ("custom_filter[expires_in]", "keep"), ("custom_filter[context][]", "public"),
            ("custom_filter[filter_action]", "hide"), (KEYWORD, "green"),
            ("custom_filter[keywords_attributes][0][whole_word]", "1"),
            ("custom_filter[keywords_attributes][1][_destroy]", "1"),
        ];
        let path = format!("/filters/{}", filter.id);
        assert_eq!(alice.submit(&house, &edit, &path, &fields).await.status, 302);
        let changed = kept(&house, "alice").await.remove(0);
        assert_eq!((phrases(&changed), changed.expires_at), (vec![("green", true)], filter.expires_at));
        assert_eq!((changed.action.word(), changed.title.as_str()), ("hide", "Tea"));
        assert_eq!(alice.submit(&house, "/filters", &format!("{path}/delete"), &[]).await.status, 302);
        assert_eq!(kept(&house, "alice").await, []);
    }

    async fn what_is_wrong_with_a_filter_is_told_and_what_was_typed_stays(house: House) {
        let alice = signed_in(&house, "alice").await;
        let long = "x".repeat(513);
        let fields = [("custom_filter[title]", "Tea"), (KEYWORD, long.as_str()), ("custom_filter[context][]", "home")];
        let answer = alice.submit(&house, "/filters/new", "/filters", &fields).await;
        assert_eq!(answer.status, 422);
        let html = answer.text();
        assert!(html.contains("Keywords keyword is too long") && html.contains(&long), "{html}");
        assert!(html.contains("value=\"Tea\"") && html.contains("value=\"home\" checked"), "{html}");
        let nowhere = alice.submit(&house, "/filters/new", "/filters", &[("custom_filter[title]", "Tea")]).await;
        assert!(nowhere.text().contains("None or invalid context supplied"), "{}", nowhere.text());
        assert_eq!(kept(&house, "alice").await, []);
    }

    async fn posts_that_a_filter_names_are_let_go_of(house: House) {
        let (alice, bob) = (signed_in(&house, "alice").await, house.person("bob").await);
        let (first, second) = (bob.says("the first post", "public").await, bob.says("the second post", "public").await);
        let fields = [("custom_filter[title]", "Bob"), ("custom_filter[context][]", "home")];
        alice.submit(&house, "/filters/new", "/filters", &fields).await;
        let filter = kept(&house, "alice").await.remove(0);
        for post in [&first, &second] {
            let post = post.parse().unwrap();
            let naming = house.api.db.write(move |tx| {
                let account = phiomia_store::db::users::by_name(tx, "alice")?.unwrap();
                phiomia_social::filters::add_status(tx, account, filter.id, post)
            });
            naming.await.unwrap();
        }
        let path = format!("/filters/{}/statuses", filter.id);
        let html = alice.get(&house, &path).await.ok().text();
        assert!(html.contains("@bob: the first post") && html.contains("the second post"), "{html}");
        let entry = kept(&house, "alice").await.remove(0).statuses[0].id.to_string();
        let answer = alice.submit(&house, &path, &path, &[("status_ids[]", entry.as_str())]).await;
        assert_eq!(answer.status, 302);
        let left: Vec<String> = kept(&house, "alice").await[0].statuses.iter().map(|named| named.status.to_string()).collect();
        assert_eq!(left, [second]);
    }

    async fn filters_are_their_owners_and_forms_need_their_token(house: House) {
        let (alice, bob) = (signed_in(&house, "alice").await, signed_in(&house, "bob").await);
        let fields = [("custom_filter[title]", "Tea"), ("custom_filter[context][]", "home")];
        alice.submit(&house, "/filters/new", "/filters", &fields).await;
        let id = kept(&house, "alice").await[0].id;
        let theirs = format!("/filters/{id}");
        for path in [format!("{theirs}/edit"), format!("{theirs}/statuses")] {
            assert_eq!(bob.get(&house, &path).await.status, 404, "{path}");
        }
        for path in [theirs.clone(), format!("{theirs}/delete"), format!("{theirs}/statuses")] {
            assert_eq!(bob.submit(&house, "/filters/new", &path, &fields).await.status, 404, "{path}");
            assert_eq!(alice.post(&house, &path, &fields).await.status, 422, "{path} without a token");
        }
        assert_eq!(alice.post(&house, "/filters", &fields).await.status, 422);
        assert_eq!(kept(&house, "alice").await.len(), 1);
        for path in ["/filters", "/filters/new"] {
            let visitor = Visitor::default();
            let form = visitor.get(&house, path).await.header("location").to_owned();
            let fields = [("user[email]", "alice"), ("user[password]", PASSWORD)];
            assert_eq!(visitor.submit(&house, &form, "/auth/sign_in", &fields).await.header("location"), path);
        }
    }
}
