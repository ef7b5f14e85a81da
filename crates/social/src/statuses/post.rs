//! Somebody here posts.

use std::{sync::Arc, time::Duration};

use phiomia_model::{
    AccountId, Error, Event, Job, NotificationType, Outgoing, QuotePolicy, Refusal, StatusId, Visibility, media::Media,
    remote::Interaction, status::Draft,
};
use phiomia_store::{
    Tx,
    db::{
        accounts,
        defaults::{self, PostingDefaults},
        featured_tags, media as rows,
        statuses::{self, Counter, NewStatus, StatusBody},
        timelines,
    },
};

use super::{
    Meant,
    allowed::{self, Permit},
    approvals, check_length, check_says, is_language, meant, quotes, write_references,
};
use crate::{Social, cards, conversations, media, notifications::notify, outgoing::tell, polls, search};

/// How long an `Idempotency-Key` is remembered.
const KEY_LIFETIME: Duration = Duration::from_secs(3_600);

/// Posts a draft for `author`. The same idempotency key within an hour gives the post it gave before.
///
/// One transaction: the status, its mentions, tags and poll, the author's own feed row (so a refresh shows it at once),
/// notifications of local people, and the job that writes the followers' feeds.
///
/// # Errors
/// Refused for a text that is empty or too long (`422`), and for an answer to something that is not there for the author.
pub fn post(tx: &Tx<'_>, social: &Social, author: AccountId, draft: &Draft) -> Result<StatusId, Error> {
    if let Some(known) = given_before(tx, author, draft)? {
        return Ok(known);
    }
    let Prepared { defaults, text, spoiler_text, poll, media, parent, permit, quoted, visibility, meant } =
        prepare(tx, social, author, draft)?;
    let id = StatusId(tx.new_id());
    let conversation = match parent.as_ref().and_then(|p| p.conversation_id) {
        Some(known) => known,
        None => statuses::insert_conversation(tx)?,
    };
    statuses::insert(
        tx,
        &NewStatus {
            id,
            author,
            uri: None,
            url: None,
            text,
            spoiler_text,
            visibility,
            is_sensitive: draft.is_sensitive.unwrap_or(defaults.is_sensitive) || !spoiler_text.is_empty(),
            is_local: true,
            language: draft.language.as_deref().or(defaults.language.as_deref()).or(Some(defaults.locale.as_str())),
            in_reply_to: parent.as_ref().map(|p| (p.id, p.account)),
            reblog_of: None,
            conversation: Some(conversation),
            app: draft.app,
            // What strangers cannot see they cannot quote.
            quote_policy: if visibility.is_open() {
                draft.quote_policy.unwrap_or(defaults.quote_policy)
            } else {
                QuotePolicy::Nobody
            },
            created_at: tx.now(),
            media: &media,
            has_remote_media: false,
        },
    )?;
    rows::attach(tx, &draft.media, id)?;
    if let Some(poll) = &poll {
        polls::attach(tx, id, poll)?;
    }
    search::index(tx, id, author, text, spoiler_text, poll.as_ref().map_or(&[], polls::Checked::options))?;
    let people = write_references(tx, id, &meant)?;
    if let Some(quoted) = &quoted {
        quotes::attach(tx, author, id, quoted)?;
    }
    if visibility.is_open() && !meant.tags.is_empty() {
        featured_tags::count(tx, author, id)?;
    }
    if visibility != Visibility::Direct {
        accounts::count_posted(tx, author, 1, tx.now().as_days())?;
        tx.announce(Event::AccountTouched { account: author });
    }
    if let Some(key) = draft.idempotency_key.as_deref() {
        remember(tx, author, key, id)?;
    }
    timelines::add_home(tx, author, id, author, None)?;
    cards::look_first(tx, social, id, text, true)?;
    tx.announce(Event::HomeGained { accounts: vec![author], status: id });
    let tags = meant.tags.into_iter().map(|(key, _)| key).collect();
    let parent = parent.as_ref().map(|p| (p.id, p.account));
    let post = Fresh { id, author, visibility, conversation, parent, people, tags };
    match permit {
        Permit::AtOnce => post.go_out(tx)?,
        Permit::WhenApproved => approvals::ask(tx, author, Interaction::Reply, id)?,
    }
    Ok(id)
}

/// A post that nobody but its author knows of yet.
pub(super) struct Fresh {
    pub(super) id: StatusId,
    pub(super) author: AccountId,
    pub(super) visibility: Visibility,
    pub(super) conversation: i64,
    pub(super) parent: Option<(StatusId, AccountId)>,
    /// Whom it names.
    pub(super) people: Vec<AccountId>,
    /// Keys of its hashtags.
    pub(super) tags: Vec<String>,
}

