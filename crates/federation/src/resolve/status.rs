//! Posts elsewhere: fetched by their id, understood, and put into the database.

use phiomia_activitypub::{
    Audience, Document, Note, NoteKind, Object, Policy, Rule, Uri, Verb,
    note::{Markup, Media, MediaKind},
};
use phiomia_model::{
    AccountId, Error, Noun, QuotePolicy, Refusal, StatusId, Visibility,
    remote::{Allowed, Interactions, RemoteDraft, RemoteEmoji, RemoteMedia, RemotePoll},
};
use phiomia_social::remote::{Arrival, Coming};
use phiomia_store::{
    Query,
    db::federation::{actors, posts, senders::Sender},
};

use super::{Missing, manners::bounded};
use crate::{Federation, inbox::Signer};

/// People of a post who are looked up when they are not known; beyond, they stay text.
const MOST_LOOKED_UP: usize = 20;

impl Federation {
    /// The post with this id in the network: known, or fetched from its own server.
    ///
    /// # Errors
    /// [`Missing`].
    pub async fn status(&self, uri: &Uri) -> Result<StatusId, Missing> {
        let name = uri.normal().to_owned();
        if let Some(known) = self.db.read(move |q| Ok(posts::by_uri(q, &name)?)).await? {
            return Ok(known);
        }
        self.fetch_within(uri, Reach::Quoted).await
    }

    /// Fetches a post, also when it is known: for counts and edits.
    pub(crate) async fn fetch_status(&self, uri: &Uri) -> Result<StatusId, Missing> {
        self.fetch_within(uri, Reach::Quoted).await
    }

    pub(super) async fn fetch_within(&self, uri: &Uri, reach: Reach) -> Result<StatusId, Missing> {
        if self.is_own(uri) {
            return Err(Refusal::NotFound(Noun::Status).into());
        }
        let document = self.fetch_document(uri).await?;
        let note = genuine_note(&document, uri)?;
        self.keep_within(&note, Coming::Fetched, reach, None).await
    }

    /// Puts a genuine post into the database, or changes the one that is there.
    pub(crate) async fn keep_note(&self, note: &Note, coming: Coming) -> Result<StatusId, Missing> {
        self.keep_within(note, coming, Reach::Quoted, None).await
    }

    /// The same for a post that came along, signed by its author.
    pub(crate) async fn keep_sent(&self, signer: &Signer, note: &Note, coming: Coming) -> Result<StatusId, Missing> {
        self.keep_within(note, coming, Reach::Quoted, signer.known.as_ref()).await
    }

    async fn keep_within(
        &self,
        note: &Note,
        coming: Coming,
        reach: Reach,
        author: Option<&Sender>,
    ) -> Result<StatusId, Missing> {
        self.check_reply(note).await?;
        let draft = self.draft(note, reach, author).await?;
        self.receive(Arrival { draft, coming }).await?.ok_or_else(|| Missing::Gone(note.id.clone()))
    }

    /// A post as the database takes it: everybody in it looked up, all within the bounds.
    pub(crate) async fn draft(
        &self,
        note: &Note,
        reach: Reach,
        author: Option<&Sender>,
    ) -> Result<RemoteDraft, Missing> {
        let (author, lists) = match author.filter(|author| author.uri == note.author.normal()) {
            Some(known) => (known.account, [known.followers.clone(), known.following.clone()]),
            None => self.author_and_lists(&note.author).await?,
        };
        let [followers, following] = lists.map(|text| text.and_then(|text| Uri::parse(&text, self.web).ok()));
        let mentions = self.mentions(note).await?;
        let addressed = self.addressed(&note.audience, &mentions).await?;
        let quote = self.quote(note, reach).await?;
        let text = |uri: &Option<Uri>| uri.as_ref().map(|uri| uri.normal().to_owned());
        let count = |n: Option<u64>| n.and_then(|n| i64::try_from(n).ok());
        Ok(RemoteDraft {
            uri: note.id.normal().to_owned(),
            url: note.page.as_ref().or(Some(&note.id)).map(|uri| uri.as_str().to_owned()),
            author,
            text: content(note),
            spoiler_text: warning(note),
            visibility: note.visibility(followers.as_ref()),
            is_sensitive: note.sensitive || !warning(note).is_empty(),
            language: note.language.clone(),
            in_reply_to: text(&note.in_reply_to),
            published: note.published,
            edited: note.updated,
            mentions,
            addressed,
            tags: note.tags.hashtags.iter().filter(|tag| phiomia_text::is_valid_tag(tag)).cloned().collect(),
            poll: note.poll.as_ref().filter(|poll| !poll.choices.is_empty()).map(|poll| RemotePoll {
                options: poll.choices.iter().map(|c| (c.title.clone(), count(Some(c.votes)).unwrap_or(0))).collect(),
                is_multiple: poll.is_multiple,
                expires_at: poll.ends,
                closed_at: poll.closed,
                voters: count(poll.voters),
            }),
            attachments: note.attachments.iter().map(media).collect(),
            emojis: note.tags.emojis.iter().map(emoji).collect(),
            conversation: note.conversation.clone().or_else(|| text(&note.context)),
            context: text(&note.context),
            replies: text(&note.replies.id),
            n_replies: count(note.replies.total),
            n_reblogs: count(note.shares.total),
            n_favourites: count(note.likes.total),
            quote,
            quote_policy: quote_policy(note, followers.as_ref()),
            interactions: interactions(&note.policy, followers.as_ref(), following.as_ref()),
        })
    }

