//! Documents in the shapes that other softwares send (`fixtures/<software>/`), and what is understood of them. Names and
//! texts are ours.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use phiomia_activitypub::{
    Activity, Actor, Document, Envelope, Note, NoteKind, Uri, Verb, Web,
    note::{InteractionAuthorization, Markup, MediaKind},
};
use phiomia_model::{remote::Interaction, status::Visibility};

macro_rules! fixture {
    ($path:literal) => {
        Document::parse(include_bytes!(concat!("../../fixtures/", $path)), Web::Https).unwrap()
    };
}

fn uri(text: &str) -> Uri {
    Uri::parse(text, Web::Https).unwrap()
}

#[test]
fn mastodon_posts_a_quote() {
    let create = Activity::read(&fixture!("mastodon/create_quote.json")).unwrap();
    let Verb::Create(thing) = &create.verb else { panic!("a {}", create.kind()) };
    let note = thing.note().unwrap();
    assert_eq!(note.visibility(None), Visibility::Public);
    assert_eq!(note.language.as_deref(), Some("en"));
    let quote = note.quote.as_ref().unwrap();
    assert_eq!(quote.object, uri("https://other.example/users/bo/statuses/9"));
    assert_eq!(quote.authorization, Some(uri("https://other.example/users/bo/quote_authorizations/3")));
    assert!(quote.asks_consent && note.policy.quote.as_ref().unwrap().is_open());
    let picture = &note.attachments[0];
    assert_eq!((picture.kind, picture.alt.as_deref()), (MediaKind::Image, Some("A red kite")));
    assert_eq!((picture.focal_point, picture.width), (Some((-0.5, 0.25)), Some(640)));
    assert_eq!(note.tags.mentions[0].actor, uri("https://other.example/users/bo"));
    assert_eq!(note.tags.hashtags, ["kites"]);
    assert_eq!((note.likes.total, note.shares.total, note.replies.total), (Some(4), Some(2), None));
    assert_eq!(note.replies.page.as_ref().unwrap().items.len(), 1);
}

#[test]
fn mastodon_asks_and_votes() {
    let question = Note::read(&fixture!("mastodon/question.json")).unwrap();
    let poll = question.poll.as_ref().unwrap();
    assert!(poll.is_multiple && poll.closed.is_some());
    assert_eq!((poll.choices[0].title.as_str(), poll.choices[0].votes, poll.voters), ("green", 2, Some(3)));
    let followers = uri("https://mastodon.example/users/ada/followers");
    assert_eq!(question.visibility(Some(&followers)), Visibility::Private);

    let vote = Activity::read(&fixture!("mastodon/vote.json")).unwrap();
    let Verb::Create(thing) = &vote.verb else { panic!("a {}", vote.kind()) };
    let asked = uri("https://here.example/ap/users/1/statuses/5");
    assert_eq!(thing.note().unwrap().as_vote(), Some((&asked, "green")));
}

#[test]
fn mastodon_deletes_an_actor() {
    let body = include_bytes!("../../fixtures/mastodon/delete_actor.json");
    assert!(Envelope::parse(body, Web::Https).unwrap().is_about_its_actor());
    let delete = Activity::read(&fixture!("mastodon/delete_actor.json")).unwrap();
    assert_eq!(delete.verb, Verb::Delete(uri("https://mastodon.example/users/gone")));
}

#[test]
fn gotosocial_sends_one_thing_where_others_send_lists() {
    let actor = Actor::read(&fixture!("gotosocial/actor.json")).unwrap();
    assert!(actor.is_locked && actor.discoverable == Some(false) && actor.shared_inbox.is_none());
    assert_eq!(actor.keys[0].id, uri("https://gotosocial.example/users/cy/main-key"));
    assert_eq!((actor.fields[0].name.as_str(), actor.fields[0].value.as_str()), ("Boat", "wooden"));

    let note = Note::read(&fixture!("gotosocial/note.json")).unwrap();
    assert_eq!((note.visibility(None), note.summary.as_deref()), (Visibility::Public, None));
    assert_eq!(note.tags.mentions.len(), 1);
    let reply = note.policy.reply.as_ref().unwrap();
    assert_eq!((reply.automatic.as_slice(), reply.manual[0].is_public()), (&[note.author.clone()][..], true));
    assert_eq!(note.replies.id, Some(uri("https://gotosocial.example/users/cy/statuses/01AB/replies")));
    assert_eq!(note.published.unwrap().to_iso_millis(), "2026-01-02T01:04:05.000Z");
}

