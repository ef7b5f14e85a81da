//! Posts of people here, and their boosts.

use phiomia_activitypub::{
    Activity, Audience, Collection, Counted, Note, NoteKind, Object, Policy, Rule, Thing, Uri, Verb,
    note::{self, Choice, Markup, Mention, Poll, Quote, Tags},
};
use phiomia_model::{
    Addresses, Fault, QuotePolicy, QuoteState, StatusId, Visibility,
    media::{Media, MediaKind},
};
use phiomia_store::db::{
    accounts::AccountView,
    federation::neighbours::QuoteNames,
    statuses::{MentionView, PollView, StatusBody, StatusView},
};
use phiomia_text::{Context, MentionTarget};

use super::{Facts, below, emojis, uri};

/// Answers of the author that stand in the document itself.
const CONTINUED: usize = 5;

/// What somebody here wrote.
///
/// # Errors
/// The post is a boost or of somebody elsewhere, or an id is none.
pub fn note(view: &StatusView, facts: &Facts, addresses: &Addresses) -> Result<Note, Fault> {
    let body = &*view.body;
    if !body.is_local || body.reblog_of_id.is_some() {
        return Err(Fault::new("only what was written here is written as a note"));
    }
    let around = facts.neighbours.get(&body.id);
    let context = around.and_then(|around| around.conversation.clone());
    let context = context.or_else(|| body.conversation_id.map(|id| context_id(addresses, id)));
    let options = body.poll.iter().flat_map(|poll| &poll.options).map(|option| option.title.as_str());
    let texts = [body.text.as_str(), body.spoiler_text.as_str()].into_iter().chain(options);
    Ok(Note {
        id: uri(&body.uri)?,
        kind: if body.poll.is_some() { NoteKind::Question } else { NoteKind::Note },
        author: uri(&view.author.uri)?,
        title: None,
        content: Some(content(view, addresses)),
        markup: Markup::Html,
        summary: Some(body.spoiler_text.clone()).filter(|text| !text.is_empty()),
        sensitive: view.is_sensitive(),
        language: body.language.clone(),
        audience: audience(body, &view.author, facts)?,
        groups: Vec::new(),
        tags: Tags {
            mentions: mentions(body, facts, addresses)?,
            hashtags: body.tags.clone(),
            emojis: emojis(&facts.emojis, texts, addresses)?,
        },
        attachments: body.media.iter().map(|one| attachment(one, addresses)).collect::<Result<_, _>>()?,
        preview: None,
        poll: body.poll.as_ref().map(|poll| self::poll(poll, view.is_poll_over)),
        in_reply_to: around.and_then(|around| around.parent.as_deref()).map(uri).transpose()?,
        // Others' names of threads may be no addresses at all.
        context: context.as_deref().and_then(|name| uri(name).ok()),
        conversation: context,
        replies: replies(body, facts)?,
        likes: counted(body, "likes", body.favourites_count)?,
        shares: counted(body, "shares", body.reblogs_count)?,
        quote: around
            .and_then(|around| around.quote.as_ref())
            .and_then(|q| quote(q, body.id, addresses).transpose())
            .transpose()?,
        policy: policy(body, &view.author)?,
        authorization: around.and_then(|around| around.stamp.as_deref()).map(uri).transpose()?,
        published: Some(body.created_at),
        updated: body.edited_at,
        starts: None,
        page: body.url.as_deref().map(uri).transpose()?,
        link: None,
    })
}

