//! Threads and profiles made whole: missing answers, older posts, pins. Politely: a bounded number, one after the other.

use std::{collections::HashSet, time::Duration};

use phiomia_activitypub::{Activity, Collection, Object, Thing, Uri, Verb};
use phiomia_model::{AccountId, Error, Job, StatusId};
use phiomia_social::remote;
use phiomia_store::db::{
    federation::{actors, posts},
    jobs, statuses,
};

use super::Missing;
use crate::Federation;

/// Posts above the one that is looked at which are fetched in one go, and how far below it answers are followed.
const MOST_DEPTH: usize = 20;
/// Posts above that are here already.
const MOST_KNOWN_ABOVE: usize = 500;
/// Rests of hosts that are waited for, so that a thread is gone on with by itself.
const LONGEST_REST: Duration = Duration::from_secs(600);
/// Posts of a thread fetched in one go.
const MOST_REPLIES: usize = 100;
/// Pages of one collection; never the same one twice.
const MOST_PAGES: usize = 10;
/// Older posts of somebody whose profile is opened for the first time.
const MOST_OLDER: usize = 40;
/// Hashtags of a profile.
const MOST_FEATURED_TAGS: usize = 20;
/// Pinned posts.
const MOST_PINNED: usize = 10;

/// How far a walk over a thread may still go, and whom it has to wait for.
struct Walk {
    /// Answers that may still be fetched.
    left: usize,
    /// The longest rest of a host that was come upon.
    rest: Option<Duration>,
    /// Collections that were read: all posts of a thread may name the same one.
    read: HashSet<String>,
}

impl Walk {
    /// What was fetched; `None`: it is not to be had, or not now.
    fn take<T>(&mut self, outcome: Result<T, Missing>) -> Result<Option<T>, Error> {
        match outcome {
            Ok(found) => Ok(Some(found)),
            Err(missing) if missing.is_ours() => Err(missing.for_job()),
            Err(Missing::Resting(_, wait)) => {
                self.rest = self.rest.max(Some(wait));
                Ok(None)
            }
            Err(_) => Ok(None),
        }
    }
}

impl Federation {
    /// Leaves the rest of a thread to be fetched, when a part of it is from elsewhere and nobody looked at it just now.
    /// Whether it is being fetched.
    ///
    /// # Errors
    /// The database failed.
    pub async fn look_at_thread(&self, status: StatusId) -> Result<bool, Error> {
        if self.seen_threads.contains(&status) {
            return self.is_fetching_thread(status).await;
        }
        self.seen_threads.put(status, ());
        let has_more = self.db.read(move |q| Ok(posts::find(q, status)?.is_some())).await?;
        if has_more {
            self.db.write(move |tx| Ok(tx.enqueue(&Job::FetchThread { status })?)).await?;
        }
        Ok(has_more)
    }

    /// Whether the rest of a thread is being fetched, by any process of this server.
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_fetching_thread(&self, status: StatusId) -> Result<bool, Error> {
        self.db.read(move |q| Ok(jobs::is_pending(q, &Job::FetchThread { status })?)).await
    }

    /// Fetches what is missing of a thread: upwards to its beginning, then the answers its servers list. The work of
    /// `Job::FetchThread`. Where a server wants to be left alone, it is gone on with afterwards.
    pub(crate) async fn fetch_thread(&self, status: StatusId) -> Result<(), Error> {
        let mut walk = Walk { left: MOST_REPLIES, rest: None, read: HashSet::new() };
        self.refresh_status(status, &mut walk).await?;
        let top = self.fetch_ancestors(status, &mut walk).await?;
        self.fetch_answers(top, &mut walk).await?;
        if top != status {
            self.fetch_answers(status, &mut walk).await?;
        }
        let Some(rest) = walk.rest else { return Ok(()) };
        if rest > LONGEST_REST || !self.manners.may_resume(status) {
            // The next look begins anew.
            self.seen_threads.drop(&status);
            return Ok(());
        }
        let resuming = self.db.write(move |tx| Ok(tx.enqueue_at(&Job::FetchThread { status }, tx.now().plus(rest))?));
        resuming.await
    }

