//! What happened, told to those it is for: read once for all listeners, rendered once for those who see it alike.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use phiomia_mastodon::{entities::Status, stream::StreamEvent};
use phiomia_model::{
    AccountId, AnnouncementId, Error, Event, Fault, ListId, StatusId, Time, TokenId, Viewer, Visibility,
};
use phiomia_store::{
    Query,
    db::{
        announcements::{self as rows, ReactionView},
        conversations::{self, ConversationView},
        filters::{self, Filtering},
        notifications::{self, NotificationView},
        statuses::{self, Cohort, StatusView},
        streams,
    },
};
use serde::Serialize;

use super::{
    hub::Hub,
    registry::{Audience, Written},
    topic::Topic,
};
use crate::{announcements, render, state::Api};

/// Before the second and the third attempt to read: a database that fails over is back within seconds.
const WAITS: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(2)];

/// Something to be told, with all that has to be read for it.
enum News {
    /// A post on public streams, as strangers see it; to whose filters it matches it says so.
    Public {
        event: StreamEvent,
        view: Box<StatusView>,
        topics: Vec<Topic>,
        known: HashSet<AccountId>,
        disturbed: HashSet<AccountId>,
        filtering: HashMap<AccountId, Filtering>,
    },
    /// A post in home feeds.
    Home { event: StreamEvent, cohorts: Vec<Cohort> },
    /// A post in lists.
    Lists { event: StreamEvent, cohorts: Vec<Cohort>, lists: Vec<(ListId, AccountId)> },
    /// A notification.
    Notification { account: AccountId, view: Box<NotificationView> },
    /// A conversation of direct posts moved.
    Conversation { account: AccountId, view: Box<ConversationView> },
    /// A post is gone.
    Gone { status: StatusId, topics: Vec<Topic> },
    /// What was held back of somebody's notifications shows now.
    Merged { account: AccountId },
    /// Somebody's filters changed.
    Filters { account: AccountId },
    /// An announcement is shown.
    Announcement { announced: Box<render::Announced> },
    /// Another count of people who reacted to one in the same way.
    Reaction { announcement: AnnouncementId, view: ReactionView },
    /// An announcement is gone.
    AnnouncementGone { announcement: AnnouncementId },
}

/// What one batch comes to.
struct Read {
    news: Vec<News>,
    asked: Vec<TokenId>,
    usable: HashSet<TokenId>,
}