    /// The author, and where their followers and whom they follow are named.
    async fn author_and_lists(&self, uri: &Uri) -> Result<(AccountId, [Option<String>; 2]), Missing> {
        let lists = |q: &Query<'_>, author| {
            let row = actors::find(q, author)?;
            Ok::<_, Error>(row.map_or([None, None], |row| [row.followers, row.following]))
        };
        let name = uri.normal().to_owned();
        let known = self.db.read(move |q| match actors::by_uri(q, &name)? {
            Some(author) => Ok(Some((author, lists(q, author)?))),
            None => Ok(None),
        });
        if let Some(known) = known.await? {
            return Ok(known);
        }
        let author = self.account(uri).await?;
        Ok((author, self.db.read(move |q| lists(q, author)).await?))
    }

    async fn mentions(&self, note: &Note) -> Result<Vec<(AccountId, String)>, Missing> {
        let mut found = Vec::new();
        for (n, mention) in note.tags.mentions.iter().enumerate() {
            let account = match self.known_or_by_page(&mention.actor).await? {
                Some(known) => Some(known),
                None if n < MOST_LOOKED_UP && !self.is_own(&mention.actor) => {
                    match self.account(&mention.actor).await {
                        Ok(account) => Some(account),
                        Err(missing) if missing.is_ours() => return Err(missing),
                        // Whoever cannot be looked up stays text.
                        Err(_) => None,
                    }
                }
                None => None,
            };
            if let Some(account) = account {
                let handle = mention.name.clone().unwrap_or_default();
                found.push((account, handle.trim_start_matches('@').to_owned()));
            }
        }
        Ok(found)
    }

    async fn known_or_by_page(&self, uri: &Uri) -> Result<Option<AccountId>, Error> {
        let (normal, text) = (uri.normal().to_owned(), uri.as_str().to_owned());
        let find = move |q: &Query<'_>| match actors::by_uri(q, &normal)? {
            Some(known) => Ok(Some(known)),
            // Some softwares name the page instead of the id.
            None => Ok(actors::by_url(q, &text)?),
        };
        self.db.read(find).await
    }

    /// People here who are addressed without being named in the text.
    async fn addressed(&self, audience: &Audience, named: &[(AccountId, String)]) -> Result<Vec<AccountId>, Error> {
        let ours: Vec<String> =
            audience.all().filter(|uri| self.is_own(uri)).map(|uri| uri.normal().to_owned()).take(100).collect();
        if ours.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.db.read(move |q| Ok(actors::by_uris(q, &ours)?)).await?;
        let is_new = |account: &AccountId| named.iter().all(|(known, _)| known != account);
        Ok(found.into_iter().map(|(account, _)| account).filter(is_new).collect())
    }

    /// What an address of the web leads to: a person or a post, by its id, its page, or the page's own hint.
    ///
    /// # Errors
    /// [`Missing`].
    pub async fn look_up(&self, address: &str) -> Result<Found, Missing> {
        Box::pin(bounded(self.look_up_within(address))).await
    }

    async fn look_up_within(&self, address: &str) -> Result<Found, Missing> {
        let not_there = || Missing::Refused(Refusal::NotFound(Noun::Record));
        let uri = Uri::parse(address, self.web).map_err(|_| not_there())?;
        let (normal, text) = (uri.normal().to_owned(), uri.as_str().to_owned());
        let known = self.db.read(move |q| {
            if let Some(account) = actors::by_uri(q, &normal)?.or(actors::by_url(q, &text)?) {
                return Ok(Some(Found::Account(account)));
            }
            let status = posts::by_uri(q, &normal)?.or(posts::by_url(q, &text)?);
            Ok(status.map(Found::Status))
        });
        if let Some(known) = known.await? {
            return Ok(known);
        }
        if self.is_own(&uri) {
            return Err(not_there());
        }
        let document = match self.fetch_document(&uri).await {
            Ok(document) => document,
            Err(Missing::NotGenuine(..)) => {
                let hint = self.hint(&uri).await?.ok_or_else(not_there)?;
                self.fetch_document(&hint).await?
            }
            Err(other) => return Err(other),
        };
        match Object::read(&document) {
            Object::Actor(actor) => self.keep_account(actor).await.map(Found::Account),
            Object::Note(_) | Object::Activity(_) => {
                let id = document.id().ok_or_else(not_there)?;
                let note = genuine_note(&document, &id)?;
                self.keep_note(&note, Coming::Fetched).await.map(Found::Status)
            }
            _ => Err(not_there()),
        }
    }

    /// `<link rel="alternate" type="application/activity+json" href="…">` of a page.
    async fn hint(&self, page: &Uri) -> Result<Option<Uri>, Missing> {
        let answer = self.fetch_signed(page, "text/html, application/activity+json").await?;
        if !super::document::is_page(&answer) {
            return Ok(None);
        }
        let html = String::from_utf8_lossy(&answer.body);
        Ok(alternate(&html).and_then(|href| Uri::parse(&href, self.web).ok()))
    }
}