    /// Asks the server of a post for it once more, when what is known of it has grown old: how often it was favourited,
    /// boosted and answered there, and whether it still stands.
    async fn refresh_status(&self, status: StatusId, walk: &mut Walk) -> Result<(), Error> {
        let oldest = self.db.clock().now().minus(self.settings.delays.thread_rest);
        let found = self.db.read(move |q| {
            let is_old = posts::find(q, status)?.is_some_and(|row| row.fetched_at < oldest);
            Ok(if is_old { statuses::source(q, status)?.map(|row| row.uri) } else { None })
        });
        let Some(uri) = found.await?.and_then(|text| Uri::parse(&text, self.web).ok()) else { return Ok(()) };
        match self.fetch_status(&uri).await {
            Err(Missing::Gone(gone)) if gone == uri => self.forget_status(status).await,
            other => walk.take(other).map(drop),
        }
    }

    /// Upwards, as far as it is known or can be fetched.
    async fn fetch_ancestors(&self, status: StatusId, walk: &mut Walk) -> Result<StatusId, Error> {
        let (mut at, mut n_fetched) = (status, 0);
        for _ in 0..MOST_KNOWN_ABOVE {
            let found = self.db.read(move |q| {
                let parent = statuses::source(q, at)?.and_then(|row| row.in_reply_to_id);
                Ok((parent, posts::find(q, at)?.and_then(|row| row.in_reply_to)))
            });
            match found.await? {
                (Some(parent), _) => at = parent,
                (None, Some(missing)) if n_fetched < MOST_DEPTH => {
                    let Ok(uri) = Uri::parse(&missing, self.web) else { break };
                    n_fetched += 1;
                    match walk.take(self.status(&uri).await)? {
                        Some(parent) => at = parent,
                        None => break,
                    }
                }
                (None, _) => break,
            }
        }
        Ok(at)
    }

    /// Fetches what a post answers. The work of `Job::FetchParent`.
    pub(crate) async fn fetch_parent(&self, status: StatusId) -> Result<(), Error> {
        let missing = self.db.read(move |q| {
            let has_parent = statuses::source(q, status)?.is_none_or(|row| row.in_reply_to_id.is_some());
            Ok(posts::find(q, status)?.and_then(|row| row.in_reply_to).filter(|_| !has_parent))
        });
        let Some(uri) = missing.await?.and_then(|text| Uri::parse(&text, self.web).ok()) else { return Ok(()) };
        let parent = self.status(&uri).await.map_err(Missing::for_job)?;
        self.db.write(move |tx| remote::find_parent(tx, status, parent)).await
    }

    /// The answers to one post and to what answers it, as its server lists them.
    async fn fetch_answers(&self, status: StatusId, walk: &mut Walk) -> Result<(), Error> {
        let mut queue = vec![(status, 0)];
        while let Some((status, depth)) = queue.pop() {
            let Some(row) = self.db.read(move |q| Ok(posts::find(q, status)?)).await? else { continue };
            // The whole thread, where the server keeps it together, else the answers to this post alone.
            let Some(collection) = row.context.or(row.replies) else { continue };
            let Ok(uri) = Uri::parse(&collection, self.web) else { continue };
            if self.is_own(&uri) || depth >= MOST_DEPTH || !walk.read.insert(uri.normal().to_owned()) {
                continue;
            }
            let items = self.items_of(&uri, walk.left).await;
            for thing in walk.take(items)?.unwrap_or_default() {
                let Some(id) = thing.id().filter(|id| !self.is_own(id)) else { continue };
                let name = id.normal().to_owned();
                if self.db.read(move |q| Ok(posts::by_uri(q, &name)?)).await?.is_some() {
                    continue;
                }
                if walk.left == 0 {
                    return Ok(());
                }
                walk.left -= 1;
                if let Some(answer) = walk.take(self.status(id).await)? {
                    queue.push((answer, depth + 1));
                }
            }
        }
        Ok(())
    }

