//! A post as pages show it.

use askama::Template;
use phiomia_mastodon::entities::{self, QuoteState, StatusQuote};
use phiomia_model::{Error, Time, Visibility};

use super::{
    answer::rendered,
    fit::{fitted, plain_within, shortened},
    person::{Person, drawn, escaped},
    shown_number, shown_time,
};
use crate::render::Cx;

/// Bytes of a post in a list, at most; one that would take more shows its beginning.
const LISTED: usize = 4_000;
/// Bytes of the post a page is about, at most: with what stands around a page has less than 30,000.
const WHOLE: usize = 11_000;
/// Bytes of the text of one post.
const TEXT: usize = 9_000;
/// The same where the rest of it is long, too.
const LESS_TEXT: usize = 6_000;
/// Bytes of a quoted text, which has a page of its own.
const QUOTED: usize = 1_500;
/// Characters of what there is to see in a picture, where a post is cut, on its own page and in a list.
const SAID: usize = 500;
const SAID_IN_LISTS: usize = 120;
/// Pictures, and choices of a poll, that are shown of a post that is cut.
const MOST_SHOWN: usize = 16;
const MOST_LISTED: usize = 4;
/// Bytes of a name with its emoji.
const NAME: usize = 400;

/// A moment for people and for machines.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Moment {
    pub(in crate::pages) iso: String,
    pub(in crate::pages) shown: String,
}

impl Moment {
    pub(super) fn of(time: Time) -> Moment {
        Moment { iso: time.to_iso_millis(), shown: shown_time(time) }
    }

    /// `25 Nov 2026`.
    pub(super) fn day(&self) -> &str {
        self.shown.split(',').next().unwrap_or_default()
    }
}

/// Where a post stands on its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) enum Place {
    /// In a list.
    Listed,
    /// In a list, above all others because its author wants it there.
    Pinned,
    /// Above or below the post the page is about.
    Around,
    /// The page is about it.
    Main,
    /// Alone in a frame on another site.
    Framed,
}

/// A choice of a poll.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Choice {
    pub(in crate::pages) title: String,
    /// `None`: not told yet.
    pub(in crate::pages) percent: Option<i64>,
}

/// A poll and how it stands.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Poll {
    pub(in crate::pages) choices: Vec<Choice>,
    pub(in crate::pages) votes: String,
    pub(in crate::pages) is_over: bool,
    pub(in crate::pages) ends_at: Option<Moment>,
}

/// A picture of a post, or a link to what lies elsewhere: pages show nothing of other servers.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Shown {
    pub(in crate::pages) url: String,
    /// The file to be drawn with its pixels; `None`: a link alone.
    pub(in crate::pages) drawn: Option<(String, i64, i64)>,
    /// Played on the page.
    pub(in crate::pages) played: Option<Played>,
    pub(in crate::pages) alt: String,
    /// `Picture`, `Video`, `Sound` or `File`.
    pub(in crate::pages) kind: &'static str,
}

/// A film or a sound of ours.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Played {
    /// Pixels of a film; `None`: a sound.
    pub(in crate::pages) size: Option<(i64, i64)>,
    /// The picture that stands for it.
    pub(in crate::pages) poster: Option<String>,
    /// Whether it begins by itself and again and again, without a sound.
    pub(in crate::pages) is_gif: bool,
}

/// The post.
#[derive(Clone, Debug, Template)]
#[template(path = "visitors/post.html")]
pub(in crate::pages) struct Post {
    pub(in crate::pages) place: Place,
    pub(in crate::pages) url: String,
    pub(in crate::pages) author: Person,
    /// Who boosted it, when the post is in a list for that.
    pub(in crate::pages) boosted_by: Option<Person>,
    pub(in crate::pages) posted_at: Moment,
    pub(in crate::pages) edited_at: Option<Moment>,
    /// Safe HTML.
    pub(in crate::pages) content: String,
    /// The content warning as HTML; empty for none.
    pub(in crate::pages) warning: String,
    pub(in crate::pages) language: Option<String>,
    /// What it answers: whom, and where that is.
    pub(in crate::pages) answers: Option<(String, String)>,
    pub(in crate::pages) is_unlisted: bool,
    pub(in crate::pages) replies: String,
    pub(in crate::pages) boosts: String,
    pub(in crate::pages) favourites: String,
    pub(in crate::pages) poll: Option<Poll>,
    pub(in crate::pages) media: Vec<Shown>,
    /// Pictures are seen when they are asked for; a warning covers them already.
    pub(in crate::pages) is_veiled: bool,
    /// The quoted post, or what stands in its place.
    pub(in crate::pages) quote: Option<Result<Box<Quoted>, &'static str>>,
    plain: String,
    plain_warning: String,
}

/// A post within another one.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Quoted {
    pub(in crate::pages) author: Person,
    pub(in crate::pages) url: String,
    pub(in crate::pages) content: String,
    pub(in crate::pages) warning: String,
    pub(in crate::pages) language: Option<String>,
}