/// How far the fetching of one post goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The post alone.
    Itself,
    /// What it quotes, too.
    Quoted,
}

/// What an address led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A person.
    Account(AccountId),
    /// A post.
    Status(StatusId),
}

/// The address in the first link of a page that promises ActivityPub.
fn alternate(html: &str) -> Option<String> {
    let links = html.split("<link").skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag)).take(200);
    let attribute = |tag: &str, name: &str| -> Option<String> {
        let (_, rest) = tag.split_once(&format!("{name}="))?;
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest.get(1..)?.split_once(quote).map(|(value, _)| value.replace("&amp;", "&"))
    };
    links
        .filter(|tag| attribute(tag, "rel").is_some_and(|rel| rel.split(' ').any(|r| r == "alternate")))
        .filter(|tag| attribute(tag, "type").is_some_and(|t| phiomia_activitypub::webfinger::is_activity_type(&t)))
        .find_map(|tag| attribute(tag, "href"))
}

/// The post of a document that was fetched from its own id; of a `Create` the post in it, if that is of the same host.
pub(crate) fn genuine_note(document: &Document, uri: &Uri) -> Result<Note, Missing> {
    let note = match Object::read(document) {
        Object::Note(note) => note,
        Object::Activity(activity) => match activity.verb {
            Verb::Create(thing) => match thing.note() {
                Some(note) if note.id.is_with(uri) && note.author == activity.actor => note.clone(),
                _ => return Err(Missing::NotGenuine(uri.clone(), "it is no post")),
            },
            _ => return Err(Missing::NotGenuine(uri.clone(), "it is no post")),
        },
        _ => return Err(Missing::NotGenuine(uri.clone(), "it is no post")),
    };
    // A vote is a private matter between two servers.
    if note.as_vote().is_some() && !note.audience.all().any(Uri::is_public) {
        return Err(Missing::NotGenuine(uri.clone(), "it is a vote"));
    }
    Ok(note)
}

