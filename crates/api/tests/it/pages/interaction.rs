//! The page that other servers lead to for following somebody here, or anybody from here.

use phiomia_store::db::relationships;
use phiomia_testkit::on_both_engines;

use crate::{
    federation::stranger,
    kit::House,
    visitor::{PASSWORD, Visitor, signed_in},
};

const CAROL: &str = "/authorize_interaction?uri=https%3A%2F%2Fremote.example%2Fu%2Fcarol";

on_both_engines! {
    async fn who_is_not_signed_in_signs_in_first_and_comes_back(house: House) {
        crate::visitor::person(&house, "alice").await;
        let visitor = Visitor::default();
        let form = visitor.get(&house, CAROL).await.header("location").to_owned();
        assert!(form.starts_with("/auth/sign_in?return_to="), "{form}");
        let fields = [("user[email]", "alice"), ("user[password]", PASSWORD)];
        let answer = visitor.submit(&house, &form, "/auth/sign_in", &fields).await;
        assert_eq!(answer.header("location"), CAROL);
    }

    async fn somebody_elsewhere_is_followed_by_one_button(house: House) {
        let alice = signed_in(&house, "alice").await;
        let carol = stranger(&house, "carol").await;
        let page = alice.get(&house, CAROL).await.ok().text();
        assert!(page.contains("@carol@remote.example"), "{page}");
        let answer = alice.submit_shown(&house, &page, "/authorize_interaction", &[]).await.ok();
        assert!(answer.text().contains("They are asked") || answer.text().contains("You follow them"), "{}", answer.text());
        let me = house.api.db.read(|q| Ok(phiomia_store::db::users::by_name(q, "alice")?)).await.unwrap().unwrap();
        let view = house.api.db.read(move |q| Ok(relationships::view(q, me, carol)?)).await.unwrap().unwrap();
        assert!(view.following || view.requested);
        let page = alice.get(&house, CAROL).await.ok().text();
        assert!(!page.contains("<button type=\"submit\">Follow"), "{page}");
    }

    async fn a_follow_needs_the_forms_token(house: House) {
        let alice = signed_in(&house, "alice").await;
        let carol = stranger(&house, "carol").await.to_string();
        assert_eq!(alice.post(&house, "/authorize_interaction", &[("account", &carol)]).await.status, 422);
    }

    async fn a_post_is_shown_to_whom_may_see_it(house: House) {
        let alice = signed_in(&house, "alice").await;
        let bob = house.person("bob").await;
        let (open, closed) = (bob.says("hello <b>all</b>", "public").await, bob.says("psst", "private").await);
        let page = async |id: &str| {
            let uri = format!("https%3A%2F%2Fphiomia.example%2F%40bob%2F{id}");
            alice.get(&house, &format!("/authorize_interaction?uri={uri}")).await
        };
        let shown = page(&open).await.ok().text();
        assert!(shown.contains("hello &#60;b&#62;all") || shown.contains("hello &lt;b&gt;all"), "{shown}");
        assert_eq!(page(&closed).await.status, 404);
        for handle in ["acct:bob@phiomia.example", "bob@phiomia.example", "@bob", "https://phiomia.example/@bob"] {
            let shown = alice.get(&house, &format!("/authorize_interaction?uri={handle}")).await;
            assert!(shown.ok().text().contains("@bob@phiomia.example"), "{handle}");
        }
        for nobody in ["", "acct:", "@nobody", "https://phiomia.example/@nobody", "javascript:alert(1)"] {
            assert_eq!(alice.get(&house, &format!("/authorize_interaction?uri={nobody}")).await.status, 404, "{nobody}");
        }
    }
}
