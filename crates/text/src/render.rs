//! What local people typed, as HTML. The exact form clients and other servers know from Mastodon 4.7.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use phiomia_model::{Addresses, Handle, account::ProfileMention};

use crate::references::handle;
use crate::scan::{Entity, Piece, pieces};

/// Somebody a text mentions and whom we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MentionTarget {
    /// As written, or as stored: it is compared without regard to case, and one of our domains is the same as none.
    pub handle: Handle,
    /// The page of the account.
    pub url: String,
    /// The name to show, without `@`. The domain is added where two people in one text share a name.
    pub username: String,
}

impl MentionTarget {
    /// Somebody whose handle was kept as text; nobody where that is none.
    #[must_use]
    pub fn kept(handle: &str, username: &str, url: &str) -> Option<MentionTarget> {
        Some(MentionTarget { handle: handle.parse().ok()?, url: url.to_owned(), username: username.to_owned() })
    }
    /// All whom a profile names.
    #[must_use]
    pub fn of_profile(mentions: &[ProfileMention]) -> Vec<MentionTarget> {
        mentions.iter().filter_map(|m| MentionTarget::kept(&m.handle, &m.username, &m.url)).collect()
    }
}

/// What a renderer has to know about the world.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Whom mentions may lead to; any other stays text.
    pub mentions: &'a [MentionTarget],
    /// Where hashtags lead, and which domains are ours.
    pub addresses: &'a Addresses,
}

/// A post's text: paragraphs, line breaks, mentions, hashtags, links. A text of spaces gives nothing.
#[must_use]
pub fn render_status(text: &str, cx: &Context<'_>) -> String {
    let text = text.trim();
    let text = if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    };
    let text = without_nul(&text);
    paragraphs(&Renderer::new(cx, Rel::Other, Domains::WhereNeeded).inline(&text))
}

/// An account's bio: as a post. Mastodon claims links as the account's own (`rel="me"`) in fields only.
#[must_use]
pub fn render_note(text: &str, cx: &Context<'_>) -> String {
    render_status(text, cx)
}

/// The value of a profile field: one line without paragraphs, mentions with their domain, links with `rel="me"`.
#[must_use]
pub fn render_field(value: &str, cx: &Context<'_>) -> String {
    Renderer::new(cx, Rel::Me, Domains::Always).inline(without_nul(value.trim()).as_ref())
}

/// A link as renderers write it: without its scheme and `www.`, and cut to 30 characters for the eye.
/// `is_own`: the account says the page is its own (`rel="me"`).
#[must_use]
pub fn render_link(url: &str, is_own: bool) -> String {
    let mut html = String::new();
    push_link(&mut html, url, if is_own { Rel::Me } else { Rel::Other });
    html
}

/// `html` with a line in front that leads to the quoted post, for software that knows no quotes; unchanged when
/// the text leads there already. Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>.
#[must_use]
pub fn with_quote(html: &str, quoted_url: &str) -> String {
    let mut escaped = String::new();
    push_escaped(&mut escaped, quoted_url);
    if html.contains(&escaped) {
        return html.to_owned();
    }
    format!("<p class=\"quote-inline\">RE: {}</p>{html}", render_link(quoted_url, false))
}

/// `&`, `<`, `>` and both quotes as entities.
pub(crate) fn push_escaped(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
}

