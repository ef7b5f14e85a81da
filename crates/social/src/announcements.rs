//! Announcements to everybody here, and reactions to them. Open streams hear of each change.

use phiomia_model::{AccountId, AnnouncementId, Error, Event, Job, Noun, Refusal, Time};
use phiomia_store::{
    Tx,
    db::{
        announcements::{self, AnnouncementView},
        emojis,
    },
};

/// Different emoji under one announcement. Source: `ReactionValidator` of Mastodon.
const MOST_REACTIONS: usize = 8;

/// What somebody of the staff says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    /// As typed.
    pub text: String,
    /// What it announces begins then.
    pub starts_at: Option<Time>,
    /// It ends, and is shown, until then.
    pub ends_at: Option<Time>,
    /// The two are days, without a time.
    pub is_all_day: bool,
}

/// What is to change; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnnouncementEdit {
    /// Another text.
    pub text: Option<String>,
    /// Another beginning; the inner `None`: none.
    pub starts_at: Option<Option<Time>>,
    /// Another end; the inner `None`: none.
    pub ends_at: Option<Option<Time>>,
    /// Days without times, or not.
    pub is_all_day: Option<bool>,
}

/// Publishes an announcement, at once or at a time ahead.
///
/// # Errors
/// `Invalid` when it says nothing or ends before it starts; the database failed.
pub fn publish(tx: &Tx<'_>, said: &Announcement, at: Option<Time>) -> Result<AnnouncementId, Error> {
    check(&said.text, said.starts_at, said.ends_at)?;
    let scheduled_at = at.filter(|at| *at > tx.now());
    let view = AnnouncementView {
        id: AnnouncementId(tx.new_id()),
        text: said.text.clone(),
        starts_at: said.starts_at,
        ends_at: said.ends_at,
        is_all_day: said.is_all_day,
        is_published: scheduled_at.is_none(),
        scheduled_at,
        published_at: tx.now(),
        updated_at: tx.now(),
    };
    announcements::insert(tx, &view)?;
    follow_up(tx, &view)?;
    Ok(view.id)
}

/// Changes an announcement; who has it open sees the new one.
///
/// # Errors
/// `NotFound`; otherwise as [`publish`].
pub fn edit(tx: &Tx<'_>, id: AnnouncementId, edit: &AnnouncementEdit) -> Result<(), Error> {
    let mut view = find(tx, id)?;
    let AnnouncementEdit { text, starts_at, ends_at, is_all_day } = edit.clone();
    view.text = text.unwrap_or(view.text);
    view.starts_at = starts_at.unwrap_or(view.starts_at);
    view.ends_at = ends_at.unwrap_or(view.ends_at);
    view.is_all_day = is_all_day.unwrap_or(view.is_all_day);
    check(&view.text, view.starts_at, view.ends_at)?;
    view.updated_at = tx.now();
    announcements::update(tx, &view)?;
    follow_up(tx, &view)
}

/// Shows an announcement that waits or was taken down.
///
/// # Errors
/// `NotFound`; the database failed.
pub fn show(tx: &Tx<'_>, id: AnnouncementId) -> Result<(), Error> {
    let mut view = find(tx, id)?;
    if !view.is_published {
        (view.is_published, view.scheduled_at) = (true, None);
        (view.published_at, view.updated_at) = (tx.now(), tx.now());
        announcements::update(tx, &view)?;
        follow_up(tx, &view)?;
    }
    Ok(())
}

/// Takes an announcement down without forgetting it.
///
/// # Errors
/// `NotFound`; the database failed.
pub fn take_down(tx: &Tx<'_>, id: AnnouncementId) -> Result<(), Error> {
    let mut view = find(tx, id)?;
    let was_published = view.is_published;
    if was_published || view.scheduled_at.is_some() {
        (view.is_published, view.scheduled_at, view.updated_at) = (false, None, tx.now());
        announcements::update(tx, &view)?;
    }
    if was_published {
        tx.announce(Event::AnnouncementDeleted { announcement: id });
    }
    Ok(())
}

/// Forgets an announcement and how people reacted to it.
///
/// # Errors
/// `NotFound`; the database failed.
pub fn remove(tx: &Tx<'_>, id: AnnouncementId) -> Result<(), Error> {
    let view = find(tx, id)?;
    announcements::delete(tx, id)?;
    if view.is_published {
        tx.announce(Event::AnnouncementDeleted { announcement: id });
    }
    Ok(())
}