    /// The first items of a collection, over its pages; none of one that cannot be read.
    pub(crate) async fn items(&self, uri: &Uri, most: usize) -> Result<Vec<Thing>, Error> {
        match self.items_of(uri, most).await {
            Ok(items) => Ok(items),
            Err(missing) if missing.is_ours() => Err(missing.for_job()),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// The same; an error when its server wants to be left alone and nothing was read.
    async fn items_of(&self, uri: &Uri, most: usize) -> Result<Vec<Thing>, Missing> {
        let mut items = Vec::new();
        let mut seen: Vec<Uri> = Vec::new();
        let mut next = Some(uri.clone());
        while let Some(uri) = next.take().filter(|uri| !seen.contains(uri) && seen.len() <= MOST_PAGES) {
            let document = match self.fetch_document(&uri).await {
                Ok(document) => document,
                Err(missing) if missing.is_ours() => return Err(missing),
                Err(missing @ Missing::Resting(..)) if items.is_empty() => return Err(missing),
                Err(_) => break,
            };
            seen.push(uri);
            let Ok(mut page) = Collection::read(&document) else { break };
            items.append(&mut page.items);
            if let Some(first) = page.first_page.take() {
                items.extend(first.items);
                next = first.next;
            } else {
                next = page.next.or(page.first);
            }
            if items.len() >= most {
                break;
            }
        }
        items.truncate(most);
        Ok(items)
    }

    /// The newest posts of somebody and the pinned ones, dated where they belong. The work of `Job::FetchPosts`.
    pub(crate) async fn fetch_posts(&self, account: AccountId) -> Result<(), Error> {
        self.count_account(account).await?;
        let Some(row) = self.db.read(move |q| Ok(actors::find(q, account)?)).await? else { return Ok(()) };
        let outbox = row.outbox.as_deref().and_then(|text| Uri::parse(text, self.web).ok());
        if let Some(outbox) = outbox {
            for thing in self.items(&outbox, MOST_OLDER).await? {
                self.fetch_older(&thing).await?;
            }
        }
        self.fetch_featured_tags(account).await?;
        self.fetch_pins(account).await?;
        self.verify_links(account).await
    }

    /// The hashtags on somebody's profile, as their server lists them.
    async fn fetch_featured_tags(&self, account: AccountId) -> Result<(), Error> {
        let row = self.db.read(move |q| Ok(actors::find(q, account)?)).await?;
        let uri = row.and_then(|row| row.featured_tags).and_then(|text| Uri::parse(&text, self.web).ok());
        let Some(uri) = uri else { return Ok(()) };
        let items = self.items(&uri, MOST_FEATURED_TAGS).await?;
        let names = items.into_iter().filter_map(|thing| match thing {
            Thing::Sent(object) => match *object {
                Object::Hashtag(name) => Some(name),
                _ => None,
            },
            Thing::Named(_) => None,
        });
        let names: Vec<String> = names.collect();
        self.db.write(move |tx| names.iter().try_for_each(|name| remote::feature_tag(tx, account, name))).await
    }

    async fn fetch_older(&self, thing: &Thing) -> Result<(), Error> {
        let wanted = match thing {
            Thing::Named(id) => Some(id.clone()),
            Thing::Sent(object) => match &**object {
                Object::Activity(Activity { verb: Verb::Create(note), .. }) => note.id().cloned(),
                Object::Note(note) => Some(note.id.clone()),
                // Boosts of the past are nobody's news.
                _ => None,
            },
        };
        let Some(id) = wanted.filter(|id| !self.is_own(id)) else { return Ok(()) };
        match self.status(&id).await {
            Err(missing) if missing.is_ours() => Err(missing.for_job()),
            _ => Ok(()),
        }
    }

    /// The pinned posts of somebody, as their server lists them.
    pub(crate) async fn fetch_pins(&self, account: AccountId) -> Result<(), Error> {
        let Some(row) = self.db.read(move |q| Ok(actors::find(q, account)?)).await? else { return Ok(()) };
        let Some(uri) = row.featured.as_deref().and_then(|text| Uri::parse(text, self.web).ok()) else { return Ok(()) };
        for thing in self.items(&uri, MOST_PINNED).await?.into_iter().rev() {
            let Some(id) = thing.id().filter(|id| !self.is_own(id)) else { continue };
            let status = match self.status(id).await {
                Ok(status) => status,
                Err(missing) if missing.is_ours() => return Err(missing.for_job()),
                Err(_) => continue,
            };
            let social = self.social.clone();
            match self.db.write(move |tx| remote::pin(tx, &social, account, status)).await {
                Ok(()) | Err(Error::Refused(_)) => {}
                Err(broken) => return Err(broken),
            }
        }
        Ok(())
    }
}
