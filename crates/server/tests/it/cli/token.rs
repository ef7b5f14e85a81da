//! `phiomia app` and `phiomia token`.

use phiomia_testkit::on_both_engines;

use super::kit::Place;

const ME: &str = "/oauth/userinfo";

fn app(place: &Place) -> String {
    let scopes = ["--scopes", "profile read write"];
    let flags = ["app", "create", "--name", "Test", "--redirect-uri", "urn:ietf:wg:oauth:2.0:oob", "--json"];
    let app = place.json(&[&flags[..], &scopes[..]].concat());
    assert_eq!(app.as_object().unwrap().len(), 2);
    assert!(!app["client_secret"].as_str().unwrap().is_empty());
    app["client_id"].as_str().unwrap().to_owned()
}

on_both_engines! {
    async fn a_token_opens_the_api_until_a_command_ends_it(place: Place) {
        let server = place.serve();
        place.says(&["account", "create", "alice", "--print-id"]);
        let app = app(&place);
        let make = || place.says(&["token", "create", "--account", "alice", "--app", &app, "--scopes", "profile", "--print"]);
        let (one, two, three) = (make(), make(), make());
        for token in [&one, &two, &three] {
            assert_eq!(server.get(ME, Some(token)).0, 200);
        }
        place.says(&["token", "revoke", &one]);
        assert_eq!(server.get(ME, Some(&one)).0, 401, "at once");
        assert_eq!(server.get(ME, Some(&two)).0, 200);
        assert_eq!(place.refuses(&["token", "revoke", &one]), "there is no such token");
        place.says(&["account", "reset-password", "alice"]);
        assert_eq!(server.get(ME, Some(&two)).0, 401, "a new password ends what the old one opened");
        let four = make();
        place.says(&["account", "modify", "alice", "--disable"]);
        assert_eq!(server.get(ME, Some(&four)).0, 401);
        server.stop();
    }

    async fn a_token_holds_no_more_than_its_application(place: Place) {
        place.says(&["account", "create", "alice", "--print-id"]);
        let app = app(&place);
        let with = |account: &str, app: &str, scopes: &str| {
            place.refuses(&["token", "create", "--account", account, "--app", app, "--scopes", scopes])
        };
        assert_eq!(with("alice", &app, "push"), "the application Test may ask for profile read write alone");
        assert_eq!(with("alice", &app, "everything"), "there is no scope everything");
        assert_eq!(with("bob", &app, "read"), "there is no account bob here");
        assert_eq!(with("alice", "nothing", "read"), "there is no application with the client id nothing");
        let token = place.json(&["token", "create", "--account", "alice", "--app", &app, "--json"]);
        assert_eq!((token["token_type"].as_str(), token["scope"].as_str()), (Some("Bearer"), Some("profile read write")));
        let bad = ["app", "create", "--name", "x", "--redirect-uri", "javascript:alert(1)"];
        assert!(place.refuses(&bad).contains("forbidden"), "an address that would run something");
    }
}