/// Tells a batch of events, in their order.
///
/// # Errors
/// The database failed, also when asked again.
pub(super) async fn tell(hub: &Hub, api: &Api, mut batch: Vec<Arc<Event>>) -> Result<(), Error> {
    batch.retain(|event| is_heard(hub, event));
    if batch.is_empty() {
        return Ok(());
    }
    let batch: Arc<[Arc<Event>]> = batch.into();
    let mut waits = WAITS.iter();
    let read = loop {
        let (asking, world, events, now) = (hub.clone(), api.clone(), batch.clone(), api.now());
        match api.db.read(move |q| Ok(read(q, &asking, &world, &events, now)?)).await {
            Ok(read) => break read,
            Err(error) => match waits.next() {
                Some(wait) => tokio::time::sleep(*wait).await,
                None => return Err(error),
            },
        }
    };
    hub.registry().checked(&read.asked, &read.usable);
    let cx = api.cx().await?;
    for news in read.news {
        write(hub, &cx, &news)?;
        // Rendering for many takes a while; others shall have their turn.
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Whether anybody may want to hear it. Most events of a quiet server end here, unread.
fn is_heard(hub: &Hub, event: &Event) -> bool {
    let registry = hub.registry();
    match event {
        Event::StatusPosted { visibility, is_reblog, is_reply, is_local, tags, .. } => {
            *visibility == Visibility::Public
                && !is_reblog
                && registry.is_heard(&Topic::of_public_post(tags, *is_local, *is_reply))
        }
        Event::HomeGained { accounts, .. } => !registry.at_home(accounts).is_empty(),
        Event::ListGained { lists, .. } => !registry.heard_lists(lists).is_empty(),
        Event::StatusEdited { .. } | Event::StatusDeleted { .. } => registry.n_open() > 0,
        Event::Notified { account, .. } | Event::NotificationsMerged { account } => {
            registry.is_heard(&[Topic::Notifications(*account)])
        }
        Event::ConversationChanged { account, .. } => registry.is_heard(&[Topic::Direct(*account)]),
        Event::FiltersChanged { account } => registry.is_heard(&[Topic::Home(*account)]),
        Event::AnnouncementPublished { .. } | Event::AnnouncementReacted { .. } | Event::AnnouncementDeleted { .. } => {
            registry.n_open() > 0
        }
        Event::StatusTouched { .. }
        | Event::AccountTouched { .. }
        | Event::RelationsChanged { .. }
        | Event::TagFollowed { .. }
        | Event::TokensRevoked { .. }
        | Event::WorkLeft
        | Event::SettingsChanged => false,
    }
}

fn read(q: &Query<'_>, hub: &Hub, api: &Api, events: &[Arc<Event>], now: Time) -> Result<Read, Fault> {
    let mut news = Vec::new();
    for event in events {
        match &**event {
            Event::StatusPosted { status, .. } => news.extend(public(q, hub, *status, StreamEvent::Update, now)?),
            Event::HomeGained { accounts, status } => {
                let listeners = hub.registry().at_home(accounts);
                let cohorts = statuses::cohorts(q, *status, &listeners, now)?;
                news.push(News::Home { event: StreamEvent::Update, cohorts });
            }
            Event::ListGained { lists, status } => {
                let heard = hub.registry().heard_lists(lists);
                news.push(in_lists(q, StreamEvent::Update, *status, heard, now)?);
            }
            Event::StatusEdited { status, .. } => {
                let heard = hub.registry().all_lists();
                let holding = streams::lists_with(q, &heard, *status, None)?;
                news.push(in_lists(q, StreamEvent::StatusUpdate, *status, holding, now)?);
                let listeners = hub.registry().everybody_at_home();
                let holders = streams::holders(q, &listeners, *status)?;
                let cohorts = statuses::cohorts(q, *status, &holders, now)?;
                news.push(News::Home { event: StreamEvent::StatusUpdate, cohorts });
                news.extend(public(q, hub, *status, StreamEvent::StatusUpdate, now)?);
            }
            Event::StatusDeleted { .. } => news.extend(gone(q, hub, event)?),
            Event::Notified { account, notification } => {
                if let Some(view) = notifications::view(q, *account, *notification, now)? {
                    news.push(News::Notification { account: *account, view: Box::new(view) });
                }
            }
            Event::ConversationChanged { account, conversation } => {
                if let Some(view) = conversations::view(q, *account, *conversation, now)? {
                    news.push(News::Conversation { account: *account, view: Box::new(view) });
                }
            }
            Event::NotificationsMerged { account } => news.push(News::Merged { account: *account }),
            Event::FiltersChanged { account } => news.push(News::Filters { account: *account }),
            Event::AnnouncementPublished { announcement } => {
                let announced = announcements::news(q, api, *announcement, now)?;
                news.extend(announced.map(|announced| News::Announcement { announced: Box::new(announced) }));
            }
            Event::AnnouncementReacted { announcement, name } => {
                let given = rows::reactions(q, &[*announcement], None)?.remove(announcement).unwrap_or_default();
                let view = given.into_iter().find(|reaction| reaction.name == *name);
                let view = view.unwrap_or_else(|| ReactionView { name: name.clone(), count: 0, is_mine: false });
                news.push(News::Reaction { announcement: *announcement, view });
            }
            Event::AnnouncementDeleted { announcement } => {
                news.push(News::AnnouncementGone { announcement: *announcement });
            }
            _ => {}
        }
    }
    let topics: Vec<Topic> = news.iter().flat_map(|news| news.topics(hub)).collect();
    let asked = hub.registry().tokens_to_check(&topics);
    let usable = streams::usable(q, &asked)?;
    Ok(Read { news, asked, usable })
}

/// A post for lists, as their owners see it.
fn in_lists(
    q: &Query<'_>,
    event: StreamEvent,
    id: StatusId,
    lists: Vec<(ListId, AccountId)>,
    now: Time,
) -> Result<News, Fault> {
    let owners: HashSet<AccountId> = lists.iter().map(|(_, owner)| *owner).collect();
    let cohorts = statuses::cohorts(q, id, &owners.into_iter().collect::<Vec<_>>(), now)?;
    Ok(News::Lists { event, cohorts, lists })
}

/// The lists of those who see a post alike.
fn lists_of(viewers: &[AccountId], lists: &[(ListId, AccountId)]) -> Vec<Topic> {
    let theirs = lists.iter().filter(|(_, owner)| viewers.contains(owner));
    theirs.map(|(list, owner)| Topic::List(*list, *owner)).collect()
}

/// A post for public streams; `None` when it shows on none.
fn public(q: &Query<'_>, hub: &Hub, id: StatusId, event: StreamEvent, now: Time) -> Result<Option<News>, Fault> {
    let Some(view) = statuses::view(q, id, Viewer::Anonymous, now)? else { return Ok(None) };
    let body = &view.body;
    if body.visibility != Visibility::Public || view.reblog.is_some() || view.author.is_silenced {
        return Ok(None);
    }
    let is_reply = body.in_reply_to_id.is_some() && body.in_reply_to_account_id != Some(body.account);
    let topics = Topic::of_public_post(&body.tags, body.is_local, is_reply);
    let known = {
        let registry = hub.registry();
        if !registry.is_heard(&topics) {
            return Ok(None);
        }
        registry.accounts_on(&topics)
    };
    let listeners: Vec<AccountId> = known.iter().copied().collect();
    let mentioned: Vec<AccountId> = body.mentions.iter().map(|mention| mention.account).collect();
    let disturbed = streams::disturbed(q, &listeners, body.account, &mentioned, now)?;
    let mut filtering = filters::in_force_for_many(q, &listeners, now)?;
    filtering.remove(&body.account);
    Ok(Some(News::Public { event, view: Box::new(view), topics, known, disturbed, filtering }))
}

/// Who may have seen a post that is gone: everybody who has it in the home feed or a list, or would have had it (the sweeper of
/// feeds may have been faster than we are), whom it mentions, and, if it was public, whoever listens where it showed.
fn gone(q: &Query<'_>, hub: &Hub, event: &Event) -> Result<Option<News>, Fault> {
    let Event::StatusDeleted { status, author, visibility, tags, mentioned, is_reblog, is_local } = event else {
        return Ok(None);
    };
    let listeners = hub.registry().everybody_at_home();
    let mut accounts: HashSet<AccountId> = streams::holders(q, &listeners, *status)?.into_iter().collect();
    if *visibility != Visibility::Direct {
        accounts.extend(streams::followers(q, &listeners, *author)?);
    }
    accounts.extend(mentioned.iter().chain([author]));
    let mut topics: Vec<Topic> = accounts.into_iter().map(Topic::Home).collect();
    let member = (*visibility != Visibility::Direct).then_some(*author);
    let lists = streams::lists_with(q, &hub.registry().all_lists(), *status, member)?;
    topics.extend(lists.into_iter().map(|(list, owner)| Topic::List(list, owner)));
    if *visibility == Visibility::Public && !is_reblog {
        topics.extend(Topic::of_public_post(tags, *is_local, false));
    }
    Ok(Some(News::Gone { status: *status, topics }))
}

impl News {
    fn topics(&self, hub: &Hub) -> Vec<Topic> {
        match self {
            News::Public { topics, .. } | News::Gone { topics, .. } => topics.clone(),
            News::Home { cohorts, .. } => {
                cohorts.iter().flat_map(|cohort| &cohort.viewers).map(|viewer| Topic::Home(*viewer)).collect()
            }
            News::Lists { cohorts, lists, .. } => {
                cohorts.iter().flat_map(|cohort| lists_of(&cohort.viewers, lists)).collect()
            }
            News::Notification { account, .. } | News::Merged { account } => vec![Topic::Notifications(*account)],
            News::Conversation { account, .. } => vec![Topic::Direct(*account)],
            News::Filters { account } => vec![Topic::Home(*account)],
            News::Announcement { .. } | News::Reaction { .. } | News::AnnouncementGone { .. } => {
                hub.registry().everybody_at_home().into_iter().map(Topic::Home).collect()
            }
        }
    }
}

fn write(hub: &Hub, cx: &render::Cx, news: &News) -> Result<(), Fault> {
    match news {
        News::Public { event, view, topics, known, disturbed, filtering } => {
            let mut status = render::status(view, cx);
            let topics: Vec<&Topic> =
                topics.iter().filter(|topic| !topic.wants_media() || !status.media_attachments.is_empty()).collect();
            let mut left_out = disturbed.clone();
            for (account, filtering) in filtering.iter().filter(|(account, _)| !disturbed.contains(account)) {
                let matches = render::matches(view, filtering);
                if matches.is_empty() {
                    continue;
                }
                left_out.insert(*account);
                status.filtered = Some(matches);
                tell_public(hub, *event, &status, &topics, &Audience::Only(*account))?;
            }
            status.filtered = None;
            tell_public(hub, *event, &status, &topics, &Audience::Public { known, left_out: &left_out })?;
        }
        News::Home { event, cohorts } => {
            for (viewers, payload) in forms(cohorts, cx)? {
                let mut written = Written::new(*event, Some(&payload));
                let mut registry = hub.registry();
                for viewer in &viewers {
                    registry.deliver(&Topic::Home(*viewer), None, &mut written);
                }
            }
        }
        News::Lists { event, cohorts, lists } => {
            for (viewers, payload) in forms(cohorts, cx)? {
                let mut written = Written::new(*event, Some(&payload));
                for topic in lists_of(&viewers, lists) {
                    hub.registry().deliver(&topic, None, &mut written);
                }
            }
        }
        News::Notification { account, view } => {
            let payload = json(&render::notification(view, cx))?;
            let mut written = Written::new(StreamEvent::Notification, Some(&payload));
            hub.registry().deliver(&Topic::Notifications(*account), None, &mut written);
        }
        News::Conversation { account, view } => {
            let payload = json(&render::conversation(view, cx))?;
            let mut written = Written::new(StreamEvent::Conversation, Some(&payload));
            hub.registry().deliver(&Topic::Direct(*account), None, &mut written);
        }
        News::Gone { status, topics } => {
            let id = status.to_string();
            let mut written = Written::new(StreamEvent::Delete, Some(&id));
            let mut registry = hub.registry();
            for topic in topics {
                registry.deliver(topic, None, &mut written);
            }
        }
        News::Merged { account } => {
            let mut written = Written::new(StreamEvent::NotificationsMerged, Some("1"));
            hub.registry().deliver(&Topic::Notifications(*account), None, &mut written);
        }
        News::Filters { account } => {
            let mut written = Written::new(StreamEvent::FiltersChanged, None);
            hub.registry().deliver(&Topic::Home(*account), None, &mut written);
        }
        News::Announcement { announced } => {
            let payload = json(&render::announcement(announced, cx))?;
            to_everybody(hub, StreamEvent::Announcement, &payload);
        }
        News::Reaction { announcement, view } => {
            let payload = json(&render::reaction_news(*announcement, view, cx))?;
            to_everybody(hub, StreamEvent::AnnouncementReaction, &payload);
        }
        News::AnnouncementGone { announcement } => {
            to_everybody(hub, StreamEvent::AnnouncementDelete, &announcement.to_string());
        }
    }
    Ok(())
}

fn tell_public(
    hub: &Hub,
    event: StreamEvent,
    status: &Status,
    topics: &[&Topic],
    audience: &Audience<'_>,
) -> Result<(), Fault> {
    let payload = json(status)?;
    let mut written = Written::new(event, Some(&payload));
    for topic in topics {
        hub.registry().deliver(topic, Some(audience), &mut written);
    }
    Ok(())
}

/// A post as it is written for cohorts: once for all of a cohort whose filters it does not meet, once for each of the
/// others.
fn forms(cohorts: &[Cohort], cx: &render::Cx) -> Result<Vec<(Vec<AccountId>, String)>, Fault> {
    let mut forms = Vec::new();
    for Cohort { viewers, view, filtering } in cohorts {
        let mut alike = Vec::with_capacity(viewers.len());
        for viewer in viewers {
            match filtering.get(viewer).filter(|filtering| render::is_met(view, filtering)) {
                None => alike.push(*viewer),
                Some(filtering) => {
                    let view = view.clone().filtered_by(filtering);
                    forms.push((vec![*viewer], json(&render::status(&view, cx))?));
                }
            }
        }
        if !alike.is_empty() {
            forms.push((alike, json(&render::status(view, cx))?));
        }
    }
    Ok(forms)
}

/// Announcements are told in the home stream of everybody.
fn to_everybody(hub: &Hub, event: StreamEvent, payload: &str) {
    let mut written = Written::new(event, Some(payload));
    let mut registry = hub.registry();
    for account in registry.everybody_at_home() {
        registry.deliver(&Topic::Home(account), None, &mut written);
    }
}

fn json(entity: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(entity).map_err(|e| Fault::because("writing an event as JSON", e))
}
