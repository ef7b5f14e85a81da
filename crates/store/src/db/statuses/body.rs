//! What a post is, the same for every viewer: read once, kept in memory until it changes.

use std::sync::Arc;

use phiomia_model::{
    AccountId, Fault, PollId, QuotePolicy, QuoteState, StatusId, Time, Visibility,
    card::Card,
    media::Media,
    remote::{RemoteEmoji, RemoteMedia},
    status::Approval,
};

use super::rows::read_media;
use crate::db::{
    by_id::ById,
    made::Made,
    query::Query,
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    // The posts and, in the same round, those they boost.
    BODIES = Sql::Once(&Sql::Single(&Sql::Same(concat!("select s.id, s.account_id, ", status_uri!("s", "a"), ", ", status_url!("s", "a"), ", s.text, s.spoiler_text, s.visibility, s.is_sensitive,
            s.is_local, s.language, s.in_reply_to_id, s.in_reply_to_account_id, s.reblog_of_id, s.conversation_id,
            s.quote_policy, s.created_at, s.edited_at, s.replies_count, s.reblogs_count, s.favourites_count,
            s.quotes_count, k.state, k.quoted_status_id, p.name, p.website,
            l.id, l.is_multiple, l.hides_totals, l.expires_at, l.voters_count,
            r.attachments, r.emojis, s.media, r.origin_replies, r.origin_reblogs, r.origin_favourites, c.facts, s.approval
        from (select w.id from statuses w where w.id in ids($1)
            union select r.reblog_of_id from statuses r where r.id in ids($1) and r.reblog_of_id is not null) wanted
        join statuses s on s.id = wanted.id
        join accounts a on a.id = s.account_id
        left join apps p on p.id = s.app_id
        left join polls l on l.status_id = s.id
        left join quotes k on k.status_id = s.id
        left join remote_statuses r on r.status_id = s.id
        left join status_cards kc on kc.status_id = s.id
        left join cards c on c.id = kc.card_id
        where s.deleted_at is null"))));
    MENTIONS = Sql::Once(&Sql::Same("select m.status_id, m.account_id, m.handle, m.is_silent, a.username, a.domain, a.url
        from mentions m join accounts a on a.id = m.account_id where m.status_id in ids($1)"));
    TAGS = Sql::Once(&Sql::Same("select st.status_id, t.name from status_tags st join tags t on t.id = st.tag_id
        where st.status_id in ids($1) order by st.status_id, t.name"));
    OPTIONS = Sql::Same("select l.status_id, o.title, o.votes_count
        from polls l join poll_options o on o.poll_id = l.id
        where l.status_id in ids($1) order by l.status_id, o.position");
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

/// A poll, the same for every viewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollView {
    /// Its id.
    pub id: PollId,
    /// Several choices allowed.
    pub is_multiple: bool,
    /// No figures before its end.
    pub hides_totals: bool,
    /// When it ends; `None`: never.
    pub expires_at: Option<Time>,
    /// People who voted.
    pub voters_count: i64,
    /// What there is to choose from.
    pub options: Vec<PollOptionView>,
}

impl PollView {
    /// Whether it is over by `now`.
    #[must_use]
    pub fn is_over(&self, now: Time) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// One choice of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollOptionView {
    /// Its text.
    pub title: String,
    /// Votes for it.
    pub votes_count: i64,
}

/// What a post quotes, before anybody's permission to see it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteRef {
    /// Whether the quoted author allows it.
    pub state: QuoteState,
    /// The quoted post; `None` when it is gone or not known.
    pub quoted: Option<StatusId>,
}

impl QuoteRef {
    /// The quoted post when the quote is allowed.
    pub(super) fn shown(&self) -> Option<StatusId> {
        self.quoted.filter(|_| self.state == QuoteState::Accepted)
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
    /// Quotes with consent.
    pub quotes_count: i64,
    /// What it quotes.
    pub quote: Option<QuoteRef>,
    /// Name and page of the app it was written with.
    pub app: Option<(String, Option<String>)>,
    /// Everybody it mentions, the silent ones too.
    pub mentions: Vec<MentionView>,
    /// Its hashtags, lower case.
    pub tags: Vec<String>,
    /// Its poll.
    pub poll: Option<PollView>,
    /// What was uploaded here for it.
    pub media: Vec<Media>,
    /// Pictures, sounds and videos of a post from elsewhere, where they lie.
    pub attachments: Vec<RemoteMedia>,
    /// Custom emoji of a post from elsewhere.
    pub emojis: Vec<RemoteEmoji>,
    /// What is shown of the page it links to.
    pub card: Option<Box<Card>>,
    /// Whether the author of what it answers or boosts allows that, where they want to be asked.
    pub approval: Option<Approval>,
    /// What a renderer made of it.
    pub made: Made,
    /// The text that filters look through, once one has.
    pub searched: Made,
}

impl StatusBody {
    /// Whether it is kept from everybody else, because an author who wants to be asked has not allowed it.
    #[must_use]
    pub fn is_unapproved(&self) -> bool {
        matches!(self.approval, Some(Approval::Pending | Approval::Rejected))
    }

    /// About how much memory it takes, with what a renderer makes of it: HTML and JSON.
    pub(in crate::db) fn size_bytes(&self) -> u32 {
        let mentions: usize = self.mentions.iter().map(|m| m.handle.len() + m.username.len() + m.url.len() + 120).sum();
        let tags: usize = self.tags.iter().map(|t| t.len() + 24).sum();
        let texts =
            self.text.len() + self.spoiler_text.len() + self.uri.len() + self.url.as_ref().map_or(0, String::len);
        let options = self.poll.iter().flat_map(|poll| &poll.options);
        let poll: usize = options.map(|option| option.title.len() + 32).sum();
        let media = 600 * (self.media.len() + self.attachments.len());
        let card = self.card.as_ref().map_or(0, |card| 500 + 2 * (card.title.len() + card.description.len()));
        u32::try_from(1_300 + 4 * texts + 3 * mentions + 3 * tags + poll + media + card).unwrap_or(u32::MAX)
    }
}

impl FromRow for StatusBody {
    fn from_row(row: &mut Row<'_>) -> Result<StatusBody, Fault> {
        let mut body = StatusBody {
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
            quotes_count: row.next()?,
            quote: {
                let (state, quoted) = (row.next::<Option<String>>()?, row.next()?);
                state.map(|state| QuoteRef { state: state.parse().unwrap_or(QuoteState::Pending), quoted })
            },
            app: {
                let (name, website) = (row.next::<Option<String>>()?, row.next()?);
                name.map(|name| (name, website))
            },
            mentions: Vec::new(),
            tags: Vec::new(),
            poll: poll(row)?,
            attachments: json(row)?,
            emojis: json(row)?,
            media: read_media(row)?,
            card: None,
            approval: None,
            made: Made::default(),
            searched: Made::default(),
        };
        // The origin of a post sees all that is done with it; we see a part, and sometimes sooner.
        for (count, origin) in [
            (&mut body.replies_count, row.next::<Option<i64>>()?),
            (&mut body.reblogs_count, row.next()?),
            (&mut body.favourites_count, row.next()?),
        ] {
            *count = origin.map_or(*count, |origin| origin.max(*count));
        }
        let card: Option<String> = row.next()?;
        let card = card.map(|json| serde_json::from_str(&json)).transpose();
        body.card = card.map_err(|e| Fault::because("reading what a page is", e))?;
        body.approval = row.next::<Option<String>>()?.and_then(|word| word.parse().ok());
        Ok(body)
    }
}

/// A list that only posts from elsewhere have.
fn json<T: serde::de::DeserializeOwned>(row: &mut Row<'_>) -> Result<Vec<T>, Fault> {
    match row.next::<Option<String>>()?.as_deref() {
        None | Some("[]") => Ok(Vec::new()),
        Some(text) => {
            serde_json::from_str(text).map_err(|e| Fault::because("reading a JSON column of remote_statuses", e))
        }
    }
}

/// The poll's part of a row; all of it is null where there is none.
fn poll(row: &mut Row<'_>) -> Result<Option<PollView>, Fault> {
    let (id, is_multiple, hides_totals): (Option<PollId>, Option<bool>, Option<bool>) =
        (row.next()?, row.next()?, row.next()?);
    let (expires_at, voters_count): (Option<Time>, Option<i64>) = (row.next()?, row.next()?);
    Ok(id.map(|id| PollView {
        id,
        is_multiple: is_multiple.unwrap_or_default(),
        hides_totals: hides_totals.unwrap_or_default(),
        expires_at,
        voters_count: voters_count.unwrap_or_default(),
        options: Vec::new(),
    }))
}

/// A post shows what it quotes, and of that one which it quotes.
const QUOTES_DEEP: usize = 2;

/// The posts with these ids, those they boost, and those they quote: from memory as far as possible.
pub(super) fn bodies(q: &Query<'_>, ids: &[StatusId]) -> Result<ById<StatusId, Arc<StatusBody>>, Fault> {
    let mut known: ById<StatusId, Arc<StatusBody>> = ById::with_capacity_and_hasher(ids.len(), Default::default());
    read(q, ids, &mut known)?;
    for _ in 0..QUOTES_DEEP {
        let quoted = known.values().filter_map(|body| body.quote.as_ref()?.shown());
        let quoted: Vec<StatusId> = quoted.filter(|id| !known.contains_key(id)).collect();
        if quoted.is_empty() {
            break;
        }
        read(q, &quoted, &mut known)?;
    }
    Ok(known)
}

/// Posts and those they boost; what is not in memory in three statements, or four with a poll among them.
fn read(q: &Query<'_>, ids: &[StatusId], known: &mut ById<StatusId, Arc<StatusBody>>) -> Result<(), Fault> {
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
    Ok(())
}

fn load(q: &Query<'_>, ids: &[i64]) -> Result<Vec<Arc<StatusBody>>, Fault> {
    let rows: Vec<StatusBody> = q.rows(&BODIES, (ids,))?;
    let mut bodies: ById<StatusId, StatusBody> = rows.into_iter().map(|b| (b.id, b)).collect();
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
    if bodies.values().any(|body| body.poll.is_some()) {
        for (status, title, votes_count) in q.rows::<(StatusId, String, i64)>(&OPTIONS, (&found,))? {
            if let Some(poll) = bodies.get_mut(&status).and_then(|body| body.poll.as_mut()) {
                poll.options.push(PollOptionView { title, votes_count });
            }
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
