//! A post as somebody sees it: a fixed number of queries whatever the page's length.

use std::{collections::HashMap, sync::Arc};

use phiomia_model::{AccountId, Fault, QuoteState, StatusId, Time, Viewer, Visibility};

use super::body::{QuoteRef, StatusBody, bodies};
use crate::db::{
    accounts::{self, AccountView},
    by_id::{ById, Ids},
    filters::{self, Filtering},
    query::Query,
    sql::{Sql, queries},
    visibility::{Seen, Stance, Stances, may_see},
};

queries! {
    // Of posts $2, own posts $3, conversations $4 and polls $5: 1 favourited, 2 bookmarked, 3 boosted, 4 pinned, 5 muted
    // the conversation; from 10 on: chose in the poll, counted from 0.
    MINE = Sql::Single(&Sql::Same("select status_id, 1 from favourites where account_id = $1 and status_id in ids($2)
        union all select status_id, 2 from bookmarks where account_id = $1 and status_id in ids($2)
        union all select reblog_of_id, 3 from statuses
            where reblog_of_id in ids($2) and account_id = $1 and reblog_of_id is not null and deleted_at is null
        union all select status_id, 4 from pins where account_id = $1 and status_id in ids($3)
        union all select conversation_id, 5 from conversation_mutes where account_id = $1 and conversation_id in ids($4)
        union all select poll_id, 10 + position from poll_votes where account_id = $1 and poll_id in ids($5)"));
    // Of many viewers; all by the post.
    OF_MANY = Sql::Same("select account_id, status_id, 1 from favourites
            where account_id in ids($1) and status_id in ids($2)
        union all select account_id, status_id, 2 from bookmarks where account_id in ids($1) and status_id in ids($2)
        union all select account_id, reblog_of_id, 3 from statuses
            where reblog_of_id in ids($2) and account_id in ids($1) and reblog_of_id is not null and deleted_at is null
        union all select account_id, status_id, 4 from pins where account_id in ids($1) and status_id in ids($2)
        union all select c.account_id, s.id, 5
            from statuses s join conversation_mutes c on c.conversation_id = s.conversation_id
            where s.id in ids($2) and c.account_id in ids($1)
        union all select v.account_id, l.status_id, 10 + v.position from polls l join poll_votes v on v.poll_id = l.id
            where l.status_id in ids($2) and v.account_id in ids($1)");
}

/// The number of a muted conversation among what `MINE` tells.
const MUTED: i64 = 5;
/// The number of the first choice among what `MINE` tells.
const FIRST_CHOICE: i64 = 10;

/// What the viewer did with a post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mine {
    /// Favourited.
    pub is_favourited: bool,
    /// Boosted.
    pub is_reblogged: bool,
    /// Bookmarked.
    pub is_bookmarked: bool,
    /// Pinned; `None` for posts of others, boosts, and direct posts, which cannot be.
    pub is_pinned: Option<bool>,
    /// Muted its thread.
    pub is_muted: bool,
    /// What the viewer chose in its poll, as positions from 0.
    pub own_votes: Vec<i64>,
    /// How the viewer stands to the author.
    pub stance: Stance,
    /// The viewer wrote it.
    pub is_own: bool,
}

impl Mine {
    /// Of a viewer who did nothing with the post yet.
    fn untouched(body: &StatusBody, me: AccountId, stances: &Stances) -> Mine {
        let is_own = body.account == me;
        let can_pin = is_own && body.reblog_of_id.is_none() && body.visibility != Visibility::Direct;
        Mine { is_own, stance: stances.to(body.account), is_pinned: can_pin.then_some(false), ..Mine::default() }
    }

    fn add(&mut self, kind: i64) {
        match kind {
            1 => self.is_favourited = true,
            2 => self.is_bookmarked = true,
            3 => self.is_reblogged = true,
            4 => self.is_pinned = self.is_pinned.map(|_| true),
            MUTED => self.is_muted = true,
            choice => {
                // The database gives them in whatever order suits it.
                self.own_votes.push(choice - FIRST_CHOICE);
                self.own_votes.sort_unstable();
            }
        }
    }
}

/// Viewers who see a post alike, what they did with it included, and how they see it.
#[derive(Clone, Debug)]
pub struct Cohort {
    /// Who.
    pub viewers: Vec<AccountId>,
    /// The post, the same for each of them, as if nobody had a filter.
    pub view: StatusView,
    /// The filters of those of them who have some.
    pub filtering: HashMap<AccountId, Filtering>,
}

/// A post as one viewer sees it.
#[derive(Clone, Debug)]
pub struct StatusView {
    /// The same for everybody.
    pub body: Arc<StatusBody>,
    /// Its author.
    pub author: Arc<AccountView>,
    /// What it boosts; always there when `body.reblog_of_id` is.
    pub reblog: Option<Box<StatusView>>,
    /// What it quotes, as the viewer may see it.
    pub quote: Option<QuoteView>,
    /// What the viewer did with it; `None` for visitors.
    pub mine: Option<Mine>,
    /// Its poll is over.
    pub is_poll_over: bool,
    /// Whom the page it links to names as its author.
    pub creator: Option<Arc<AccountView>>,
    /// The viewer's filters, to be held against it; `None` when they have none.
    pub filtering: Option<Filtering>,
}

impl StatusView {
    /// The same for a viewer with other filters.
    #[must_use]
    pub fn filtered_by(mut self, filtering: &Filtering) -> StatusView {
        self.filtering = Some(filtering.clone());
        self.reblog = self.reblog.map(|reblog| Box::new(reblog.filtered_by(filtering)));
        if let Some(quote) = &mut self.quote {
            quote.view = quote.view.take().map(|quoted| Box::new(quoted.filtered_by(filtering)));
        }
        self
    }

    /// Whether its media and texts are veiled: its author says so, or moderators do for others.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        let is_own = self.mine.as_ref().is_some_and(|mine| mine.is_own);
        self.body.is_sensitive || (self.author.is_sensitized && !is_own)
    }
}

/// What a post quotes, as one viewer sees it.
#[derive(Clone, Debug)]
pub struct QuoteView {
    /// Whether it is shown, and why not.
    pub shown: ShownQuote,
    /// What the quoted post is, where the viewer may know of it.
    pub quoted: Option<Arc<StatusBody>>,
    /// The quoted post as a whole; `None` where it may not be shown, and within a quoted post, so that quotes end.
    pub view: Option<Box<StatusView>>,
}

/// Whether a quote is shown to somebody, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShownQuote {
    /// As the quoted author decided.
    As(QuoteState),
    /// The viewer may not see the quoted post.
    Unauthorized,
    /// The viewer blocks the quoted author.
    BlockedAccount,
    /// The viewer blocks the quoted author's domain.
    BlockedDomain,
    /// The viewer mutes the quoted author.
    MutedAccount,
}

