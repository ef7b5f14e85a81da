//! Posts.

use phiomia_mastodon::entities::{
    self, ApprovedGroup, CurrentUserApproval, FilterResult, Mention, Quote, QuoteApproval, ShallowQuote, ShallowTag,
    StatusApplication, StatusQuote, Written,
};
use phiomia_model::{QuotePolicy, QuoteState, StatusId, Visibility, status::Revision};
use phiomia_store::db::{
    by_id::ById,
    statuses::{MentionView, QuoteView, ShownQuote, StatusBody, StatusView, Thread},
};
use phiomia_text::MentionTarget;
use std::sync::Arc;

use super::{Cx, Emojis, account, card, filter::filtered, media, poll};

/// What is the same for every viewer and takes work to make, and the custom emoji it was made with.
struct Kept {
    with: Emojis,
    content: Written<String>,
    mentions: Written<Vec<Mention>>,
    tags: Written<Vec<ShallowTag>>,
    emojis: Written<Vec<entities::CustomEmoji>>,
}

fn kept(body: &StatusBody, cx: &Cx) -> Arc<Kept> {
    let tag = |name: &String| ShallowTag { name: name.clone(), url: cx.addresses.tag_url(name) };
    let make = || Kept {
        with: cx.emojis.clone(),
        content: content(&body.text, body, cx).into(),
        mentions: body.mentions.iter().filter(|m| !m.is_silent).map(mention).collect::<Vec<_>>().into(),
        tags: body.tags.iter().map(tag).collect::<Vec<_>>().into(),
        emojis: emojis(&[&body.text, &body.spoiler_text], body, cx).into(),
    };
    body.made.get_or(|kept: &Kept| Arc::ptr_eq(&kept.with, &cx.emojis), make)
}

/// A page of posts.
#[must_use]
pub fn statuses(views: &[StatusView], cx: &Cx) -> Vec<entities::Status> {
    views.iter().map(|view| status(view, cx)).collect()
}

/// A post, or a boost of one.
#[must_use]
pub fn status(view: &StatusView, cx: &Cx) -> entities::Status {
    shown(view, filtered(view), cx)
}

/// A boost and what it boosts have the same matches.
fn shown(view: &StatusView, filtered: Option<Vec<FilterResult>>, cx: &Cx) -> entities::Status {
    let body = &*view.body;
    let mine = view.mine.as_ref();
    let kept = kept(body, cx);
    entities::Status {
        id: body.id,
        uri: body.uri.clone(),
        created_at: body.created_at.into(),
        account: account(&view.author, cx),
        content: announced(&kept.content, view).map_or_else(|| kept.content.clone(), Into::into),
        visibility: body.visibility,
        sensitive: view.is_sensitive(),
        spoiler_text: body.spoiler_text.clone(),
        media_attachments: media::attachments(body, cx),
        application: body
            .app
            .as_ref()
            .filter(|_| body.is_local)
            .map(|(name, website)| StatusApplication { name: name.clone(), website: website.clone() }),
        mentions: kept.mentions.clone(),
        tags: kept.tags.clone(),
        emojis: kept.emojis.clone(),
        reblogs_count: body.reblogs_count,
        favourites_count: body.favourites_count,
        quotes_count: body.quotes_count,
        replies_count: body.replies_count,
        url: body.url.clone(),
        in_reply_to_id: body.in_reply_to_id,
        in_reply_to_account_id: body.in_reply_to_account_id,
        reblog: view.reblog.as_ref().map(|original| Box::new(shown(original, filtered.clone(), cx))),
        poll: poll(view, cx),
        card: card(view, cx),
        language: body.language.clone(),
        text: None,
        edited_at: body.edited_at.map(Into::into),
        quote: view.quote.as_ref().map(|quote| whole_quote(quote, cx)),
        quote_approval: quote_approval(view),
        favourited: mine.map(|m| m.is_favourited),
        reblogged: mine.map(|m| m.is_reblogged),
        muted: mine.map(|m| m.is_muted),
        bookmarked: mine.map(|m| m.is_bookmarked),
        pinned: mine.and_then(|m| m.is_pinned),
        filtered,
        tagged_collections: Vec::new(),
    }
}

/// A post that was just deleted, with its text as typed, for writing it anew.
#[must_use]
pub fn deleted_status(view: &StatusView, text: String, cx: &Cx) -> entities::Status {
    entities::Status { text: Some(text), ..status(view, cx) }
}

/// A thread; `views` are those of its posts that the viewer may see.
#[must_use]
pub fn context(thread: &Thread, views: &[StatusView], cx: &Cx) -> entities::Context {
    let by_id: ById<StatusId, &StatusView> = views.iter().map(|view| (view.body.id, view)).collect();
    let pick = |ids: &[StatusId]| ids.iter().filter_map(|id| by_id.get(id)).map(|view| status(view, cx)).collect();
    entities::Context { ancestors: pick(&thread.ancestors), descendants: pick(&thread.descendants) }
}

