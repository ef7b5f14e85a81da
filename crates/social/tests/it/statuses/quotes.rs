//! Quoting.

use phiomia_model::{AccountId, Event, QuotePolicy, QuoteState, StatusId, Viewer, Visibility, status::Draft};
use phiomia_social::statuses;
use phiomia_store::db::statuses::{self as rows, ShownQuote};
use phiomia_testkit::on_both_engines;

use super::{ALICE, BOB, CAROL, Village, draft, refusal};

const NO_QUOTED: &str = "The post you are trying to quote does not appear to exist.";

impl Village {
    async fn quotable(&self, who: AccountId) -> StatusId {
        self.tries(who, Draft { quote_policy: Some(QuotePolicy::Public), ..draft("quote me") }).await.unwrap()
    }

    async fn quotes(&self, who: AccountId, quoted: StatusId) -> Result<StatusId, phiomia_model::Error> {
        self.tries(who, Draft { quoted: Some(quoted), ..draft("see") }).await
    }

    async fn n_quotes(&self, id: StatusId) -> i64 {
        self.view(id, Viewer::Anonymous).await.unwrap().body.quotes_count
    }

    async fn shown(&self, quote: StatusId, viewer: Viewer) -> ShownQuote {
        self.view(quote, viewer).await.unwrap().quote.unwrap().shown
    }

    async fn becomes(&self, quote: StatusId, state: QuoteState) {
        self.does(move |tx| {
            tx.announce(Event::StatusTouched { status: quote });
            Ok(rows::set_quote_state(tx, quote, state)?)
        })
        .await
        .unwrap();
    }
}

on_both_engines! {
    async fn quotes_are_counted_until_they_go_or_are_taken_back(village: Village) {
        let id = village.quotable(ALICE).await;
        let (bobs, carols) = (village.quotes(BOB, id).await.unwrap(), village.quotes(CAROL, id).await.unwrap());
        assert_eq!(village.n_quotes(id).await, 2);
        for _ in 0..2 {
            village.does(move |tx| statuses::revoke_quote(tx, ALICE, id, bobs)).await.unwrap();
        }
        assert_eq!(village.n_quotes(id).await, 1);
        // What was taken back is not counted back again.
        village.does(move |tx| statuses::delete(tx, BOB, bobs)).await.unwrap();
        assert_eq!(village.n_quotes(id).await, 1);
        village.does(move |tx| statuses::delete(tx, CAROL, carols)).await.unwrap();
        village.works().await;
        assert_eq!(village.n_quotes(id).await, 0);
        assert_eq!(village.sees(move |q| Ok(rows::quote_of(q, carols)?)).await, None);
    }

    async fn only_what_was_accepted_is_shown(village: Village) {
        let id = village.quotable(ALICE).await;
        let quote = village.quotes(BOB, id).await.unwrap();
        for state in QuoteState::ALL {
            village.becomes(quote, state).await;
            let view = village.view(quote, Viewer::Anonymous).await.unwrap().quote.unwrap();
            assert_eq!(view.shown, ShownQuote::As(state));
            assert_eq!((view.view.is_some(), view.quoted.is_some()), (state == QuoteState::Accepted, state == QuoteState::Accepted));
        }
    }

    async fn a_quote_of_something_gone_stays_and_says_so(village: Village) {
        let id = village.quotable(ALICE).await;
        let quote = village.quotes(BOB, id).await.unwrap();
        village.does(move |tx| statuses::delete(tx, ALICE, id)).await.unwrap();
        assert_eq!(village.shown(quote, Viewer::Anonymous).await, ShownQuote::As(QuoteState::Deleted));
        village.works().await;
        assert_eq!(village.shown(quote, Viewer::Account(BOB)).await, ShownQuote::As(QuoteState::Deleted));
        assert_eq!(refusal(village.quotes(CAROL, id).await), NO_QUOTED);
    }

    async fn a_quote_of_a_quote_shows_the_first_by_its_id_and_only_to_whom_may_see_it(village: Village) {
        let first = village.tries(ALICE, Draft { visibility: Some(Visibility::Private), ..draft("for friends") }).await.unwrap();
        let second = village.quotes(ALICE, first).await.unwrap();
        let third = village.quotes(ALICE, second).await.unwrap();
        let inner = async |viewer| {
            let view = village.view(third, viewer).await?.quote?.view?;
            view.quote.map(|quote| (quote.shown, quote.quoted.map(|body| body.id), quote.view.is_some()))
        };
        assert_eq!(inner(Viewer::Account(ALICE)).await, Some((ShownQuote::As(QuoteState::Accepted), Some(first), false)));
        assert_eq!(inner(Viewer::Account(BOB)).await, None);
        village.follows(BOB, ALICE).await;
        assert_eq!(inner(Viewer::Account(BOB)).await, Some((ShownQuote::As(QuoteState::Accepted), Some(first), false)));
    }

    async fn whoever_quoted_is_told_of_edits_while_the_quote_holds(village: Village) {
        let id = village.quotable(ALICE).await;
        let (bobs, _) = (village.quotes(BOB, id).await.unwrap(), village.quotes(CAROL, id).await.unwrap());
        village.does(move |tx| statuses::revoke_quote(tx, ALICE, id, bobs)).await.unwrap();
        let social = village.social.clone();
        let edit = phiomia_model::status::Edit { text: Some("other words".into()), ..Default::default() };
        village.does(move |tx| statuses::edit(tx, &social, ALICE, id, &edit)).await.unwrap();
        assert_eq!(village.told(CAROL).await, [("quoted_update".to_owned(), ALICE)]);
        assert_eq!(village.told(BOB).await, []);
        assert_eq!(village.told(ALICE).await, [("quote".to_owned(), CAROL), ("quote".to_owned(), BOB)]);
    }

    async fn a_policy_that_stays_as_it_was_is_no_news(village: Village) {
        let mut village = village;
        let id = village.quotable(ALICE).await;
        village.announced();
        village.does(move |tx| statuses::set_quote_policy(tx, ALICE, id, Some(QuotePolicy::Public))).await.unwrap();
        assert_eq!(village.announced(), []);
        village.does(move |tx| statuses::set_quote_policy(tx, ALICE, id, Some(QuotePolicy::Nobody))).await.unwrap();
        assert_eq!(village.announced(), [Event::StatusEdited { status: id, author: ALICE }]);
        assert_eq!(refusal(village.quotes(BOB, id).await), NO_QUOTED);
        village.quotes(ALICE, id).await.unwrap();
    }
}