/// How much of quotes is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Whole,
    Shallow,
}

/// One status; `None` when it is not there or not for this viewer.
///
/// # Errors
/// The database failed.
pub fn view(q: &Query<'_>, id: StatusId, viewer: Viewer, now: Time) -> Result<Option<StatusView>, Fault> {
    Ok(views(q, &[id], viewer, now)?.pop())
}

/// Whether the viewer may see a status. The same decision as [`views`], for acts.
///
/// # Errors
/// The database failed.
pub fn visible(q: &Query<'_>, id: StatusId, viewer: Viewer, now: Time) -> Result<Option<Arc<StatusBody>>, Fault> {
    Ok(view(q, id, viewer, now)?.map(|v| v.body))
}

/// The statuses with these ids, in their order, as the viewer sees them. What the viewer may not see is left out.
///
/// # Errors
/// The database failed.
pub fn views(q: &Query<'_>, ids: &[StatusId], viewer: Viewer, now: Time) -> Result<Vec<StatusView>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let bodies = bodies(q, ids)?;
    let authors: Ids<AccountId> = bodies.values().map(|b| b.account).collect();
    let people = people(q, &authors, &bodies)?;
    let stances = Stances::load(q, viewer, &authors, now)?;
    let mine = viewer.account().map(|me| mine(q, me, &bodies, &stances)).transpose()?;
    let filtering = match viewer.account() {
        // What people wrote themselves no filter of theirs is held against.
        Some(me) if authors.iter().any(|author| *author != me) => filters::in_force(q, me, now)?,
        _ => None,
    };
    let page = Assembly { bodies, people, stances, mine, now, filtering, reported: Ids::default() };
    Ok(ids.iter().filter_map(|id| page.view(*id, true, Depth::Whole)).collect())
}

/// Reported statuses as staff sees them, in the ids' order: whoever they were for. What they quote is shown as to anybody.
///
/// # Errors
/// The database failed.
pub fn reported(q: &Query<'_>, ids: &[StatusId], now: Time) -> Result<Vec<StatusView>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let bodies = bodies(q, ids)?;
    let authors: Ids<AccountId> = bodies.values().map(|b| b.account).collect();
    let people = people(q, &authors, &bodies)?;
    let stances = Stances::load(q, Viewer::Anonymous, &authors, now)?;
    let reported = ids.iter().copied().collect();
    let page = Assembly { bodies, people, stances, mine: None, now, filtering: None, reported };
    Ok(ids.iter().filter_map(|id| page.view(*id, true, Depth::Whole)).collect())
}