/// All revisions of a post, oldest first.
#[must_use]
pub fn revisions(view: &StatusView, revisions: &[Revision], cx: &Cx) -> Vec<entities::StatusEdit> {
    let body = &*view.body;
    let text = |revision: &Revision| {
        let html = content(&revision.text, body, cx);
        announced(&html, view).unwrap_or(html)
    };
    let edit = |revision: &Revision| entities::StatusEdit {
        content: text(revision),
        spoiler_text: revision.spoiler_text.clone(),
        sensitive: revision.is_sensitive,
        created_at: revision.created_at.into(),
        account: account(&view.author, cx),
        poll: revision.poll_options.as_ref().map(|titles| entities::StatusEditPoll {
            options: titles.iter().map(|title| entities::StatusEditPollOption { title: title.clone() }).collect(),
        }),
        media_attachments: if body.is_local {
            revision.media.iter().map(|one| media::media(one, &cx.addresses)).collect()
        } else {
            media::attachments(body, cx)
        },
        emojis: emojis(&[&revision.text, &revision.spoiler_text], body, cx),
        quote: view.quote.as_ref().map(|quote| whole_quote(quote, cx)),
    };
    revisions.iter().map(edit).collect()
}

/// The HTML of a post that was written here and quotes another, with a line in front that leads there, as in Mastodon:
/// for apps that know no quotes. `None`: nothing to announce to this viewer.
fn announced(html: &str, view: &StatusView) -> Option<String> {
    let quoted = view.quote.as_ref()?.quoted.as_ref().filter(|_| view.body.is_local)?;
    Some(phiomia_text::with_quote(html, quoted.url.as_ref().unwrap_or(&quoted.uri)))
}

fn content(text: &str, body: &StatusBody, cx: &Cx) -> String {
    if !body.is_local {
        return phiomia_text::sanitize(text);
    }
    let targets: Vec<MentionTarget> = body.mentions.iter().filter_map(target).collect();
    phiomia_text::render_status(text, &cx.text(&targets))
}

fn target(mention: &MentionView) -> Option<MentionTarget> {
    MentionTarget::kept(&mention.handle, &mention.username, &mention.url)
}

fn mention(view: &MentionView) -> Mention {
    Mention { id: view.account, username: view.username.clone(), url: view.url.clone(), acct: view.acct() }
}

fn emojis(texts: &[&str], body: &StatusBody, cx: &Cx) -> Vec<entities::CustomEmoji> {
    if body.is_local { cx.emojis_in(texts.iter().copied()) } else { cx.elsewhere.emojis(&body.emojis, &body.uri) }
}

/// A quote with the quoted post, in which quotes are shallow.
fn whole_quote(quote: &QuoteView, cx: &Cx) -> StatusQuote {
    let state = state(quote);
    let quoted_status = quote.view.as_deref().map(|quoted| {
        let shallow = |quote: &QuoteView| {
            StatusQuote::Shallow(ShallowQuote {
                state: self::state(quote),
                quoted_status_id: quote.quoted.as_ref().map(|body| body.id),
            })
        };
        Box::new(entities::Status { quote: quoted.quote.as_ref().map(shallow), ..status(quoted, cx) })
    });
    StatusQuote::Whole(Quote { state, quoted_status })
}

fn state(quote: &QuoteView) -> entities::QuoteState {
    match quote.shown {
        ShownQuote::As(QuoteState::Pending) => entities::QuoteState::Pending,
        ShownQuote::As(QuoteState::Accepted) => entities::QuoteState::Accepted,
        ShownQuote::As(QuoteState::Rejected) => entities::QuoteState::Rejected,
        ShownQuote::As(QuoteState::Revoked) => entities::QuoteState::Revoked,
        ShownQuote::As(QuoteState::Deleted) => entities::QuoteState::Deleted,
        ShownQuote::Unauthorized => entities::QuoteState::Unauthorized,
        ShownQuote::BlockedAccount => entities::QuoteState::BlockedAccount,
        ShownQuote::BlockedDomain => entities::QuoteState::BlockedDomain,
        ShownQuote::MutedAccount => entities::QuoteState::MutedAccount,
    }
}

/// Who may quote a post; of a boost: who may quote what it boosts.
fn quote_approval(view: &StatusView) -> QuoteApproval {
    let view = view.reblog.as_deref().unwrap_or(view);
    let body = &*view.body;
    let automatic = match body.quote_policy {
        QuotePolicy::Public if body.visibility.is_open() => vec![ApprovedGroup::Public],
        QuotePolicy::Followers if body.visibility.is_open() => vec![ApprovedGroup::Followers],
        _ => Vec::new(),
    };
    let current_user = match (&view.mine, automatic.first()) {
        _ if body.visibility == Visibility::Direct => CurrentUserApproval::Denied,
        (Some(mine), _) if mine.is_own => CurrentUserApproval::Automatic,
        (_, None) | (None, _) => CurrentUserApproval::Denied,
        (Some(mine), _) if mine.stance.blocks => CurrentUserApproval::Denied,
        (Some(mine), Some(ApprovedGroup::Followers)) if !mine.stance.follows => CurrentUserApproval::Denied,
        (Some(_), Some(_)) => CurrentUserApproval::Automatic,
    };
    QuoteApproval { automatic, manual: Vec::new(), current_user }
}