/// Publishes what has waited for its time, and takes down what is over. For [`Job::LookAtAnnouncement`]; one that comes
/// too early, because the times were changed meanwhile, does nothing.
///
/// # Errors
/// The database failed.
pub fn look_at(tx: &Tx<'_>, id: AnnouncementId) -> Result<(), Error> {
    let Some(view) = announcements::find(tx, id)? else { return Ok(()) };
    if view.ends_at.is_some_and(|ends_at| ends_at <= tx.now()) {
        return take_down(tx, id);
    }
    if view.scheduled_at.is_some_and(|at| at <= tx.now()) { show(tx, id) } else { Ok(()) }
}

/// `me` has read an announcement.
///
/// # Errors
/// `NotFound` when it is not shown; the database failed.
pub fn dismiss(tx: &Tx<'_>, me: AccountId, id: AnnouncementId) -> Result<(), Error> {
    shown(tx, id)?;
    Ok(announcements::dismiss(tx, me, id)?)
}

/// `me` reacts with an emoji, or with the name of a custom one; doing so twice is doing so once.
///
/// # Errors
/// `NotFound` when the announcement is not shown; `Invalid`, in Mastodon's words, for what is no emoji and for more
/// different ones than may be; the database failed.
pub fn react(tx: &Tx<'_>, me: AccountId, id: AnnouncementId, name: &str) -> Result<(), Error> {
    shown(tx, id)?;
    let is_custom = || Ok::<_, Error>(emojis::find(tx, name)?.is_some());
    if !phiomia_text::is_emoji(name) && !is_custom()? {
        return Err(Refusal::validation("Name is not a recognized emoji").into());
    }
    let given = announcements::reactions(tx, &[id], None)?.remove(&id).unwrap_or_default();
    if given.len() >= MOST_REACTIONS && !given.iter().any(|reaction| reaction.name == name) {
        return Err(Refusal::validation("Limit of different reactions reached").into());
    }
    if announcements::react(tx, me, id, name)? {
        tx.announce(Event::AnnouncementReacted { announcement: id, name: name.to_owned() });
    }
    Ok(())
}

/// `me` takes a reaction back.
///
/// # Errors
/// `NotFound` when the announcement is not shown or `me` did not react so; the database failed.
pub fn unreact(tx: &Tx<'_>, me: AccountId, id: AnnouncementId, name: &str) -> Result<(), Error> {
    shown(tx, id)?;
    if !announcements::unreact(tx, me, id, name)? {
        return Err(Refusal::NotFound(Noun::Record).into());
    }
    tx.announce(Event::AnnouncementReacted { announcement: id, name: name.to_owned() });
    Ok(())
}

/// Tells open streams of one that is shown now, and leaves word for when that changes.
fn follow_up(tx: &Tx<'_>, view: &AnnouncementView) -> Result<(), Error> {
    if view.is_published {
        tx.announce(Event::AnnouncementPublished { announcement: view.id });
    }
    for time in [view.scheduled_at, view.ends_at].into_iter().flatten() {
        tx.enqueue_at(&Job::LookAtAnnouncement { announcement: view.id }, time)?;
    }
    Ok(())
}

fn check(text: &str, starts_at: Option<Time>, ends_at: Option<Time>) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Refusal::Invalid("an announcement says something".to_owned()).into());
    }
    if starts_at.zip(ends_at).is_some_and(|(starts, ends)| ends <= starts) {
        return Err(Refusal::Invalid("an announcement ends after it starts".to_owned()).into());
    }
    Ok(())
}

fn find(tx: &Tx<'_>, id: AnnouncementId) -> Result<AnnouncementView, Error> {
    announcements::find(tx, id)?.ok_or_else(|| Refusal::NotFound(Noun::Record).into())
}

fn shown(tx: &Tx<'_>, id: AnnouncementId) -> Result<(), Error> {
    let view = find(tx, id)?;
    let is_over = view.ends_at.is_some_and(|ends_at| ends_at <= tx.now());
    if view.is_published && !is_over { Ok(()) } else { Err(Refusal::NotFound(Noun::Record).into()) }
}
