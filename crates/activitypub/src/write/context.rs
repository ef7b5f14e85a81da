//! The `@context` of a document: the standard one, and a definition for each further term that really occurs in it.
//!
//! Terms and their meanings are Mastodon's, so that servers which do process JSON-LD understand ours as they do its.
//! Source: <https://docs.joinmastodon.org/spec/activitypub/#contexts>.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const ACTIVITY_STREAMS: &str = "https://www.w3.org/ns/activitystreams";
/// Keys of actors: `publicKey`, `publicKeyPem`, `owner`.
const SECURITY: &str = "https://w3id.org/security/v1";

/// Prefixes that the terms below use.
const PREFIXES: [(&str, &str); 5] = [
    ("gts", "https://gotosocial.org/ns#"),
    ("litepub", "http://litepub.social/ns#"),
    ("misskey", "https://misskey-hub.net/ns#"),
    ("schema", "http://schema.org#"),
    ("toot", "http://joinmastodon.org/ns#"),
];

enum Means {
    /// A value or a type.
    Plain(&'static str),
    /// An id.
    Id(&'static str),
    /// A list whose order counts.
    List(&'static str),
}

/// Terms that the standard context does not have.
const TERMS: [(&str, Means); 49] = [
    ("AnnounceAuthorization", Means::Plain("gts:AnnounceAuthorization")),
    ("AnnounceRequest", Means::Plain("gts:AnnounceRequest")),
    ("LikeAuthorization", Means::Plain("gts:LikeAuthorization")),
    ("LikeRequest", Means::Plain("gts:LikeRequest")),
    ("ReplyAuthorization", Means::Plain("gts:ReplyAuthorization")),
    ("ReplyRequest", Means::Plain("gts:ReplyRequest")),
    ("announceAuthorization", Means::Id("gts:announceAuthorization")),
    ("approvedBy", Means::Id("gts:approvedBy")),
    ("likeAuthorization", Means::Id("gts:likeAuthorization")),
    ("replyAuthorization", Means::Id("gts:replyAuthorization")),
    ("Emoji", Means::Plain("toot:Emoji")),
    ("EmojiReact", Means::Plain("litepub:EmojiReact")),
    ("Hashtag", Means::Plain("as:Hashtag")),
    ("PropertyValue", Means::Plain("schema:PropertyValue")),
    ("QuoteAuthorization", Means::Plain("https://w3id.org/fep/044f#QuoteAuthorization")),
    ("QuoteRequest", Means::Plain("https://w3id.org/fep/044f#QuoteRequest")),
    ("_misskey_quote", Means::Plain("misskey:_misskey_quote")),
    ("alsoKnownAs", Means::Id("as:alsoKnownAs")),
    ("attributionDomains", Means::Id("toot:attributionDomains")),
    ("automaticApproval", Means::Id("gts:automaticApproval")),
    ("blurhash", Means::Plain("toot:blurhash")),
    ("canAnnounce", Means::Id("gts:canAnnounce")),
    ("canLike", Means::Id("gts:canLike")),
    ("canQuote", Means::Id("gts:canQuote")),
    ("canReply", Means::Id("gts:canReply")),
    ("discoverable", Means::Plain("toot:discoverable")),
    ("featured", Means::Id("toot:featured")),
    ("featuredTags", Means::Id("toot:featuredTags")),
    ("focalPoint", Means::List("toot:focalPoint")),
    ("indexable", Means::Plain("toot:indexable")),
    ("interactingObject", Means::Id("gts:interactingObject")),
    ("interactionPolicy", Means::Id("gts:interactionPolicy")),
    ("interactionTarget", Means::Id("gts:interactionTarget")),
    ("manualApproval", Means::Id("gts:manualApproval")),
    ("manuallyApprovesFollowers", Means::Plain("as:manuallyApprovesFollowers")),
    ("memorial", Means::Plain("toot:memorial")),
    ("movedTo", Means::Id("as:movedTo")),
    ("quote", Means::Id("https://w3id.org/fep/044f#quote")),
    ("quoteAuthorization", Means::Id("https://w3id.org/fep/044f#quoteAuthorization")),
    ("quoteUri", Means::Plain("http://fedibird.com/ns#quoteUri")),
    ("sensitive", Means::Plain("as:sensitive")),
    ("showFeatured", Means::Plain("toot:showFeatured")),
    ("showMedia", Means::Plain("toot:showMedia")),
    ("showRepliesInMedia", Means::Plain("toot:showRepliesInMedia")),
    ("suspended", Means::Plain("toot:suspended")),
    ("value", Means::Plain("schema:value")),
    ("votersCount", Means::Plain("toot:votersCount")),
    ("webfinger", Means::Plain("https://purl.archive.org/socialweb/webfinger#webfinger")),
    ("conversation", Means::Plain("http://ostatus.org#conversation")),
];

/// The context for a document with this content.
pub(super) fn of(value: &Value) -> Value {
    let mut words = BTreeSet::new();
    collect(value, &mut words);
    let mut terms = Map::new();
    for (term, means) in &TERMS {
        if !words.contains(term) {
            continue;
        }
        let (iri, definition) = match means {
            Means::Plain(iri) => (iri, json!(iri)),
            Means::Id(iri) => (iri, json!({"@id": iri, "@type": "@id"})),
            Means::List(iri) => (iri, json!({"@container": "@list", "@id": iri})),
        };
        terms.insert((*term).to_owned(), definition);
        let prefix = PREFIXES.iter().find(|(prefix, _)| iri.strip_prefix(prefix).is_some_and(|r| r.starts_with(':')));
        if let Some((prefix, iri)) = prefix {
            terms.insert((*prefix).to_owned(), json!(iri));
        }
    }
    let mut contexts = vec![json!(ACTIVITY_STREAMS)];
    if words.contains("publicKey") {
        contexts.push(json!(SECURITY));
    }
    if !terms.is_empty() {
        contexts.push(Value::Object(terms));
    }
    match contexts.as_slice() {
        [only] => only.clone(),
        _ => Value::Array(contexts),
    }
}

/// Every name of a property, and every type. Names inside of language maps are languages, and no term is one.
fn collect<'a>(value: &'a Value, words: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, words)),
        Value::Object(map) => {
            for (name, value) in map {
                words.insert(name);
                if name == "type" {
                    words.extend(value.as_str());
                }
                collect(value, words);
            }
        }
        _ => {}
    }
}