#[test]
fn akkoma_reacts_with_its_own_emoji() {
    let react = Activity::read(&fixture!("akkoma/emoji_react.json")).unwrap();
    let Verb::EmojiReact { object, reaction } = react.verb else { panic!("a {}", react.kind()) };
    assert_eq!(object, uri("https://here.example/ap/users/1/statuses/5"));
    assert_eq!(reaction.content, ":blobcat:");
    assert_eq!(reaction.emoji.unwrap().image, uri("https://akkoma.example/emoji/blobcat.png"));
}

#[test]
fn misskey_quotes_without_asking_and_likes_with_an_emoji() {
    let quote = Note::read(&fixture!("misskey/quote.json")).unwrap().quote.unwrap();
    assert_eq!((quote.object, quote.asks_consent), (uri("https://other.example/n/1"), false));
    let like = Activity::read(&fixture!("misskey/like.json")).unwrap();
    let Verb::Like { reaction: Some(reaction), .. } = like.verb else { panic!("a {}", like.kind()) };
    assert_eq!((reaction.content.as_str(), reaction.emoji), ("👍", None));
}

#[test]
fn lemmy_passes_a_titled_link_on_to_its_community() {
    let announce = Activity::read(&fixture!("lemmy/announce_create_page.json")).unwrap();
    let Verb::Announce(passed_on) = &announce.verb else { panic!("a {}", announce.kind()) };
    let create = passed_on.activity().unwrap();
    let Verb::Create(thing) = &create.verb else { panic!("a {}", create.kind()) };
    let page = thing.note().unwrap();
    assert_eq!((page.kind, page.title.as_deref()), (NoteKind::Page, Some("A boat")));
    assert_eq!(page.link, Some(uri("https://boats.example/1")));
    assert_eq!(page.groups, [uri("https://lemmy.example/c/boats")]);
    assert_eq!((page.language.as_deref(), page.attachments.len()), (Some("fr"), 0));
    assert_eq!(page.preview.as_ref().unwrap().file, uri("https://lemmy.example/pictrs/1.png"));
}

#[test]
fn peertube_shows_a_video_of_a_person_in_a_channel() {
    let video = Note::read(&fixture!("peertube/video.json")).unwrap();
    assert_eq!(video.author, uri("https://tube.example/accounts/fay"));
    assert_eq!((video.markup, video.language.as_deref()), (Markup::Markdown, Some("en")));
    assert_eq!(video.page, Some(uri("https://tube.example/videos/watch/1")));
    let file = &video.attachments[0];
    assert_eq!(
        (file.kind, &file.file, file.height),
        (MediaKind::Video, &uri("https://tube.example/1080.mp4"), Some(1080))
    );
    assert_eq!(file.preview, Some(uri("https://tube.example/preview.jpg")));
    assert_eq!(video.likes.id, Some(uri("https://tube.example/videos/watch/1/likes")));
}

#[test]
fn wordpress_and_friendica_write_long_and_odd_texts() {
    let article = Note::read(&fixture!("wordpress/article.json")).unwrap();
    assert_eq!((article.kind, article.title.as_deref()), (NoteKind::Article, Some("First")));
    assert_eq!(article.page, Some(article.id.clone()));
    let reply = Note::read(&fixture!("friendica/reply.json")).unwrap();
    assert_eq!((reply.content.as_deref(), reply.language.as_deref()), (Some("Yes <b>it is</b>"), Some("en")));
    assert_eq!(reply.context, Some(uri("https://lemmy.example/post/7#context")));
    assert_eq!((reply.summary, reply.tags.hashtags), (None, vec!["Boats".to_owned()]));
}