impl Post {
    /// The post, or the one it boosts with who did.
    pub(super) fn of(status: &entities::Status, place: Place, cx: &Cx) -> Post {
        let boosted_by = status.reblog.as_ref().map(|_| Person::of(&status.account, cx));
        let status = status.reblog.as_deref().unwrap_or(status);
        Post {
            place,
            url: address(status),
            author: Person::of(&status.account, cx),
            boosted_by,
            posted_at: Moment::of(status.created_at.0),
            edited_at: status.edited_at.map(|at| Moment::of(at.0)),
            content: fitted(words(status), &status.emojis, &cx.addresses.base(), TEXT),
            warning: warning(status),
            language: status.language.clone(),
            answers: answered(status, cx),
            is_unlisted: status.visibility == Visibility::Unlisted,
            replies: shown_number(status.replies_count),
            boosts: shown_number(status.reblogs_count),
            favourites: shown_number(status.favourites_count),
            poll: status.poll.as_ref().map(poll),
            media: status.media_attachments.iter().filter_map(|one| shown(one, cx)).collect(),
            is_veiled: status.sensitive && status.spoiler_text.trim().is_empty(),
            quote: status.quote.as_ref().and_then(|quote| quoted(quote, cx)),
            plain: phiomia_text::plain(words(status)),
            plain_warning: status.spoiler_text.trim().to_owned(),
        }
    }

    /// The first picture that may be seen at once: its address, its pixels, and what there is to see.
    pub(super) fn picture(&self) -> Option<(&str, i64, i64, &str)> {
        let is_covered = self.is_veiled || !self.warning.is_empty();
        let mut seen = self.media.iter().filter(|_| !is_covered);
        seen.find_map(|one| {
            let (file, width, height) = one.drawn.as_ref()?;
            Some((file.as_str(), *width, *height, one.alt.as_str()))
        })
    }

    /// The first film that may be seen at once: its address and its pixels.
    pub(super) fn film(&self) -> Option<(String, i64, i64)> {
        let is_covered = self.is_veiled || !self.warning.is_empty();
        let mut seen = self.media.iter().filter(|_| !is_covered);
        seen.find_map(|one| {
            let (width, height) = one.played.as_ref()?.size?;
            Some((one.url.clone(), width, height))
        })
    }

    /// As HTML, as much of it as its place has room for.
    pub(super) fn html(&self) -> Result<String, Error> {
        self.within(if self.is_main() { WHOLE } else { LISTED })
    }

    /// As HTML of so many bytes, about.
    pub(super) fn within(&self, most: usize) -> Result<String, Error> {
        let html = rendered(self)?;
        match html.len() {
            n if n <= most => Ok(html),
            _ if self.is_main() && most > LISTED => rendered(&self.trimmed()),
            _ => rendered(&self.beginning()),
        }
    }

    /// With a shorter text, and shorter words about what it shows.
    fn trimmed(&self) -> Post {
        let mut post = self.clone();
        if post.content.len() > LESS_TEXT {
            post.content = plain_within(&self.plain, LESS_TEXT);
        }
        post.shorten(SAID, MOST_SHOWN);
        post
    }

    /// Its first words and the way to the rest.
    fn beginning(&self) -> Post {
        let mut post = self.clone();
        post.content = format!(
            "{}<p><a href=\"{}\">Read the whole post</a></p>",
            plain_within(&summary(&self.plain, 280), QUOTED),
            escaped(&self.url)
        );
        post.author.avatar_description = String::new();
        post.shorten(SAID_IN_LISTS, MOST_LISTED);
        post
    }

    /// Cuts what stands beside the text: `most_said` characters of what there is to see, so many pictures and choices.
    fn shorten(&mut self, most_said: usize, most_shown: usize) {
        self.warning = shortened(&self.warning, &self.plain_warning, NAME);
        for person in [Some(&mut self.author), self.boosted_by.as_mut()].into_iter().flatten() {
            person.name_html = shortened(&person.name_html, &person.name, NAME);
            person.handle = summary(&person.handle, NAME);
        }
        self.media.truncate(most_shown);
        for one in &mut self.media {
            one.alt = summary(&one.alt, most_said);
        }
        if let Some(poll) = &mut self.poll {
            poll.choices.truncate(most_shown);
            for choice in &mut poll.choices {
                choice.title = summary(&choice.title, most_said);
            }
        }
    }

    /// What a preview may tell: the warning instead of what it warns of.
    pub(super) fn preview(&self, most: usize) -> String {
        match self.plain_warning.as_str() {
            "" => summary(&self.plain, most),
            warning => summary(&format!("Content warning: {warning}"), most),
        }
    }

    fn is_framed(&self) -> bool {
        self.place == Place::Framed
    }
    fn is_main(&self) -> bool {
        matches!(self.place, Place::Main | Place::Framed)
    }
    fn is_pinned(&self) -> bool {
        self.place == Place::Pinned
    }
}

