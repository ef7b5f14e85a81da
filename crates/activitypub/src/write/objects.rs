//! Actors and posts, written.

use phiomia_model::remote::Interaction;
use serde_json::{Value, json};

use super::{Fields, Write, time, uris};
use crate::{
    actor::{Actor, KeyMaterial},
    audience::{Policy, Rule},
    collection::Counted,
    note::{Emoji, InteractionAuthorization, Markup, Media, MediaKind, Note, Poll, QuoteAuthorization, approval},
    uri::Uri,
};

impl Write for Actor {
    fn to_json(&self) -> Value {
        let endpoints = self.shared_inbox.as_ref().map(|inbox| json!({"sharedInbox": inbox.as_str()}));
        let fields = self.fields.iter().map(|row| {
            Fields::of("PropertyValue").with("name", row.name.as_str()).with("value", row.value.as_str()).done()
        });
        let fields = Fields::of(self.kind.word())
            .with("id", self.id.as_str())
            .with("preferredUsername", self.username.as_str())
            .maybe("webfinger", self.handle.as_ref().map(ToString::to_string))
            .maybe("name", self.name.as_deref())
            .maybe("summary", self.summary.as_deref())
            .uri("url", self.page.as_ref())
            .with("inbox", self.inbox.as_str())
            .uri("outbox", self.outbox.as_ref())
            .maybe("endpoints", endpoints)
            .uri("followers", self.followers.as_ref())
            .uri("following", self.following.as_ref())
            .uri("featured", self.featured.as_ref())
            .uri("featuredTags", self.featured_tags.as_ref())
            .maybe("icon", self.icon.as_ref().map(image))
            .maybe("image", self.image.as_ref().map(image))
            .list("attachment", fields)
            .list("tag", self.emojis.iter().map(emoji))
            .with("manuallyApprovesFollowers", self.is_locked)
            .maybe("discoverable", self.discoverable)
            .maybe("indexable", self.indexable)
            .maybe("memorial", self.memorial.then_some(true))
            .maybe("showMedia", self.shows_media)
            .maybe("showRepliesInMedia", self.shows_media_replies)
            .maybe("showFeatured", self.shows_featured)
            .maybe("suspended", self.suspended.then_some(true))
            .uri("movedTo", self.moved_to.as_ref())
            .list("alsoKnownAs", uris(&self.aliases))
            .maybe("published", self.published.map(time))
            .maybe("updated", self.updated.map(time))
            .list("attributionDomains", self.attribution_domains.iter().map(|domain| json!(domain)))
            .maybe("interactionPolicy", policy(&self.policy));
        keys(fields, self).done()
    }
}

/// One `publicKey` is an object, as Mastodon has it; more are a list. Multikeys are written as `assertionMethod`.
fn keys(fields: Fields, actor: &Actor) -> Fields {
    let (mut pems, mut multikeys) = (Vec::new(), Vec::new());
    for key in &actor.keys {
        let written = Fields::default().with("id", key.id.as_str());
        match &key.material {
            KeyMaterial::Pem(pem) => {
                pems.push(written.with("owner", actor.id.as_str()).with("publicKeyPem", pem.as_str()).done());
            }
            KeyMaterial::Multibase(text) => multikeys.push(
                written
                    .with("type", "Multikey")
                    .with("controller", actor.id.as_str())
                    .with("publicKeyMultibase", text.as_str())
                    .done(),
            ),
        }
    }
    let fields = match pems.len() {
        1 => fields.maybe("publicKey", pems.pop()),
        _ => fields.list("publicKey", pems),
    };
    fields.list("assertionMethod", multikeys)
}

fn image(media: &Media) -> Value {
    Fields::of("Image")
        .with("url", media.file.as_str())
        .maybe("mediaType", media.media_type.as_deref())
        .maybe("name", media.alt.as_deref())
        .done()
}

fn attachment(media: &Media) -> Value {
    // `Document` for all kinds, as Mastodon does: the kind is told by `mediaType`. Without one the type must tell it.
    let kind = match (&media.media_type, media.kind) {
        (Some(_), _) | (None, MediaKind::Unknown) => "Document",
        (None, MediaKind::Image) => "Image",
        (None, MediaKind::Video) => "Video",
        (None, MediaKind::Audio) => "Audio",
    };
    let preview = media.preview.as_ref().map(|uri| json!({"type": "Image", "url": uri.as_str()}));
    Fields::of(kind)
        .with("url", media.file.as_str())
        .maybe("mediaType", media.media_type.as_deref())
        .maybe("name", media.alt.as_deref())
        .maybe("blurhash", media.blurhash.as_deref())
        .maybe("focalPoint", media.focal_point.map(|(x, y)| json!([x, y])))
        .maybe("width", media.width)
        .maybe("height", media.height)
        .maybe("duration", media.duration_ms.map(|ms| format!("PT{}.{:03}S", ms / 1_000, ms % 1_000)))
        .maybe("icon", preview)
        .done()
}

pub(super) fn emoji(emoji: &Emoji) -> Value {
    let icon = Fields::of("Image").with("url", emoji.image.as_str()).maybe("mediaType", emoji.media_type.as_deref());
    Fields::of("Emoji")
        .uri("id", emoji.id.as_ref())
        .with("name", format!(":{}:", emoji.shortcode))
        .maybe("updated", emoji.updated.map(time))
        .with("icon", icon.done())
        .done()
}