#[test]
fn a_key_without_an_owner_belongs_to_the_actor_that_lists_it() {
    let actor = Actor::read(&fixture!("threads/actor.json")).unwrap();
    assert_eq!(actor.keys[0].id, uri("https://www.threads.example/ap/users/ivy/#main-key"));
}

#[test]
fn a_quote_is_asked_for_with_only_its_name() {
    let request = Activity::read(&fixture!("mitra/quote_request.json")).unwrap();
    let Verb::QuoteRequest { object, instrument } = request.verb else { panic!("a {}", request.kind()) };
    assert_eq!(object, uri("https://here.example/ap/users/1/statuses/5"));
    assert_eq!(instrument.id(), Some(&uri("https://mitra.example/objects/2")));
}

#[test]
fn gotosocial_asks_allows_and_denies() {
    let asked = |document: &Document| {
        let activity = Activity::read(document).unwrap();
        match activity.verb {
            Verb::InteractionRequest { what, object, instrument } => {
                assert_eq!(object, uri("https://here.example/ap/users/1/statuses/5"));
                (what, instrument.id().unwrap().as_str().to_owned(), instrument.note().is_some())
            }
            other => panic!("{other:?}"),
        }
    };
    let cy = "https://gotosocial.example/users/cy";
    let reply = asked(&fixture!("gotosocial/reply_request.json"));
    assert_eq!(reply, (Interaction::Reply, format!("{cy}/statuses/01RE"), true));
    let like = asked(&fixture!("gotosocial/like_request.json"));
    assert_eq!(like, (Interaction::Like, format!("{cy}/liked/01LI"), false));
    let announce = asked(&fixture!("gotosocial/announce_request.json"));
    assert_eq!(announce, (Interaction::Announce, format!("{cy}/statuses/01AN"), false));

    let accept = Activity::read(&fixture!("gotosocial/accept_reply_request.json")).unwrap();
    let Verb::Accept { asked, result } = &accept.verb else { panic!("a {}", accept.kind()) };
    assert_eq!(result.as_ref().unwrap(), &uri(&format!("{cy}/authorizations/01AC")));
    let Verb::InteractionRequest { instrument, .. } = &asked.activity().unwrap().verb else { panic!("no request") };
    assert_eq!(instrument.id(), Some(&uri("https://here.example/ap/users/1/statuses/7")));

    let stamp = InteractionAuthorization::read(&fixture!("gotosocial/reply_authorization.json")).unwrap();
    let (answer, target) = (uri("https://other.example/users/bo/statuses/9"), uri(&format!("{cy}/statuses/01ASK")));
    assert!(stamp.allows(Interaction::Reply, &answer, &target, &uri(cy)));
    assert!(!stamp.allows(Interaction::Like, &answer, &target, &uri(cy)));
    assert!(!stamp.allows(Interaction::Reply, &target, &answer, &uri(cy)));
}

#[test]
fn the_policy_of_today_is_known_by_its_words() {
    let is_of_today = |note: Note| note.policy.reply.unwrap().is_of_today;
    assert!(is_of_today(Note::read(&fixture!("gotosocial/note_asks.json")).unwrap()));
    assert!(!is_of_today(Note::read(&fixture!("gotosocial/note.json")).unwrap()));
}

#[test]
fn what_is_said_of_a_picture_may_have_ten_thousand_letters_of_any_script() {
    let note = |alt: &str| {
        let document = serde_json::json!({
            "id": "https://remote.example/notes/1", "type": "Note", "attributedTo": "https://remote.example/users/ada",
            "attachment": [{ "type": "Image", "url": "https://remote.example/a.png", "name": alt }],
        });
        let document = Document::parse(document.to_string().as_bytes(), Web::Https).unwrap();
        Note::read(&document).unwrap().attachments[0].alt.clone().unwrap()
    };
    for letter in ["a", "火"] {
        assert_eq!(note(&letter.repeat(10_000)), letter.repeat(10_000));
        assert_eq!(note(&letter.repeat(10_001)), letter.repeat(10_000));
    }
}
