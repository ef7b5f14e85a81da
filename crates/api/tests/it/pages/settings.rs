//! What people decide about their own account, page by page.

use phiomia_model::Scopes;
use phiomia_social::apps::{self, NewApp, OUT_OF_BAND};
use phiomia_store::db::{accounts, defaults, sessions, tokens, users as rows};
use phiomia_testkit::on_both_engines;

use crate::{
    kit::{ALL_SCOPES, House},
    visitor::{PASSWORD, Visitor, signed_in},
};

const PAGES: [&str; 4] = ["/settings/profile", "/settings/preferences", "/auth/edit", "/oauth/authorized_applications"];

async fn account(house: &House, name: &'static str) -> phiomia_model::AccountId {
    house.api.db.read(move |q| Ok(rows::by_name(q, name)?)).await.unwrap().unwrap()
}

on_both_engines! {
    async fn who_is_not_signed_in_is_sent_there_and_back(house: House) {
        crate::visitor::person(&house, "alice").await;
        for page in PAGES {
            let visitor = Visitor::default();
            let answer = visitor.get(&house, page).await;
            assert_eq!(answer.status, 302, "{page}");
            let form = answer.header("location").to_owned();
            let fields = [("user[email]", "alice"), ("user[password]", PASSWORD)];
            let answer = visitor.submit(&house, &form, "/auth/sign_in", &fields).await;
            assert_eq!(answer.header("location"), page);
        }
        assert_eq!(house.get("/.well-known/change-password").await.header("location"), "/auth/edit");
    }

    async fn a_form_without_its_token_changes_nothing(house: House) {
        let alice = signed_in(&house, "alice").await;
        for page in ["/settings/profile", "/settings/preferences", "/auth/edit", "/settings/sessions/1", "/oauth/authorized_applications/1"] {
            let answer = alice.post(&house, page, &[("account[display_name]", "Mallory")]).await;
            assert_eq!(answer.status, 422, "{page}");
            assert!(answer.text().contains("did not come from here"));
        }
    }

    async fn the_whole_profile_is_written_and_shown_again(house: House) {
        let alice = signed_in(&house, "alice").await;
        let fields = [
            ("account[display_name]", "Alice \"A\" <b>"),
            ("account[note]", "one\r\ntwo"),
            ("account[fields_attributes][0][name]", "Home"),
            ("account[fields_attributes][0][value]", "https://alice.example"),
            ("account[fields_attributes][2][name]", "Likes"),
            ("account[fields_attributes][2][value]", "tea"),
            ("account[locked]", "1"),
            ("account[hide_collections]", "1"),
            ("account[attribution_domains]", "a.example\r\nb.example"),
        ];
        let answer = alice.submit(&house, "/settings/profile", "/settings/profile", &fields).await;
        assert_eq!(answer.header("location"), "/settings/profile?saved=1", "{}", answer.text());
        let id = account(&house, "alice").await;
        let view = house.api.db.read(move |q| Ok(accounts::view(q, id)?)).await.unwrap().unwrap();
        assert_eq!((view.display_name.as_str(), view.note.as_str()), ("Alice \"A\" <b>", "one\ntwo"));
        let pairs: Vec<_> = view.fields.iter().map(|f| (f.name.as_str(), f.value.as_str())).collect();
        assert_eq!(pairs, [("Home", "https://alice.example"), ("Likes", "tea")]);
        let flags = (view.is_locked, view.hides_collections, view.is_bot, view.is_discoverable, view.is_indexable);
        assert_eq!(flags, (true, true, false, false, false));
        assert_eq!(view.attribution_domains, ["a.example", "b.example"]);
        let html = alice.get(&house, "/settings/profile?saved=1").await.ok().text();
        assert!(html.contains("Your profile is saved.") && html.contains("value=\"Alice &#34;A&#34; &#60;b&#62;\""), "{html}");
        assert!(html.contains("name=\"account[locked]\" value=\"1\" checked"));
        assert!(html.contains(">\none\ntwo</textarea>"));
    }

    async fn what_is_too_long_is_told_and_what_was_typed_stays(house: House) {
        let alice = signed_in(&house, "alice").await;
        let long = "x".repeat(501);
        let fields = [("account[display_name]", "New"), ("account[note]", long.as_str())];
        let answer = alice.submit(&house, "/settings/profile", "/settings/profile", &fields).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains("Note character limit of 500 exceeded") && answer.text().contains(&long));
        let id = account(&house, "alice").await;
        assert_eq!(house.api.db.read(move |q| Ok(accounts::view(q, id)?)).await.unwrap().unwrap().display_name, "");
    }

    async fn posting_defaults_are_written_and_only_what_is_on_offer(house: House) {
        let alice = signed_in(&house, "alice").await;
        let send = async |privacy: &str, language: &str| {
            let fields = [
                ("user[settings_attributes][default_privacy]", privacy),
                ("user[settings_attributes][default_quote_policy]", "followers"),
                ("user[settings_attributes][default_language]", language),
                ("user[settings_attributes][default_sensitive]", "1"),
                ("user[locale]", "de"),
            ];
            alice.submit(&house, "/settings/preferences", "/settings/preferences", &fields).await
        };
        assert_eq!(send("direct", "de").await.status, 422);
        assert_eq!(send("private", "<b>").await.status, 422);
        assert_eq!(send("private", "pt-BR").await.header("location"), "/settings/preferences?saved=1");
        let id = account(&house, "alice").await;
        let kept = house.api.db.read(move |q| Ok(defaults::find(q, id)?)).await.unwrap().unwrap();
        assert_eq!((kept.visibility.word(), kept.quote_policy.word()), ("private", "followers"));
        assert_eq!((kept.is_sensitive, kept.language.as_deref(), kept.locale.as_str()), (true, Some("pt-BR"), "de"));
        let html = alice.get(&house, "/settings/preferences").await.ok().text();
        assert!(html.contains("value=\"pt-BR\" selected") && html.contains("value=\"private\" selected"));
    }

    async fn a_new_password_needs_the_old_one_and_signs_everything_else_out(house: House) {
        let alice = signed_in(&house, "alice").await;
        let elsewhere = Visitor::default();
        elsewhere.sign_in(&house, "alice", PASSWORD).await;
        let id = account(&house, "alice").await;
        let token = house.token(Some(id), ALL_SCOPES).await;
        let change = async |current: &str, new: &str| {
            let fields = [("user[current_password]", current), ("user[password]", new)];
            alice.submit(&house, "/auth/edit", "/auth/edit", &fields).await
        };
        let wrong = change("wrong horse", "battery staple").await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.text().contains("This password is not right."));
        assert!(change(PASSWORD, "short").await.text().contains("too short"));
        assert_eq!(change(PASSWORD, "battery staple").await.header("location"), "/auth/edit?saved=1");
        assert!(alice.get(&house, "/auth/edit?saved=1").await.ok().text().contains("new password is set"));
        assert_eq!(elsewhere.get(&house, "/auth/edit").await.status, 302);
        let hash = phiomia_store::SecretHash::of(&token);
        assert!(house.api.db.read(move |q| Ok(tokens::find(q, &hash)?)).await.unwrap().is_none());
        assert_eq!(Visitor::default().sign_in(&house, "alice", PASSWORD).await.status, 422);
        assert_eq!(Visitor::default().sign_in(&house, "alice", "battery staple").await.status, 302);
    }

    async fn the_11th_try_at_the_password_has_to_wait(house: House) {
        let alice = signed_in(&house, "alice").await;
        let too_long = "x".repeat(300);
        let fields = [("user[current_password]", too_long.as_str()), ("user[password]", "battery staple")];
        for _ in 0..10 {
            assert_eq!(alice.submit(&house, "/auth/edit", "/auth/edit", &fields).await.status, 422);
        }
        assert_eq!(alice.submit(&house, "/auth/edit", "/auth/edit", &fields).await.status, 429);
    }

    async fn one_signs_another_browser_out_and_nobody_elses(house: House) {
        let alice = signed_in(&house, "alice").await;
        let elsewhere = Visitor::default();
        elsewhere.sign_in(&house, "alice", PASSWORD).await;
        let mallory = signed_in(&house, "mallory").await;
        let id = account(&house, "alice").await;
        let newest = house.api.db.read(move |q| Ok(sessions::list(q, id)?)).await.unwrap()[0].id;
        let path = format!("/settings/sessions/{newest}");
        let html = alice.get(&house, "/auth/edit").await.ok().text();
        assert!(html.contains(&format!("action=\"{path}\"")) && html.contains("– this one"), "{html}");
        assert_eq!(mallory.submit(&house, "/auth/edit", &path, &[]).await.status, 404);
        assert!(elsewhere.get(&house, "/").await.ok().text().contains("You are signed in as"));
        assert_eq!(alice.submit(&house, "/auth/edit", &path, &[]).await.header("location"), "/auth/edit");
        assert!(!elsewhere.get(&house, "/").await.ok().text().contains("You are signed in as"));
        assert!(alice.get(&house, "/").await.ok().text().contains("You are signed in as"));
    }

    async fn access_is_taken_back_from_one_app_alone(house: House) {
        let alice = signed_in(&house, "alice").await;
        let id = account(&house, "alice").await;
        assert!(alice.get(&house, "/oauth/authorized_applications").await.ok().text().contains("No app can use"));
        let kept = house.token(Some(id), ALL_SCOPES).await;
        let new = NewApp { name: "Mammut".into(), redirect_uris: vec![OUT_OF_BAND.into()], ..NewApp::default() };
        let (app, _) = apps::register(&house.api.db, &house.api.entropy, new).await.unwrap();
        let given = apps::give_token(&house.api.db, &house.api.entropy, app.id, Some(id), Scopes::read()).await.unwrap();
        let html = alice.get(&house, "/oauth/authorized_applications").await.ok().text();
        assert!(html.contains("Mammut") && html.contains("Trunk") && html.contains("Read everything you can read"));
        let path = format!("/oauth/authorized_applications/{}", app.id);
        let mallory = signed_in(&house, "mallory").await;
        assert_eq!(mallory.submit(&house, "/settings/profile", &path, &[]).await.status, 404);
        let answer = alice.submit(&house, "/settings/profile", &path, &[]).await;
        assert_eq!(answer.header("location"), "/oauth/authorized_applications");
        let (gone, kept) = (given.secret.hash(), phiomia_store::SecretHash::of(&kept));
        let found = house.api.db.read(move |q| Ok((tokens::find(q, &gone)?.is_some(), tokens::find(q, &kept)?.is_some())));
        assert_eq!(found.await.unwrap(), (false, true));
    }

    async fn what_others_typed_is_shown_as_text(house: House) {
        let alice = signed_in(&house, "alice").await;
        let id = account(&house, "alice").await;
        let new = NewApp { name: "<script>x</script>".into(), redirect_uris: vec![OUT_OF_BAND.into()], ..NewApp::default() };
        let (app, _) = apps::register(&house.api.db, &house.api.entropy, new).await.unwrap();
        apps::give_token(&house.api.db, &house.api.entropy, app.id, Some(id), Scopes::read()).await.unwrap();
        let html = alice.get(&house, "/oauth/authorized_applications").await.ok().text();
        assert!(!html.contains("<script") && html.contains("&#60;script&#62;"));
    }
}