fn policy(policy: &Policy) -> Option<Value> {
    let rule = |rule: &Rule| {
        let automatic: Vec<Value> = uris(&rule.automatic).collect();
        Fields::default().with("automaticApproval", automatic).list("manualApproval", uris(&rule.manual)).done()
    };
    let fields = Fields::default()
        .maybe("canQuote", policy.quote.as_ref().map(rule))
        .maybe("canReply", policy.reply.as_ref().map(rule))
        .maybe("canLike", policy.like.as_ref().map(rule))
        .maybe("canAnnounce", policy.announce.as_ref().map(rule));
    (!policy.is_silent()).then(|| fields.done())
}

impl Write for Note {
    fn to_json(&self) -> Value {
        let by_language = |text: &Option<String>| match (text, &self.language) {
            (Some(text), Some(language)) => Some(json!({ language: text })),
            _ => None,
        };
        let media_type = match self.markup {
            Markup::Html => None,
            Markup::Markdown => Some("text/markdown"),
            Markup::Plain => Some("text/plain"),
        };
        let mentions = self.tags.mentions.iter().map(|mention| {
            let fields = Fields::of("Mention").with("href", mention.actor.as_str());
            fields.maybe("name", mention.name.as_deref()).done()
        });
        let hashtags = self.tags.hashtags.iter().map(|tag| hashtag(tag, &self.id));
        let link = self.link.as_ref().map(|link| json!({"type": "Link", "href": link.as_str()}));
        let fields = Fields::of(self.kind.word())
            .with("id", self.id.as_str())
            .with("attributedTo", self.author.as_str())
            .maybe("name", self.title.as_deref())
            .maybe("content", self.content.as_deref())
            .maybe("contentMap", by_language(&self.content))
            .maybe("mediaType", media_type)
            .maybe("summary", self.summary.as_deref())
            .with("sensitive", self.sensitive)
            .audience(&self.audience)
            .list("audience", uris(&self.groups))
            .list("tag", mentions.chain(hashtags).chain(self.tags.emojis.iter().map(emoji)))
            .list("attachment", self.attachments.iter().map(attachment).chain(link))
            .maybe("image", self.preview.as_ref().map(image))
            .uri("inReplyTo", self.in_reply_to.as_ref())
            .maybe("conversation", self.conversation.as_deref())
            .uri("context", self.context.as_ref())
            .maybe("replies", counted(&self.replies))
            .maybe("likes", counted(&self.likes))
            .maybe("shares", counted(&self.shares))
            .maybe("interactionPolicy", policy(&self.policy))
            .maybe("published", self.published.map(time))
            .maybe("updated", self.updated.map(time))
            .maybe("startTime", self.starts.map(time))
            .uri("url", self.page.as_ref());
        let fields = match &self.quote {
            None => fields,
            Some(quote) => fields
                .with("quote", quote.object.as_str())
                .with("quoteUri", quote.object.as_str())
                .with("_misskey_quote", quote.object.as_str())
                .uri("quoteAuthorization", quote.authorization.as_ref()),
        };
        let fields = approved(fields, Interaction::Reply, self.authorization.as_ref());
        match &self.poll {
            None => fields,
            Some(poll) => choices(fields, poll),
        }
        .done()
    }
}

fn hashtag(name: &str, note: &Uri) -> Value {
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    let scheme = note.as_str().split("://").next().unwrap_or("https");
    let href = format!("{scheme}://{}/tags/{encoded}", note.host());
    Fields::of("Hashtag").with("href", href).with("name", format!("#{name}")).done()
}

fn choices(fields: Fields, poll: &Poll) -> Fields {
    let choices = poll.choices.iter().map(|choice| {
        let replies = Fields::of("Collection").with("totalItems", choice.votes).done();
        Fields::of("Note").with("name", choice.title.as_str()).with("replies", replies).done()
    });
    fields
        .list(if poll.is_multiple { "anyOf" } else { "oneOf" }, choices)
        .maybe("endTime", poll.ends.map(time))
        .maybe("closed", poll.closed.map(time))
        .maybe("votersCount", poll.voters)
}

fn counted(collection: &Counted) -> Option<Value> {
    if collection.total.is_none() && collection.page.is_none() {
        return collection.id.as_ref().map(|id| json!(id.as_str()));
    }
    let fields = Fields::of("Collection").uri("id", collection.id.as_ref()).maybe("totalItems", collection.total);
    Some(fields.maybe("first", collection.page.as_ref().map(|page| page.to_json())).done())
}

/// Under the name of today and the one of GoToSocial before 0.21.
pub(super) fn approved(fields: Fields, what: Interaction, stamp: Option<&Uri>) -> Fields {
    fields.uri(approval::words(what).2, stamp).uri("approvedBy", stamp)
}

impl Write for InteractionAuthorization {
    fn to_json(&self) -> Value {
        Fields::of(approval::words(self.what).1)
            .with("id", self.id.as_str())
            .with("attributedTo", self.author.as_str())
            .with("interactingObject", self.interacting.as_str())
            .with("interactionTarget", self.target.as_str())
            .done()
    }
}

impl Write for QuoteAuthorization {
    fn to_json(&self) -> Value {
        Fields::of("QuoteAuthorization")
            .with("id", self.id.as_str())
            .with("attributedTo", self.author.as_str())
            .with("interactingObject", self.quoting.as_str())
            .with("interactionTarget", self.quoted.as_str())
            .done()
    }
}
