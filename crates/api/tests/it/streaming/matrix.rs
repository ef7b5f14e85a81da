//! Who hears what, on every stream: each visibility, each listener.

use std::collections::BTreeSet;

use phiomia_model::{
    StatusId, Visibility,
    status::{Draft, Edit},
};
use phiomia_social::{lists, relationships, statuses};
use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::station::{Radio, Station};

const VISIBILITIES: [Visibility; 4] =
    [Visibility::Public, Visibility::Unlisted, Visibility::Private, Visibility::Direct];
/// Streams that need no list.
const STREAMS: [&str; 8] = [
    "user",
    "user:notification",
    "direct",
    "public",
    "public:local",
    "public:remote",
    "public:media",
    "public:local:media",
];
/// What is said last, by somebody with whom nobody has anything to do.
const FENCE: &str = "that was all";

/// A word that stands in the post of one visibility alone.
fn secret(visibility: Visibility) -> String {
    format!("{visibility}secret")
}

/// Tunes a line to everything that may be asked for.
async fn everything(mut radio: Radio, list: Option<i64>) -> Radio {
    for stream in STREAMS {
        radio.say(json!({"type": "subscribe", "stream": stream})).await;
    }
    for stream in ["hashtag", "hashtag:local"] {
        radio.say(json!({"type": "subscribe", "stream": stream, "tag": "striped"})).await;
    }
    if let Some(list) = list {
        radio.say(json!({"type": "subscribe", "stream": "list", "list": list.to_string()})).await;
    }
    // Streams that need a token are refused to who has none.
    radio.say(json!({"type": "subscribe", "stream": "are you there"})).await;
    loop {
        if radio.hear().await["error"] == "Unknown stream type" {
            return radio;
        }
    }
}

/// Everything that is heard up to the fence: stream, event, and whose visibility the payload betrays.
async fn heard(radio: &mut Radio, ids: &[(StatusId, Visibility)]) -> BTreeSet<(String, String, String)> {
    let mut heard = BTreeSet::new();
    loop {
        let (stream, event, payload) = radio.event().await;
        let text = payload.to_string();
        if text.contains(FENCE) {
            return heard;
        }
        for visibility in VISIBILITIES {
            let is_of = |(id, of): &(StatusId, Visibility)| *of == visibility && text.contains(&id.to_string());
            if text.contains(&secret(visibility)) || ids.iter().any(is_of) {
                heard.insert((stream.join(","), event.clone(), visibility.to_string()));
            }
        }
    }
}

on_both_engines! {
    async fn a_post_is_heard_on_no_stream_by_whom_it_is_not_for(station: Station) {
        let mut people = Vec::new();
        for name in ["author", "follower", "mentioned", "stranger", "blocked", "blocker", "muter", "herald"] {
            people.push(station.person(name).await);
        }
        let [author, follower, _, _, blocked, blocker, muter, herald] = people[..] else { unreachable!() };
        station.follows(follower, author).await;
        let list = station.does(move |tx| {
            let how = lists::ListEdit { title: Some("friends".into()), ..lists::ListEdit::default() };
            let list = lists::create(tx, follower, &how)?;
            lists::add(tx, follower, list.id, &[author])?;
            relationships::block(tx, author, blocked)?;
            relationships::block(tx, blocker, author)?;
            relationships::mute(tx, muter, author, relationships::Mute { hides_notifications: true, duration: std::time::Duration::ZERO })?;
            Ok(list.id)
        }).await;
        let names = [None, Some("author"), Some("follower"), Some("mentioned"), Some("stranger"), Some("blocked"), Some("blocker"), Some("muter")];
        let mut radios = Vec::new();
        for name in names {
            let rest = name.map(|name| format!("?access_token={name}")).unwrap_or_default();
            // Everybody asks for the list; it is the follower's.
            radios.push(everything(station.dial(&rest, &[]).await.unwrap(), Some(list.0)).await);
        }
        let mut ids = Vec::new();
        for visibility in VISIBILITIES {
            let text = format!("@mentioned {} #striped", secret(visibility));
            let id = station.posts(author, Draft { text: text.clone(), visibility: Some(visibility), ..Draft::default() }).await;
            ids.push((id, visibility));
            let (social, edit) = (station.social.clone(), Edit { text: Some(format!("{text} again")), ..Edit::default() });
            station.does(move |tx| statuses::edit(tx, &social, author, id, &edit)).await;
            station.does(move |tx| statuses::delete(tx, author, id)).await;
        }
        station.says(herald, FENCE).await;
        for (name, radio) in names.into_iter().zip(&mut radios) {
            let heard = heard(radio, &ids).await;
            for (stream, event, visibility) in &heard {
                let may = match (name, visibility.as_str()) {
                    (Some("author" | "mentioned"), _) => true,
                    (Some("follower"), visibility) => visibility != "direct",
                    (Some("blocked" | "blocker" | "muter"), _) => false,
                    (_, visibility) => visibility == "public",
                };
                assert!(may, "{name:?} hears {event} of {visibility} on {stream}");
                let is_open = stream.starts_with("public") || stream.starts_with("hashtag");
                assert!(!is_open || visibility == "public", "{stream} tells {name:?} {event} of {visibility}");
            }
            let tells = |stream: &str, visibility: &str| {
                ["update", "status.update", "delete"].iter().all(|event| {
                    heard.contains(&(stream.to_owned(), (*event).to_owned(), visibility.to_owned()))
                })
            };
            let is_disturbed = matches!(name, Some("blocked" | "blocker" | "muter"));
            for stream in ["public", "public:local", "hashtag,striped", "hashtag:local,striped"] {
                assert_eq!(tells(stream, "public"), !is_disturbed, "{stream}, {name:?}: {heard:?}");
            }
            for visibility in ["public", "unlisted", "private", "direct"] {
                let at_home = name == Some("author") || (name == Some("follower") && visibility != "direct");
                assert_eq!(tells("user", visibility), at_home, "{name:?}, {visibility}: {heard:?}");
                let on_list = name == Some("follower") && visibility != "direct";
                assert_eq!(tells(&format!("list,{list}"), visibility), on_list, "{name:?}, {visibility}: {heard:?}");
            }
            let has_conversation = heard.iter().any(|(stream, event, visibility)| {
                (stream.as_str(), event.as_str(), visibility.as_str()) == ("direct", "conversation", "direct")
            });
            assert_eq!(has_conversation, matches!(name, Some("author" | "mentioned")), "{name:?}");
        }
    }
}