impl Fresh {
    /// Tells everybody: whom it names, followers, streams, other servers. Direct posts are nobody's business, and
    /// followers-only answers do not count for the parent.
    pub(super) fn go_out(self, tx: &Tx<'_>) -> Result<(), Error> {
        let Fresh { id, author, visibility, conversation, parent, people, tags } = self;
        if let Some((parent, _)) = parent
            && visibility.is_open()
        {
            statuses::count(tx, parent, Counter::Replies, 1)?;
            tx.announce(Event::StatusTouched { status: parent });
        }
        let mut told = Vec::new();
        for person in &people {
            if notify(tx, *person, author, NotificationType::Mention, Some(id))? {
                told.push(*person);
            }
        }
        if visibility == Visibility::Direct {
            conversations::deliver(tx, id, conversation, author, &people, &told)?;
        }
        tx.enqueue(&Job::FanOut { status: id })?;
        tell(tx, Outgoing::Posted { status: id })?;
        tx.announce(Event::StatusPosted {
            status: id,
            author,
            visibility,
            tags,
            is_reblog: false,
            is_reply: parent.is_some_and(|(_, account)| account != author),
            is_local: true,
        });
        Ok(())
    }
}

/// From now on this idempotency key gives `id`.
///
/// # Errors
/// The database failed, or another request was quicker with the same key.
pub fn remember(tx: &Tx<'_>, author: AccountId, key: &str, id: StatusId) -> Result<(), Error> {
    Ok(statuses::remember_idempotent(tx, author, key, id, tx.now().minus(KEY_LIFETIME))?)
}

/// What the draft's idempotency key gave within the last hour.
///
/// # Errors
/// The database failed.
pub fn given_before(tx: &Tx<'_>, author: AccountId, draft: &Draft) -> Result<Option<StatusId>, Error> {
    let Some(key) = draft.idempotency_key.as_deref() else { return Ok(None) };
    Ok(statuses::idempotent(tx, author, key, tx.now().minus(KEY_LIFETIME))?)
}

/// Looks whether a draft could be posted as things are now, and for whom it would be.
///
/// # Errors
/// As [`post`].
pub fn check(tx: &Tx<'_>, social: &Social, author: AccountId, draft: &Draft) -> Result<Visibility, Error> {
    prepare(tx, social, author, draft).map(|prepared| prepared.visibility)
}

/// A draft that holds, and what it takes to write it down.
struct Prepared<'a> {
    defaults: PostingDefaults,
    text: &'a str,
    spoiler_text: &'a str,
    poll: Option<polls::Checked>,
    media: Vec<Media>,
    parent: Option<Arc<StatusBody>>,
    /// Whether the author of what is answered has to say yes first.
    permit: Permit,
    quoted: Option<Arc<StatusBody>>,
    visibility: Visibility,
    meant: Meant,
}

fn prepare<'a>(tx: &Tx<'_>, social: &Social, author: AccountId, draft: &'a Draft) -> Result<Prepared<'a>, Error> {
    let defaults = defaults::find(tx, author)?.ok_or(Refusal::Forbidden("This action is not allowed"))?;
    // A warning without a text is a text without a warning.
    let (text, spoiler_text) = if draft.text.trim().is_empty() {
        (draft.spoiler_text.as_str(), "")
    } else {
        (draft.text.as_str(), draft.spoiler_text.as_str())
    };
    let media = media::wanted(tx, author, &draft.media, None)?;
    check_says(text, draft.quoted.is_some() || !media.is_empty())?;
    check_length(social, text, spoiler_text)?;
    if draft.language.as_deref().is_some_and(|code| !is_language(code)) {
        return Err(Refusal::validation("Language is not valid").into());
    }
    let poll = draft.poll.as_ref().map(|poll| polls::check(social, poll, tx.now())).transpose()?;
    let (parent, permit) = parent(tx, author, draft.in_reply_to)?;
    let quoted = draft.quoted.map(|id| quotes::may_quote(tx, author, id)).transpose()?;
    let visibility = quotes::narrowed(draft.visibility.unwrap_or(defaults.visibility), quoted.as_deref());
    let meant = meant(tx, social, author, text, tx.now())?;
    if let Some(quoted) = &quoted {
        quotes::check_direct(author, quoted, visibility, &meant)?;
    }
    Ok(Prepared { defaults, text, spoiler_text, poll, media, parent, permit, quoted, visibility, meant })
}

/// Forgets idempotency keys whose time is over. Part of [`Job::Tidy`].
///
/// # Errors
/// The database failed.
pub fn tidy(tx: &Tx<'_>) -> Result<(), Error> {
    Ok(statuses::forget_idempotent(tx, tx.now().minus(KEY_LIFETIME))?)
}

/// What is answered, and when that may be: a boost stands for its original.
fn parent(
    tx: &Tx<'_>,
    author: AccountId,
    in_reply_to: Option<StatusId>,
) -> Result<(Option<Arc<StatusBody>>, Permit), Error> {
    let Some(id) = in_reply_to else { return Ok((None, Permit::AtOnce)) };
    match super::seen(tx, author, id, tx.now()) {
        Ok(body) => {
            let permit = allowed::check(tx, author, &body, Interaction::Reply)?;
            Ok((Some(body), permit))
        }
        Err(Error::Refused(Refusal::NotFound(_))) => Err(Refusal::NoParent.into()),
        Err(other) => Err(other),
    }
}
