//! A post as somebody sees it: a fixed number of queries whatever the page's length.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use phiomia_model::{AccountId, Fault, QuotePolicy, StatusId, Time, Viewer, Visibility};

use crate::db::{
    accounts::{self, AccountView},
    query::Query,
    sql::{Sql, queries},
    value::{FromRow, Row},
    visibility::{Seen, Stance, Stances, may_see},
};

queries! {
    // The posts and, in the same round, those they boost.
    BODIES = Sql::Same("select s.id, s.account_id, s.uri, s.url, s.text, s.spoiler_text, s.visibility, s.is_sensitive,
            s.is_local, s.language, s.in_reply_to_id, s.in_reply_to_account_id, s.reblog_of_id, s.conversation_id,
            s.quote_policy, s.created_at, s.edited_at, s.replies_count, s.reblogs_count, s.favourites_count,
            p.name, p.website
        from (select w.id from statuses w where w.id in ids($1)
            union select r.reblog_of_id from statuses r where r.id in ids($1) and r.reblog_of_id is not null) wanted
        join statuses s on s.id = wanted.id
        left join apps p on p.id = s.app_id
        where s.deleted_at is null");
    MENTIONS = Sql::Same("select m.status_id, m.account_id, m.handle, m.is_silent, a.username, a.domain, a.url
        from mentions m join accounts a on a.id = m.account_id where m.status_id in ids($1)");
    TAGS = Sql::Same("select st.status_id, t.name from status_tags st join tags t on t.id = st.tag_id
        where st.status_id in ids($1) order by st.status_id, t.name");
    // 1 favourited, 2 bookmarked, 3 boosted, 4 pinned, 5 muted the thread.
    MINE = Sql::Same("select status_id, 1 from favourites where account_id = $1 and status_id in ids($2)
        union all select status_id, 2 from bookmarks where account_id = $1 and status_id in ids($2)
        union all select reblog_of_id, 3 from statuses
            where reblog_of_id in ids($2) and account_id = $1 and reblog_of_id is not null and deleted_at is null
        union all select status_id, 4 from pins where account_id = $1 and status_id in ids($2)
        union all select s.id, 5 from statuses s join conversation_mutes c on c.conversation_id = s.conversation_id
            where s.id in ids($2) and c.account_id = $1");
    // The same of many viewers.
    OF_MANY = Sql::Same("select account_id, status_id, 1 from favourites
            where account_id in ids($1) and status_id in ids($2)
        union all select account_id, status_id, 2 from bookmarks where account_id in ids($1) and status_id in ids($2)
        union all select account_id, reblog_of_id, 3 from statuses
            where reblog_of_id in ids($2) and account_id in ids($1) and reblog_of_id is not null and deleted_at is null
        union all select account_id, status_id, 4 from pins where account_id in ids($1) and status_id in ids($2)
        union all select c.account_id, s.id, 5
            from statuses s join conversation_mutes c on c.conversation_id = s.conversation_id
            where s.id in ids($2) and c.account_id in ids($1)");
}

/// Somebody mentioned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MentionView {
    /// Who.
    pub account: AccountId,
    /// As written in the text, without `@` in front.
    pub handle: String,
    /// No longer in the text.
    pub is_silent: bool,
    /// The name without the domain.
    pub username: String,
    /// `None` for people here.
    pub domain: Option<String>,
    /// Their page.
    pub url: String,
}

impl MentionView {
    /// `alice`, or `alice@example.org` for people elsewhere.
    #[must_use]
    pub fn acct(&self) -> String {
        match &self.domain {
            None => self.username.clone(),
            Some(domain) => format!("{}@{domain}", self.username),
        }
    }
}

/// What a post is, the same for every viewer.
#[derive(Clone, Debug)]
pub struct StatusBody {
    /// Its id here.
    pub id: StatusId,
    /// Its author.
    pub account: AccountId,
    /// Its id in the network.
    pub uri: String,
    /// Its page.
    pub url: Option<String>,
    /// Raw text (local), HTML as received (remote).
    pub text: String,
    /// Content warning; empty for none.
    pub spoiler_text: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Marked sensitive.
    pub is_sensitive: bool,
    /// Written here.
    pub is_local: bool,
    /// An ISO 639 code.
    pub language: Option<String>,
    /// What it answers.
    pub in_reply_to_id: Option<StatusId>,
    /// Whose that is.
    pub in_reply_to_account_id: Option<AccountId>,
    /// What it boosts.
    pub reblog_of_id: Option<StatusId>,
    /// Its conversation.
    pub conversation_id: Option<i64>,
    /// Who may quote it.
    pub quote_policy: QuotePolicy,
    /// When it was posted.
    pub created_at: Time,
    /// When it was last edited.
    pub edited_at: Option<Time>,
    /// Answers that everybody may see.
    pub replies_count: i64,
    /// Boosts.
    pub reblogs_count: i64,
    /// Favourites.
    pub favourites_count: i64,
    /// Name and page of the app it was written with.
    pub app: Option<(String, Option<String>)>,
    /// Everybody it mentions, the silent ones too.
    pub mentions: Vec<MentionView>,
    /// Its hashtags, lower case.
    pub tags: Vec<String>,
}

impl StatusBody {
    /// About how much memory it takes.
    pub(in crate::db) fn size_bytes(&self) -> u32 {
        let mentions: usize = self.mentions.iter().map(|m| m.handle.len() + m.username.len() + m.url.len() + 120).sum();
        let tags: usize = self.tags.iter().map(|t| t.len() + 24).sum();
        let texts =
            self.text.len() + self.spoiler_text.len() + self.uri.len() + self.url.as_ref().map_or(0, String::len);
        u32::try_from(500 + texts + mentions + tags).unwrap_or(u32::MAX)
    }
}

impl FromRow for StatusBody {
    fn from_row(row: &mut Row<'_>) -> Result<StatusBody, Fault> {
        Ok(StatusBody {
            id: row.next()?,
            account: row.next()?,
            uri: row.next()?,
            url: row.next()?,
            text: row.next()?,
            spoiler_text: row.next()?,
            visibility: row.next()?,
            is_sensitive: row.next()?,
            is_local: row.next()?,
            language: row.next()?,
            in_reply_to_id: row.next()?,
            in_reply_to_account_id: row.next()?,
            reblog_of_id: row.next()?,
            conversation_id: row.next()?,
            quote_policy: row.next::<String>()?.parse().unwrap_or(QuotePolicy::Nobody),
            created_at: row.next()?,
            edited_at: row.next()?,
            replies_count: row.next()?,
            reblogs_count: row.next()?,
            favourites_count: row.next()?,
            app: {
                let (name, website) = (row.next::<Option<String>>()?, row.next()?);
                name.map(|name| (name, website))
            },
            mentions: Vec::new(),
            tags: Vec::new(),
        })
    }
}

/// What the viewer did with a post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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
            _ => self.is_muted = true,
        }
    }
}

/// Viewers who see a post alike, what they did with it included, and how they see it.
#[derive(Clone, Debug)]
pub struct Cohort {
    /// Who.
    pub viewers: Vec<AccountId>,
    /// The post, the same for each of them.
    pub view: StatusView,
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
    /// What the viewer did with it; `None` for visitors.
    pub mine: Option<Mine>,
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
    let authors: HashSet<AccountId> = bodies.values().map(|b| b.account).collect();
    let people = accounts::map(q, &authors.iter().copied().collect::<Vec<_>>())?;
    let stances = Stances::load(q, viewer, &authors, now)?;
    let mine = viewer.account().map(|me| mine(q, me, &bodies, &stances)).transpose()?;
    let page = Assembly { bodies, people, stances, mine };
    Ok(ids.iter().filter_map(|id| page.view(*id, true)).collect())
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
    let authors: HashSet<AccountId> = bodies.values().map(|b| b.account).collect();
    let people = accounts::map(q, &authors.iter().copied().collect::<Vec<_>>())?;
    let status_ids: Vec<i64> = bodies.keys().map(|id| id.0).collect();
    let viewer_ids: Vec<i64> = viewers.iter().map(|id| id.0).collect();
    let mut acts: HashMap<AccountId, Vec<(StatusId, i64)>> = HashMap::new();
    for (viewer, status, kind) in q.rows::<(AccountId, StatusId, i64)>(&OF_MANY, (&viewer_ids, &status_ids))? {
        acts.entry(viewer).or_default().push((status, kind));
    }
    let mut cohorts: HashMap<(Option<Mine>, Option<Mine>), Cohort> = HashMap::new();
    for (viewer, stances) in viewers.iter().zip(Stances::load_for_many(q, viewers, &authors, now)?) {
        let mut mine: HashMap<StatusId, Mine> =
            bodies.values().map(|body| (body.id, Mine::untouched(body, *viewer, &stances))).collect();
        for (status, kind) in acts.remove(viewer).unwrap_or_default() {
            if let Some(state) = mine.get_mut(&status) {
                state.add(kind);
            }
        }
        let page = Assembly { bodies: bodies.clone(), people: people.clone(), stances, mine: Some(mine) };
        let Some(view) = page.view(id, true) else { continue };
        let key = (view.mine, view.reblog.as_ref().and_then(|reblog| reblog.mine));
        cohorts.entry(key).or_insert_with(|| Cohort { viewers: Vec::new(), view }).viewers.push(*viewer);
    }
    Ok(cohorts.into_values().collect())
}

/// The posts with these ids and those they boost: from memory as far as possible, the others in three statements.
fn bodies(q: &Query<'_>, ids: &[StatusId]) -> Result<HashMap<StatusId, Arc<StatusBody>>, Fault> {
    let mut known: HashMap<StatusId, Arc<StatusBody>> = HashMap::with_capacity(ids.len());
    let mut wanted: Vec<i64> = Vec::new();
    let mut look = |id: StatusId| -> Option<Arc<StatusBody>> {
        let body = q.cached.and_then(|cached| cached.body(id));
        match &body {
            Some(body) => drop(known.insert(id, body.clone())),
            None => wanted.push(id.0),
        }
        body
    };
    for id in ids {
        if let Some(original) = look(*id).and_then(|body| body.reblog_of_id) {
            look(original);
        }
    }
    if !wanted.is_empty() {
        for body in load(q, &wanted)? {
            if let Some(cached) = q.cached {
                cached.keep_body(&body);
            }
            known.insert(body.id, body);
        }
    }
    Ok(known)
}

fn load(q: &Query<'_>, ids: &[i64]) -> Result<Vec<Arc<StatusBody>>, Fault> {
    let rows: Vec<StatusBody> = q.rows(&BODIES, (ids,))?;
    let mut bodies: HashMap<StatusId, StatusBody> = rows.into_iter().map(|b| (b.id, b)).collect();
    let found: Vec<i64> = bodies.keys().map(|id| id.0).collect();
    for (status, mention) in q.rows::<Mentioned>(&MENTIONS, (&found,))?.into_iter().map(|m| (m.status, m.view)) {
        if let Some(body) = bodies.get_mut(&status) {
            body.mentions.push(mention);
        }
    }
    for (status, tag) in q.rows::<(StatusId, String)>(&TAGS, (&found,))? {
        if let Some(body) = bodies.get_mut(&status) {
            body.tags.push(tag);
        }
    }
    Ok(bodies.into_values().map(Arc::new).collect())
}

struct Mentioned {
    status: StatusId,
    view: MentionView,
}

impl FromRow for Mentioned {
    fn from_row(row: &mut Row<'_>) -> Result<Mentioned, Fault> {
        Ok(Mentioned {
            status: row.next()?,
            view: MentionView {
                account: row.next()?,
                handle: row.next()?,
                is_silent: row.next()?,
                username: row.next()?,
                domain: Some(row.next::<String>()?).filter(|d| !d.is_empty()),
                url: row.next()?,
            },
        })
    }
}

fn mine(
    q: &Query<'_>,
    me: AccountId,
    bodies: &HashMap<StatusId, Arc<StatusBody>>,
    stances: &Stances,
) -> Result<HashMap<StatusId, Mine>, Fault> {
    let mut mine: HashMap<StatusId, Mine> =
        bodies.values().map(|body| (body.id, Mine::untouched(body, me, stances))).collect();
    let ids: Vec<i64> = bodies.keys().map(|id| id.0).collect();
    for (status, kind) in q.rows::<(StatusId, i64)>(&MINE, (me, &ids))? {
        if let Some(state) = mine.get_mut(&status) {
            state.add(kind);
        }
    }
    Ok(mine)
}

/// Everything of a page, to be put together for each id.
struct Assembly {
    bodies: HashMap<StatusId, Arc<StatusBody>>,
    people: HashMap<AccountId, Arc<AccountView>>,
    stances: Stances,
    mine: Option<HashMap<StatusId, Mine>>,
}

impl Assembly {
    fn view(&self, id: StatusId, with_reblog: bool) -> Option<StatusView> {
        let body = self.bodies.get(&id)?;
        let author = self.people.get(&body.account)?;
        let mentioned: Vec<AccountId> = body.mentions.iter().map(|m| m.account).collect();
        let seen = Seen {
            id,
            author: body.account,
            is_author_gone: author.is_suspended || author.is_deleted,
            visibility: body.visibility,
            created_at: body.created_at,
            mentioned: &mentioned,
        };
        if !may_see(&seen, &self.stances) {
            return None;
        }
        // A boost shows nothing that its viewer could not open.
        let reblog = match body.reblog_of_id {
            None => None,
            Some(original) if with_reblog => Some(Box::new(self.view(original, false)?)),
            Some(_) => return None,
        };
        let mut mine = self.mine.as_ref().and_then(|m| m.get(&id).copied());
        // Mastodon shows on a boost what the viewer did with the original.
        if let (Some(mine), Some(reblog)) = (&mut mine, &reblog)
            && let Some(original) = reblog.mine
        {
            mine.is_favourited = original.is_favourited;
            mine.is_reblogged = original.is_reblogged;
            mine.is_bookmarked = original.is_bookmarked;
            mine.is_muted = original.is_muted;
        }
        Some(StatusView { body: body.clone(), author: author.clone(), reblog, mine })
    }
}
