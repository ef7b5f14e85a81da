//! `phiomia ip-block` and `phiomia email-domain-block`, beside a running server.

use std::time::{Duration, Instant};

use phiomia_testkit::on_both_engines;

use super::kit::{LONG, Place, Running};

on_both_engines! {
    async fn a_rule_that_keeps_everybody_out_is_lifted_beside_the_server(place: Place) {
        let server = place.serve();
        let refused = place.refuses(&["ip-block", "add", "0.0.0.0/0"]);
        assert_eq!(refused, "0.0.0.0/0 keeps everybody out, also from settings; say so with --force");
        assert_eq!(place.says(&["ip-block", "add", "0.0.0.0/0", "192.0.2.7", "--force", "--comment", "flood"]), "");
        becomes(&server, 403);
        let list = place.says(&["ip-block", "list"]);
        assert!(list.contains("0.0.0.0/0\tno_access\tflood\t"), "{list}");
        assert_eq!(place.says(&["ip-block", "export"]), "192.0.2.7/32\n0.0.0.0/0");
        assert_eq!(place.says(&["ip-block", "export", "--format", "nginx"]), "deny 192.0.2.7/32;\ndeny 0.0.0.0/0;");
        assert_eq!(place.says(&["ip-block", "remove", "0.0.0.0/0"]), "");
        becomes(&server, 200);

        // The same addresses again change the rule.
        place.says(&["ip-block", "add", "192.0.2.7", "--severity", "sign_up_block", "--duration", "3600"]);
        let rules = place.json(&["ip-block", "list", "--json"]);
        assert_eq!((rules.as_array().unwrap().len(), &rules[0]["severity"]), (1, &"sign_up_block".into()));
        assert!(rules[0]["expires_at"].is_string(), "{rules}");
        assert_eq!(place.refuses(&["ip-block", "remove", "192.0.2.8"]), "there is no rule about 192.0.2.8/32");
        place.says(&["ip-block", "add", "192.0.2.0/24"]);
        assert_eq!(place.says(&["ip-block", "remove", "192.0.2.7", "--force"]), "");
        assert_eq!(place.says(&["ip-block", "list"]), "");
    }

    async fn e_mail_domains_are_barred_and_let_in_again(place: Place) {
        assert_eq!(place.says(&["email-domain-block", "add", "Spam.example", "b\u{fc}cher.example"]), "spam.example\nxn--bcher-kva.example");
        assert_eq!(place.says(&["email-domain-block", "add", "odd.example", "--allow-with-approval"]), "odd.example");
        assert!(place.refuses(&["email-domain-block", "add", "spam.example"]).contains("already been taken"));
        let list = place.says(&["email-domain-block", "list"]);
        assert_eq!(list, "odd.example\twith approval\nxn--bcher-kva.example\tbarred\nspam.example\tbarred");
        assert_eq!(place.says(&["email-domain-block", "remove", "spam.example", "odd.example"]), "");
        assert_eq!(place.refuses(&["email-domain-block", "remove", "sub.xn--bcher-kva.example"]), "there is no rule about sub.xn--bcher-kva.example");
        assert_eq!(place.json(&["email-domain-block", "list", "--json"]).as_array().unwrap().len(), 1);
    }
}

/// What the server answers becomes this.
fn becomes(server: &Running, status: u16) {
    let begun = Instant::now();
    loop {
        let (answered, _) = server.get("/api/v2/instance", None);
        if answered == status {
            return;
        }
        assert!(begun.elapsed() < LONG, "still {answered}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