/// Inline HTML in which newlines stand for breaks: two or more part paragraphs, one is a `<br />`.
pub(crate) fn paragraphs(inline: &str) -> String {
    let mut html = String::with_capacity(inline.len().saturating_add(16));
    for paragraph in inline.split("\n\n").map(|p| p.trim_matches('\n')).filter(|p| !p.is_empty()) {
        html.push_str("<p>");
        html.push_str(&paragraph.replace('\n', "<br />"));
        html.push_str("</p>");
    }
    html
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rel {
    Me,
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Domains {
    Always,
    WhereNeeded,
}

/// One rendering: the people of the context with their handles made comparable once.
struct Renderer<'a> {
    addresses: &'a Addresses,
    people: Vec<(Handle, &'a MentionTarget)>,
    rel: Rel,
    domains: Domains,
}

impl<'a> Renderer<'a> {
    fn new(cx: &Context<'a>, rel: Rel, domains: Domains) -> Renderer<'a> {
        let own = cx.addresses.own_domains();
        let people =
            cx.mentions.iter().map(|m| (handle(&m.handle.username, m.handle.domain.as_deref(), &own), m)).collect();
        Renderer { addresses: cx.addresses, people, rel, domains }
    }

    /// Entities and escaped text, newlines as they are.
    fn inline(&self, text: &str) -> String {
        let mut html = String::with_capacity(text.len().saturating_mul(2));
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => push_escaped(&mut html, text),
                Piece::Entity(Entity::Link(url) | Entity::OtherLink(url), _) => push_link(&mut html, url, self.rel),
                Piece::Entity(Entity::Tag(name), _) => self.push_tag(&mut html, name),
                Piece::Entity(Entity::Mention { username, domain }, typed) => match self.person(username, domain) {
                    Some((shown, url)) => push_mention(&mut html, &shown, url),
                    None => push_escaped(&mut html, typed),
                },
            }
        }
        html
    }

    /// The name to show and the address of whom a mention means.
    fn person(&self, username: &str, domain: Option<&str>) -> Option<(Cow<'a, str>, &'a str)> {
        let meant = handle(username, domain, &self.addresses.own_domains());
        let same_name = |h: &Handle| h.username.eq_ignore_ascii_case(username);
        let (found, target) = self.people.iter().find(|(h, _)| same_name(h) && h.domain == meant.domain)?;
        let is_ambiguous = self.domains == Domains::Always
            || self.people.iter().any(|(h, _)| same_name(h) && h.domain != meant.domain);
        let shown = match &found.domain {
            Some(domain) if is_ambiguous => {
                Cow::Owned(format!("{}@{}", target.username, idna::domain_to_unicode(domain).0))
            }
            _ => Cow::Borrowed(target.username.as_str()),
        };
        Some((shown, &target.url))
    }

    fn push_tag(&self, html: &mut String, name: &str) {
        /// What a path keeps as it is beside letters and digits.
        const PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.').remove(b'~');
        html.push_str("<a href=\"");
        push_escaped(html, &self.addresses.tag_url(&utf8_percent_encode(name, &PATH).to_string()));
        html.push_str("\" class=\"mention hashtag\" rel=\"tag\">#<span>");
        push_escaped(html, name);
        html.push_str("</span></a>");
    }
}

fn push_mention(html: &mut String, shown: &str, url: &str) {
    html.push_str("<span class=\"h-card\" translate=\"no\"><a href=\"");
    push_escaped(html, url);
    html.push_str("\" class=\"u-url mention\">@<span>");
    push_escaped(html, shown);
    html.push_str("</span></a></span>");
}

fn push_link(html: &mut String, url: &str, rel: Rel) {
    /// Characters of a link that are shown; one more is shown too, because an ellipsis would take its place.
    const SHOWN: usize = 30;
    let scheme = ["https://", "http://", "xmpp:"].into_iter().find(|s| url.starts_with(s)).map_or(0, str::len);
    let rest = url.get(scheme..).unwrap_or_default();
    let www = if scheme > 5 && rest.starts_with("www.") { 4 } else { 0 };
    let (prefix, rest) = url.split_at_checked(scheme.saturating_add(www)).unwrap_or(("", url));
    let is_cut = rest.chars().count() > SHOWN.saturating_add(1);
    let cut_at = if is_cut { rest.char_indices().nth(SHOWN).map_or(rest.len(), |(at, _)| at) } else { rest.len() };
    let (shown, hidden) = rest.split_at_checked(cut_at).unwrap_or((rest, ""));
    html.push_str("<a href=\"");
    push_escaped(html, url);
    html.push_str("\" target=\"_blank\" rel=\"nofollow noopener");
    html.push_str(if rel == Rel::Me { " me" } else { "" });
    html.push_str("\" translate=\"no\"><span class=\"invisible\">");
    push_escaped(html, prefix);
    html.push_str(if is_cut { "</span><span class=\"ellipsis\">" } else { "</span><span class=\"\">" });
    push_escaped(html, shown);
    html.push_str("</span><span class=\"invisible\">");
    push_escaped(html, hidden);
    html.push_str("</span></a>");
}

/// HTML has no place for NUL, and parsers disagree about what becomes of it.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Addresses {
        Addresses::new("https", "here.example", "web.here.example")
    }
    fn target(handle: &str, url: &str) -> MentionTarget {
        let (username, domain) = handle.split_once('@').map_or((handle, None), |(u, d)| (u, Some(d.to_owned())));
        MentionTarget {
            handle: Handle { username: username.into(), domain },
            url: url.into(),
            username: username.into(),
        }
    }
    fn people() -> Vec<MentionTarget> {
        vec![
            target("alice", "https://web.here.example/@alice"),
            target("bob@there.example", "https://there.example/u/bob"),
            target("zoë@x.example", "https://x.example"),
        ]
    }
    fn status(text: &str) -> String {
        render_status(text, &Context { mentions: &people(), addresses: &addresses() })
    }
    fn field(text: &str) -> String {
        render_field(text, &Context { mentions: &people(), addresses: &addresses() })
    }

    const ALICE: &str = r#"<span class="h-card" translate="no"><a href="https://web.here.example/@alice" class="u-url mention">@<span>alice</span></a></span>"#;

    #[test]
    fn newlines_become_paragraphs_and_breaks() {
        for (text, html) in [
            ("", ""),
            (" \n ", ""),
            ("text", "<p>text</p>"),
            ("a\nb", "<p>a<br />b</p>"),
            ("a\n\nb", "<p>a</p><p>b</p>"),
            ("a\r\nb\rc", "<p>a<br />b<br />c</p>"),
            ("a\n\n\n\nb\n", "<p>a</p><p>b</p>"),
            ("a\n\n\nb", "<p>a</p><p>b</p>"),
            ("a\n \nb", "<p>a<br /> <br />b</p>"),
        ] {
            assert_eq!(status(text), html, "{text:?}");
        }
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(
            status("<script>alert(\"Hello\")</script>"),
            "<p>&lt;script&gt;alert(&quot;Hello&quot;)&lt;/script&gt;</p>"
        );
        assert_eq!(status("a & b's &amp;"), "<p>a &amp; b&#39;s &amp;amp;</p>");
    }

    #[test]
    fn known_people_are_linked_and_others_stay_text() {
        assert_eq!(status("@alice"), format!("<p>{ALICE}</p>"));
        assert_eq!(status("@ALICE@Here.example!"), format!("<p>{ALICE}!</p>"));
        assert_eq!(status("@alice@web.here.example"), format!("<p>{ALICE}</p>"));
        assert_eq!(
            status("hi @bob@there.example"),
            r#"<p>hi <span class="h-card" translate="no"><a href="https://there.example/u/bob" class="u-url mention">@<span>bob</span></a></span></p>"#
        );
        for text in ["@bob", "@alice@there.example", "@carol@x.example"] {
            assert_eq!(status(text), format!("<p>{text}</p>"));
        }
    }

    #[test]
    fn the_domain_is_shown_where_a_name_would_not_do() {
        let people =
            [target("alice", "https://web.here.example/@alice"), target("alice@xn--bcher-kva.example", "https://b")];
        let html =
            render_status("@alice @alice@bücher.example", &Context { mentions: &people, addresses: &addresses() });
        assert!(html.contains(ALICE) && html.contains("@<span>alice@bücher.example</span>"), "{html}");
        assert!(field("@bob@there.example").contains("@<span>bob@there.example</span>"));
    }

    #[test]
    fn tags_lead_to_their_page() {
        assert_eq!(
            status("#Foo"),
            r##"<p><a href="https://web.here.example/tags/Foo" class="mention hashtag" rel="tag">#<span>Foo</span></a></p>"##
        );
        assert!(status("＃hashtagタグ").contains(
            r##"/tags/hashtag%E3%82%BF%E3%82%B0" class="mention hashtag" rel="tag">#<span>hashtagタグ</span></a>"##
        ));
    }

    #[test]
    fn links_show_thirty_characters() {
        assert_eq!(
            status("https://www.example.com/a?b=1&c"),
            r#"<p><a href="https://www.example.com/a?b=1&amp;c" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://www.</span><span class="">example.com/a?b=1&amp;c</span><span class="invisible"></span></a></p>"#
        );
        assert!(
            status("http://example.com/3456789012345678901")
                .contains(r#"<span class="">example.com/3456789012345678901</span><span class="invisible"></span>"#)
        );
        assert!(status("http://example.com/34567890123456789012").contains(
            r#"<span class="ellipsis">example.com/345678901234567890</span><span class="invisible">12</span>"#
        ));
        assert!(status("https://nic.みんな/").contains(r#"href="https://nic.みんな/""#));
        assert!(status("xmpp:muc@instance.com?join now").contains(r#"href="xmpp:muc@instance.com?join""#));
        assert!(status("magnet:?xt=urn:btih:c12f").contains(r#"href="magnet:?xt=urn:btih:c12f""#));
        assert!(status("http://a.com/blahblahblahblahblahblah/a<script>").ends_with("</a>&lt;script&gt;</p>"));
    }

    #[test]
    fn fields_have_no_paragraph_and_claim_their_links() {
        assert_eq!(
            field("https://a.com"),
            r#"<a href="https://a.com" target="_blank" rel="nofollow noopener me" translate="no"><span class="invisible">https://</span><span class="">a.com</span><span class="invisible"></span></a>"#
        );
        assert_eq!(field("he/him & co"), "he/him &amp; co");
    }

    #[test]
    fn a_quote_is_announced_once() {
        let html = with_quote("<p>see</p>", "https://a.com/1?a&b");
        assert!(
            html.starts_with(r#"<p class="quote-inline">RE: <a href="https://a.com/1?a&amp;b" target"#)
                && html.ends_with("</p><p>see</p>")
        );
        assert_eq!(with_quote(&html, "https://a.com/1?a&b"), html);
    }
}