/// That somebody here wrote or boosted something: what their outbox holds and what their followers are sent.
///
/// # Errors
/// As [`note`].
pub fn activity(view: &StatusView, facts: &Facts, addresses: &Addresses) -> Result<Activity, Fault> {
    let actor = uri(&view.author.uri)?;
    let published = Some(view.body.created_at);
    let Some(boosted) = &view.reblog else {
        let note = note(view, facts, addresses)?;
        let audience = note.audience.clone();
        let id = Some(below(&view.body.uri, "activity")?);
        return Ok(Activity {
            id,
            actor,
            verb: Verb::Create(Thing::Sent(Box::new(Object::Note(note)))),
            audience,
            published,
            authorization: None,
        });
    };
    let mut audience = audience(&view.body, &view.author, facts)?;
    audience.cc.insert(0, uri(&boosted.author.uri)?);
    let verb = Verb::Announce(Thing::Named(uri(&boosted.body.uri)?));
    let around = facts.neighbours.get(&view.body.id);
    let authorization = around.and_then(|around| around.stamp.as_deref()).map(uri).transpose()?;
    Ok(Activity { id: Some(uri(&view.body.uri)?), actor, verb, audience, published, authorization })
}

/// The collection of a thread that began here.
pub(crate) fn context_id(addresses: &Addresses, conversation: i64) -> String {
    addresses.at(&format!("/ap/contexts/{conversation}"))
}

/// A file of ours, as others read it.
fn attachment(media: &Media, addresses: &Addresses) -> Result<note::Media, Fault> {
    let file = uri(&addresses.file_url(&media.original.key))?;
    let kind = match media.kind {
        MediaKind::Image => note::MediaKind::Image,
        MediaKind::Gifv | MediaKind::Video => note::MediaKind::Video,
        MediaKind::Audio => note::MediaKind::Audio,
        MediaKind::Unknown => note::MediaKind::Unknown,
    };
    // A small picture of a picture is made by whoever wants one; of a film or a sound only we know what stands for it.
    let preview = media.preview.as_ref().filter(|_| kind != note::MediaKind::Image);
    Ok(note::Media {
        media_type: Some(media.original.media_type.clone()),
        alt: media.description.clone(),
        blurhash: media.blurhash.clone(),
        focal_point: media.focus,
        width: media.original.width,
        height: media.original.height,
        duration_ms: media.playing.as_ref().map(|playing| playing.duration_ms),
        preview: preview.map(|file| uri(&addresses.file_url(&file.key))).transpose()?,
        ..note::Media::at(kind, file)
    })
}

/// The same HTML that the API shows.
fn content(view: &StatusView, addresses: &Addresses) -> String {
    let body = &*view.body;
    let target = |mention: &MentionView| MentionTarget::kept(&mention.handle, &mention.username, &mention.url);
    let targets: Vec<MentionTarget> = body.mentions.iter().filter_map(target).collect();
    let html = phiomia_text::render_status(&body.text, &Context { mentions: &targets, addresses });
    match view.quote.as_ref().and_then(|quote| quote.quoted.as_ref()) {
        Some(quoted) => phiomia_text::with_quote(&html, quoted.url.as_ref().unwrap_or(&quoted.uri)),
        None => html,
    }
}

/// Whom a post is for. Everybody it mentions is among them, also silently: who could read it still can.
/// Source: <https://docs.joinmastodon.org/spec/activitypub/#properties-used>.
fn audience(body: &StatusBody, author: &AccountView, facts: &Facts) -> Result<Audience, Fault> {
    let followers = below(&author.uri, "followers")?;
    let mentioned = body.mentions.iter().filter_map(|mention| facts.uris.get(&mention.account));
    let mentioned = mentioned.map(|text| uri(text)).collect::<Result<Vec<Uri>, Fault>>()?;
    let with = |first: Uri| std::iter::once(first).chain(mentioned.clone()).collect();
    Ok(match body.visibility {
        Visibility::Public => Audience { to: vec![Uri::public()], cc: with(followers) },
        Visibility::Unlisted => Audience { to: vec![followers], cc: with(Uri::public()) },
        Visibility::Private => Audience { to: vec![followers], cc: mentioned },
        Visibility::Direct => Audience { to: mentioned, cc: Vec::new() },
    })
}