/// One status as many viewers see it, in a fixed number of queries whatever their number. Who may not see it is left
/// out; nobody is in two cohorts.
///
/// # Errors
/// The database failed.
pub fn cohorts(q: &Query<'_>, id: StatusId, viewers: &[AccountId], now: Time) -> Result<Vec<Cohort>, Fault> {
    if viewers.is_empty() {
        return Ok(Vec::new());
    }
    let bodies = bodies(q, &[id])?;
    let authors: Ids<AccountId> = bodies.values().map(|b| b.account).collect();
    let people = people(q, &authors, &bodies)?;
    let status_ids: Vec<i64> = bodies.keys().map(|id| id.0).collect();
    let viewer_ids: Vec<i64> = viewers.iter().map(|id| id.0).collect();
    let mut acts: HashMap<AccountId, Vec<(StatusId, i64)>> = HashMap::new();
    for (viewer, status, kind) in q.rows::<(AccountId, StatusId, i64)>(&OF_MANY, (&viewer_ids, &status_ids))? {
        acts.entry(viewer).or_default().push((status, kind));
    }
    let mut filtering = filters::in_force_for_many(q, viewers, now)?;
    let mut cohorts: HashMap<[Option<Sight>; 2], Cohort> = HashMap::new();
    for (viewer, stances) in viewers.iter().zip(Stances::load_for_many(q, viewers, &authors, now)?) {
        let mut mine: ById<StatusId, Mine> =
            bodies.values().map(|body| (body.id, Mine::untouched(body, *viewer, &stances))).collect();
        for (status, kind) in acts.remove(viewer).unwrap_or_default() {
            if let Some(state) = mine.get_mut(&status) {
                state.add(kind);
            }
        }
        let page = Assembly {
            bodies: bodies.clone(),
            people: people.clone(),
            stances,
            mine: Some(mine),
            now,
            filtering: None,
            reported: Ids::default(),
        };
        let Some(view) = page.view(id, true, Depth::Whole) else { continue };
        let key = [Some(&view), view.reblog.as_deref()].map(|part| part.map(Sight::of));
        let cohort = cohorts.entry(key);
        let cohort = cohort.or_insert_with(|| Cohort { viewers: Vec::new(), view, filtering: HashMap::new() });
        cohort.viewers.push(*viewer);
        if let Some(filtering) = filtering.remove(viewer) {
            cohort.filtering.insert(*viewer, filtering);
        }
    }
    Ok(cohorts.into_values().collect())
}

/// Authors, and those whom linked pages name.
fn people(
    q: &Query<'_>,
    authors: &Ids<AccountId>,
    bodies: &ById<StatusId, Arc<StatusBody>>,
) -> Result<ById<AccountId, Arc<AccountView>>, Fault> {
    let creators = bodies.values().filter_map(|body| body.card.as_ref()?.creator);
    let all: Ids<AccountId> = authors.iter().copied().chain(creators).collect();
    accounts::map(q, &all.into_iter().collect::<Vec<_>>())
}

/// What may differ from viewer to viewer in one post.
#[derive(PartialEq, Eq, Hash)]
struct Sight {
    mine: Option<Mine>,
    quote: Option<ShownQuote>,
    quoted: Option<Box<Sight>>,
}

impl Sight {
    fn of(view: &StatusView) -> Sight {
        Sight {
            mine: view.mine.clone(),
            quote: view.quote.as_ref().map(|quote| quote.shown),
            quoted: view.quote.as_ref().and_then(|quote| quote.view.as_deref()).map(|view| Box::new(Sight::of(view))),
        }
    }
}

fn mine(
    q: &Query<'_>,
    me: AccountId,
    bodies: &ById<StatusId, Arc<StatusBody>>,
    stances: &Stances,
) -> Result<ById<StatusId, Mine>, Fault> {
    let mut mine: ById<StatusId, Mine> =
        bodies.values().map(|body| (body.id, Mine::untouched(body, me, stances))).collect();
    let ids: Vec<i64> = bodies.keys().map(|id| id.0).collect();
    let own: Vec<i64> = bodies.values().filter(|body| body.account == me).map(|body| body.id.0).collect();
    let mut conversations: Vec<i64> = bodies.values().filter_map(|body| body.conversation_id).collect();
    conversations.sort_unstable();
    conversations.dedup();
    let polls: Vec<i64> = bodies.values().filter_map(|body| body.poll.as_ref()).map(|poll| poll.id.0).collect();
    for (about, kind) in q.rows::<(i64, i64)>(&MINE, (me, &ids, &own, &conversations, &polls))? {
        if kind < MUTED {
            mine.entry(StatusId(about)).and_modify(|state| state.add(kind));
            continue;
        }
        let is_meant = |body: &StatusBody| match &body.poll {
            _ if kind == MUTED => body.conversation_id == Some(about),
            poll => poll.as_ref().is_some_and(|poll| poll.id.0 == about),
        };
        for body in bodies.values().filter(|body| is_meant(body)) {
            mine.entry(body.id).and_modify(|state| state.add(kind));
        }
    }
    Ok(mine)
}