/// The text as Mastodon shows it: of long forms the title, and where the rest is to be read.
fn content(note: &Note) -> String {
    let text = match (&note.content, note.markup) {
        (None, _) => String::new(),
        (Some(text), Markup::Html) => text.clone(),
        // Both are shown as they are written, with their lines.
        (Some(text), Markup::Markdown | Markup::Plain) => paragraphs(text),
    };
    if matches!(note.kind, NoteKind::Note | NoteKind::Question) {
        return text;
    }
    // A page of a community is about what it links to; articles and events are read where they are.
    let about = note.link.as_ref().filter(|_| note.kind == NoteKind::Page);
    let address = about.or(note.page.as_ref()).unwrap_or(&note.id).as_str();
    let title = note.title.as_deref().map(|title| format!("<h2>{}</h2>", escaped(title))).unwrap_or_default();
    let link = format!("<p><a href=\"{0}\" rel=\"nofollow noopener\" target=\"_blank\">{0}</a></p>", escaped(address));
    // An article's own summary says more in a timeline than its whole text.
    let body = match (&note.kind, &note.summary) {
        (NoteKind::Article | NoteKind::Event, Some(summary)) if !summary.trim().is_empty() => summary.clone(),
        _ => text,
    };
    format!("{title}{body}{link}")
}

/// The content warning: what long forms call a summary is none.
fn warning(note: &Note) -> String {
    let is_short = matches!(note.kind, NoteKind::Note | NoteKind::Question);
    note.summary
        .as_deref()
        .filter(|_| is_short)
        .map(|text| phiomia_text::plain(text).trim().to_owned())
        .unwrap_or_default()
}

fn paragraphs(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|p| !p.is_empty());
    paragraphs.map(|p| format!("<p>{}</p>", escaped(p).replace('\n', "<br>"))).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn media(media: &Media) -> RemoteMedia {
    let kind = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Unknown => "unknown",
    };
    RemoteMedia {
        kind: kind.to_owned(),
        url: media.file.as_str().to_owned(),
        preview_url: media.preview.as_ref().map(|uri| uri.as_str().to_owned()),
        media_type: media.media_type.clone(),
        description: media.alt.clone(),
        blurhash: media.blurhash.clone(),
        focus: media.focal_point,
        width: media.width,
        height: media.height,
    }
}

fn emoji(emoji: &phiomia_activitypub::note::Emoji) -> RemoteEmoji {
    RemoteEmoji { shortcode: emoji.shortcode.clone(), url: emoji.image.as_str().to_owned() }
}

/// Mastodon's three policies, from whoever is answered with yes at once. Who says nothing does not want to be quoted.
fn quote_policy(note: &Note, followers: Option<&Uri>) -> QuotePolicy {
    match &note.policy.quote {
        Some(rule) if rule.is_open() => QuotePolicy::Public,
        Some(rule) if followers.is_some_and(|followers| rule.automatic.contains(followers)) => QuotePolicy::Followers,
        _ => QuotePolicy::Nobody,
    }
}

/// What the author restricts beside quotes.
fn interactions(policy: &Policy, followers: Option<&Uri>, following: Option<&Uri>) -> Interactions {
    let one = |uri: &Uri| match uri {
        uri if uri.is_public() => Allowed::Everybody,
        uri if Some(uri) == followers => Allowed::Followers,
        uri if Some(uri) == following => Allowed::Following,
        uri => Allowed::Account(uri.normal().to_owned()),
    };
    let lists = |rule: &Option<Rule>| {
        let Some(rule) = rule else { return (None, Vec::new()) };
        let (at_once, asked): (Vec<Allowed>, Vec<Allowed>) =
            (rule.automatic.iter().map(one).collect(), rule.manual.iter().map(one).collect());
        // Whoever is asked about all the same is named there.
        let is_free =
            at_once.contains(&Allowed::Everybody) && !asked.iter().any(|one| matches!(one, Allowed::Account(_)));
        if is_free { (None, Vec::new()) } else { (Some(at_once), asked) }
    };
    let (like, like_asked) = lists(&policy.like);
    let (reply, reply_asked) = lists(&policy.reply);
    let (announce, announce_asked) = lists(&policy.announce);
    let is_restricted = like.is_some() || reply.is_some() || announce.is_some();
    let is_of_today =
        [&policy.like, &policy.reply, &policy.announce].into_iter().flatten().any(|rule| rule.is_of_today);
    let answers_requests = is_restricted && is_of_today;
    Interactions { like, reply, announce, like_asked, reply_asked, announce_asked, answers_requests }
}

/// What an audience means for a boost.
pub(crate) fn boost_visibility(audience: &Audience, followers: Option<&Uri>) -> Visibility {
    match audience.visibility(followers) {
        Visibility::Direct => Visibility::Private,
        other => other,
    }
}