fn mentions(body: &StatusBody, facts: &Facts, addresses: &Addresses) -> Result<Vec<Mention>, Fault> {
    let loud = body.mentions.iter().filter(|mention| !mention.is_silent);
    let known = loud.filter_map(|mention| Some((mention, facts.uris.get(&mention.account)?)));
    known
        .map(|(mention, text)| {
            let domain = mention.domain.as_ref().unwrap_or(&addresses.local_domain);
            Ok(Mention { actor: uri(text)?, name: Some(format!("@{}@{domain}", mention.username)) })
        })
        .collect()
}

fn poll(poll: &PollView, is_over: bool) -> Poll {
    let is_told = is_over || !poll.hides_totals;
    let choice = |option: &phiomia_store::db::statuses::PollOptionView| Choice {
        title: option.title.clone(),
        votes: if is_told { number(option.votes_count) } else { 0 },
    };
    Poll {
        choices: poll.options.iter().map(choice).collect(),
        is_multiple: poll.is_multiple,
        ends: poll.expires_at,
        closed: poll.expires_at.filter(|_| is_over),
        voters: Some(number(poll.voters_count)),
    }
}

/// The collection of answers, with those that the author gave to themselves: a thread is read by following them.
fn replies(body: &StatusBody, facts: &Facts) -> Result<Counted, Fault> {
    let id = below(&body.uri, "replies")?;
    let own = facts.continued.get(&body.id).map_or(&[][..], Vec::as_slice);
    let shown = own.get(..CONTINUED).unwrap_or(own);
    let items = shown.iter().map(|(_, text)| Ok(Thing::Named(uri(text)?)));
    let next = match shown.last() {
        Some((last, _)) if own.len() > shown.len() => format!("{id}?min_id={last}&page=true"),
        _ => format!("{id}?only_other_accounts=true&page=true"),
    };
    let first = Collection {
        id: Some(uri(&format!("{id}?page=true"))?),
        is_page: true,
        part_of: Some(id.clone()),
        next: Some(uri(&next)?),
        items: items.collect::<Result<Vec<Thing>, Fault>>()?,
        ..Collection::default()
    };
    Ok(Counted { id: Some(id), total: Some(number(body.replies_count)), page: Some(Box::new(first)) })
}

fn counted(body: &StatusBody, name: &str, total: i64) -> Result<Counted, Fault> {
    Ok(Counted { id: Some(below(&body.uri, name)?), total: Some(number(total)), page: None })
}

/// `None`: there is nothing to show, because it is gone or its author does not want it.
fn quote(names: &QuoteNames, quoting: StatusId, addresses: &Addresses) -> Result<Option<Quote>, Fault> {
    let Some(quoted) = &names.quoted else { return Ok(None) };
    if !matches!(names.state, QuoteState::Accepted | QuoteState::Pending) {
        return Ok(None);
    }
    let stamp = match (names.state, names.author) {
        (QuoteState::Accepted, Some(author)) if names.is_author_local => Some(addresses.stamp_uri(author, quoting)),
        (QuoteState::Accepted, _) => names.approval.clone(),
        _ => None,
    };
    let authorization = stamp.as_deref().map(uri).transpose()?;
    Ok(Some(Quote { object: uri(quoted)?, authorization, asks_consent: true }))
}

/// Who may quote it. Where nobody else may, the author stands alone in the list, as in Mastodon: an empty one would not
/// be written by some.
fn policy(body: &StatusBody, author: &AccountView) -> Result<Policy, Fault> {
    let allowed = match body.quote_policy {
        QuotePolicy::Public if body.visibility.is_open() => Uri::public(),
        QuotePolicy::Followers if body.visibility.is_open() => below(&author.uri, "followers")?,
        _ => uri(&author.uri)?,
    };
    Ok(Policy {
        quote: Some(Rule { automatic: vec![allowed], manual: Vec::new(), is_of_today: true }),
        ..Policy::default()
    })
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
