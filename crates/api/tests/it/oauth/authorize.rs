//! The consent page.

use phiomia_testkit::on_both_engines;

use super::{App, OOB};
use crate::{
    kit::House,
    visitor::{PASSWORD, Visitor, signed_in},
};

const CALLBACK: &str = "https://app.example/cb?keep=1";
/// Source: RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

on_both_engines! {
    async fn who_is_not_signed_in_comes_back_after_signing_in(house: House) {
        signed_in(&house, "alice").await;
        let (visitor, app) = (Visitor::default(), App::register(&house, CALLBACK, "read").await);
        let page = app.authorize(CALLBACK, &[("state", "a b&c")]);
        let answer = visitor.get(&house, &page).await;
        let sign_in = answer.header("location").to_owned();
        assert!(sign_in.starts_with("/auth/sign_in?return_to="), "{sign_in}");
        let fields = [("user[email]", "alice"), ("user[password]", PASSWORD)];
        let answer = visitor.submit(&house, &sign_in, "/auth/sign_in", &fields).await;
        let back = answer.header("location").to_owned();
        let html = visitor.get(&house, &back).await.ok().text();
        assert!(html.contains("Toot &#38; &#60;Co&#62;") && html.contains("<strong>app.example</strong>"), "{html}");
        let answer = visitor.submit_shown(&house, &html, "/oauth/authorize", &[]).await;
        let location = answer.header("location");
        assert!(location.starts_with("https://app.example/cb?keep=1&code="), "{location}");
        assert!(location.ends_with("&state=a+b%26c"), "{location}");
    }

    async fn a_denial_is_told_to_the_app(house: House) {
        let (alice, app) = (signed_in(&house, "alice").await, App::register(&house, "app://cb", "read").await);
        let page = app.authorize("app://cb", &[("state", "s")]);
        let answer = alice.submit(&house, &page, "/oauth/authorize", &[("_method", "delete")]).await;
        let location = answer.header("location");
        assert!(location.starts_with("app://cb?error=access_denied&error_description=The+resource+owner"), "{location}");
        assert!(location.ends_with("&state=s"));
    }

    async fn an_app_without_an_address_gets_its_code_shown(house: House) {
        let (alice, app) = (signed_in(&house, "alice").await, App::register(&house, OOB, "read").await);
        let code = app.code(&house, &alice, OOB, &[]).await;
        let page = alice.get(&house, &format!("/oauth/authorize/native?code={code}")).await.ok().text();
        assert!(page.contains(&format!("oauth-code\">{code}<")));
        app.redeem(&house, &code, OOB, &[]).await.ok();
        assert_eq!(alice.get(&house, "/oauth/authorize/native?code=Call%20555").await.status, 404);
    }

    async fn pkce_binds_the_code_to_who_began(house: House) {
        let (alice, app) = (signed_in(&house, "alice").await, App::register(&house, OOB, "read").await);
        let challenge = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
        let code = app.code(&house, &alice, OOB, &challenge).await;
        let wrong = app.redeem(&house, &code, OOB, &[("code_verifier", "guess")]).await;
        assert_eq!(wrong.refusal(), (400, "invalid_grant".to_owned()));
        assert_eq!(app.redeem(&house, &code, OOB, &[]).await.refusal().0, 400);
        app.redeem(&house, &code, OOB, &[("code_verifier", VERIFIER)]).await.ok();
    }

    async fn what_does_not_hold_is_shown_here_and_sent_nowhere(house: House) {
        let (alice, app) = (signed_in(&house, "alice").await, App::register(&house, CALLBACK, "read").await);
        let nobody = App { id: "nobody".to_owned(), secret: String::new() };
        let plain = [("code_challenge", CHALLENGE), ("code_challenge_method", "plain")];
        for (page, status, sentence) in [
            (nobody.authorize(CALLBACK, &[]), 401, "Client authentication failed"),
            (app.authorize("https://app.example/cb", &[]), 400, "The requested redirect uri is malformed"),
            (app.authorize("https://app.example/cb?keep=1&x", &[]), 400, "The requested redirect uri is malformed"),
            (app.authorize(CALLBACK, &[("scope", "write")]), 400, "The requested scope is invalid"),
            (app.authorize(CALLBACK, &[("scope", "teleport")]), 400, "The requested scope is invalid"),
            (app.authorize(CALLBACK, &plain), 400, "The code challenge method must be S256."),
            (app.authorize(CALLBACK, &[]).replace("=code", "=token"), 400, "does not support this response type"),
        ] {
            let answer = alice.get(&house, &page).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (status, ""), "{page}");
            assert!(answer.text().contains(sentence), "{page}: {}", answer.text());
        }
    }

    async fn force_login_asks_for_the_password_again(house: House) {
        let (alice, app) = (signed_in(&house, "alice").await, App::register(&house, OOB, "read").await);
        for yes in ["true", "True", "1"] {
            let answer = alice.get(&house, &app.authorize(OOB, &[("force_login", yes), ("lang", "de")])).await;
            let sign_in = answer.header("location").to_owned();
            assert!(sign_in.starts_with("/auth/sign_in?") && !sign_in.contains("force_login"), "{sign_in}");
            alice.get(&house, &sign_in).await.ok();
        }
    }

    async fn whoever_is_somebody_else_signs_out_and_comes_back_to_the_question(house: House) {
        let (alice, app) = (signed_in(&house, "alice").await, App::register(&house, OOB, "read").await);
        let question = app.authorize(OOB, &[("state", "a&b")]);
        let left = alice.submit(&house, &question, "/auth/sign_out", &[("return_to", &question)]).await;
        assert_eq!(left.header("location"), question);
        assert!(alice.get(&house, &question).await.header("location").starts_with("/auth/sign_in?"));
    }

    async fn consent_needs_the_form_of_this_very_session(house: House) {
        let (alice, app) = (signed_in(&house, "alice").await, App::register(&house, CALLBACK, "read").await);
        let fields = [
            ("client_id", app.id.as_str()), ("redirect_uri", CALLBACK), ("response_type", "code"), ("authenticity_token", "x"),
        ];
        let answer = alice.post(&house, "/oauth/authorize", &fields).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (422, ""));
    }
}