fn shown(media: &entities::MediaAttachment, cx: &Cx) -> Option<Shown> {
    let url = media.url.clone()?;
    let kind = match media.r#type {
        entities::MediaType::Image => "Picture",
        entities::MediaType::Gifv | entities::MediaType::Video => "Video",
        entities::MediaType::Audio => "Sound",
        entities::MediaType::Unknown => "File",
    };
    let is_ours = cx.addresses.is_handed_out_by_us(&url);
    let pixels = |size: Option<&entities::MediaSize>| {
        let size = size.and_then(|size| size.width.zip(size.height));
        size.unwrap_or((640, 360))
    };
    let meta = media.meta.as_ref();
    let original = meta.and_then(|meta| meta.original.as_ref());
    let (width, height) = pixels(meta.and_then(|meta| meta.small.as_ref()).or(original));
    let preview = media.preview_url.clone();
    let is_drawn = is_ours && media.r#type == entities::MediaType::Image;
    let drawn = is_drawn.then(|| (preview.clone().unwrap_or_else(|| url.clone()), width, height));
    let size = match media.r#type {
        entities::MediaType::Video | entities::MediaType::Gifv => Some(Some(pixels(original))),
        entities::MediaType::Audio => Some(None),
        entities::MediaType::Image | entities::MediaType::Unknown => None,
    };
    let is_gif = media.r#type == entities::MediaType::Gifv;
    let played = size.filter(|_| is_ours).map(|size| Played { size, poster: preview, is_gif });
    Some(Shown { url, drawn, played, alt: media.description.clone().unwrap_or_default(), kind })
}

/// The HTML of a post without the line that leads to what it quotes, where the quoted post itself is shown.
pub(super) fn words(status: &entities::Status) -> &str {
    let is_shown = matches!(&status.quote, Some(StatusQuote::Whole(quote)) if quote.quoted_status.is_some());
    let rest = status.content.strip_prefix("<p class=\"quote-inline\">").filter(|_| is_shown);
    rest.and_then(|rest| rest.split_once("</p>")).map_or(status.content.as_str(), |(_, words)| words)
}

/// Where a post is read.
pub(super) fn address(status: &entities::Status) -> String {
    status.url.clone().unwrap_or_else(|| status.uri.clone())
}

/// The warning above a post as HTML; empty for none.
fn warning(status: &entities::Status) -> String {
    drawn(&escaped(status.spoiler_text.trim()), &status.emojis)
}

fn answered(status: &entities::Status, cx: &Cx) -> Option<(String, String)> {
    let (id, whose) = (status.in_reply_to_id?, status.in_reply_to_account_id?);
    let name = if whose == status.account.id {
        status.account.acct.clone()
    } else {
        status.mentions.iter().find(|mention| mention.id == whose)?.acct.clone()
    };
    // Posts from elsewhere have no page here.
    (!name.contains('@')).then(|| (format!("@{name}"), cx.addresses.status_url(&name, id)))
}

fn poll(poll: &entities::Poll) -> Poll {
    let n_votes: i64 = poll.options.iter().filter_map(|option| option.votes_count).sum();
    // Of several choices each is seen against the people, as they may take more than one.
    let whole = if poll.multiple { poll.voters_count.unwrap_or(n_votes) } else { n_votes }.max(1);
    let percent = |n: i64| n.saturating_mul(200).saturating_add(whole) / whole.saturating_mul(2);
    let choice = |option: &entities::PollOption| Choice {
        title: option.title.clone(),
        percent: option.votes_count.map(|n| percent(n).min(100)),
    };
    Poll {
        choices: poll.options.iter().map(choice).collect(),
        votes: shown_number(poll.voters_count.unwrap_or(poll.votes_count)),
        is_over: poll.expired,
        ends_at: poll.expires_at.map(|at| Moment::of(at.0)),
    }
}

/// The quoted post as visitors may see it, or what stands in its place.
pub(super) fn quoted(quote: &StatusQuote, cx: &Cx) -> Option<Result<Box<Quoted>, &'static str>> {
    let StatusQuote::Whole(quote) = quote else { return None };
    Some(match (&quote.quoted_status, quote.state) {
        (Some(status), QuoteState::Accepted) => Ok(Box::new(Quoted {
            author: Person::of(&status.account, cx),
            url: address(status),
            content: fitted(&status.content, &status.emojis, &cx.addresses.base(), QUOTED),
            warning: shortened(&warning(status), &status.spoiler_text, NAME),
            language: status.language.clone(),
        })),
        (_, QuoteState::Pending) => Err("The quoted post waits for its author’s consent."),
        _ => Err("The quoted post is not available."),
    })
}

/// The beginning of a text in one line.
pub(super) fn summary(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most).collect();
    // At a word's end, unless the word is as long as the line.
    let at_word = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    format!("{}…", if at_word.len() * 2 > cut.len() { at_word } else { &cut })
}