/// Everything of a page, to be put together for each id.
struct Assembly {
    bodies: ById<StatusId, Arc<StatusBody>>,
    people: ById<AccountId, Arc<AccountView>>,
    stances: Stances,
    mine: Option<ById<StatusId, Mine>>,
    now: Time,
    filtering: Option<Filtering>,
    /// Posts that staff looks at, because they were reported: shown whoever they were for.
    reported: Ids<StatusId>,
}

impl Assembly {
    fn view(&self, id: StatusId, with_reblog: bool, depth: Depth) -> Option<StatusView> {
        let body = self.bodies.get(&id)?;
        let author = self.people.get(&body.account)?;
        if !self.may_see(body, author) {
            return None;
        }
        // A boost shows nothing that its viewer could not open.
        let reblog = match body.reblog_of_id {
            None => None,
            Some(original) if with_reblog => Some(Box::new(self.view(original, false, depth)?)),
            Some(_) => return None,
        };
        let mut mine = self.mine.as_ref().and_then(|m| m.get(&id).cloned());
        // Mastodon shows on a boost what the viewer did with the original.
        if let (Some(mine), Some(reblog)) = (&mut mine, &reblog)
            && let Some(original) = &reblog.mine
        {
            mine.is_favourited = original.is_favourited;
            mine.is_reblogged = original.is_reblogged;
            mine.is_bookmarked = original.is_bookmarked;
            mine.is_muted = original.is_muted;
        }
        let is_poll_over = body.poll.as_ref().is_some_and(|poll| poll.is_over(self.now));
        let quote = body.quote.map(|quote| self.quote(quote, depth));
        let creator = body.card.as_ref().and_then(|card| self.people.get(&card.creator?)).cloned();
        let filtering = self.filtering.clone();
        Some(StatusView {
            body: body.clone(),
            author: author.clone(),
            reblog,
            quote,
            mine,
            is_poll_over,
            creator,
            filtering,
        })
    }

    fn may_see(&self, body: &StatusBody, author: &AccountView) -> bool {
        if self.reported.contains(&body.id) {
            return true;
        }
        let mentioned: Vec<AccountId> = body.mentions.iter().map(|m| m.account).collect();
        let seen = Seen {
            id: body.id,
            author: body.account,
            is_author_gone: author.is_suspended || author.is_deleted,
            visibility: body.visibility,
            created_at: body.created_at,
            mentioned: &mentioned,
            unapproved: body.is_unapproved().then(|| {
                body.in_reply_to_account_id.filter(|_| body.approval == Some(phiomia_model::status::Approval::Pending))
            }),
        };
        may_see(&seen, &self.stances)
    }

    /// A quote shows nothing that its viewer could not open.
    fn quote(&self, quote: QuoteRef, depth: Depth) -> QuoteView {
        let hidden = |shown| QuoteView { shown, quoted: None, view: None };
        if quote.state != QuoteState::Accepted {
            return hidden(ShownQuote::As(quote.state));
        }
        let found = quote.quoted.and_then(|id| self.bodies.get(&id));
        let Some((body, author)) = found.and_then(|body| Some((body, self.people.get(&body.account)?))) else {
            return hidden(ShownQuote::As(QuoteState::Deleted));
        };
        if !self.may_see(body, author) {
            return hidden(ShownQuote::Unauthorized);
        }
        let stance = self.stances.to(body.account);
        let shown = match (stance.blocks, stance.blocks_domain, stance.mutes) {
            (true, ..) => ShownQuote::BlockedAccount,
            (_, true, _) => ShownQuote::BlockedDomain,
            (.., true) => ShownQuote::MutedAccount,
            _ => ShownQuote::As(QuoteState::Accepted),
        };
        let view = (depth == Depth::Whole).then(|| self.view(body.id, false, Depth::Shallow)).flatten();
        QuoteView { shown, quoted: Some(body.clone()), view: view.map(Box::new) }
    }
}
