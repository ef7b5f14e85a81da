//! HTML from elsewhere: the one sanitiser, and HTML to plain text.
//!
//! What passes is Mastodon's list. Source: Mastodon's `lib/sanitize_ext/sanitize_config.rb`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use crate::render::{paragraphs, push_escaped};

/// Elements that pass.
const KEPT: [&str; 20] = [
    "p",
    "br",
    "span",
    "a",
    "del",
    "s",
    "pre",
    "blockquote",
    "code",
    "b",
    "strong",
    "u",
    "i",
    "em",
    "ul",
    "ol",
    "li",
    "ruby",
    "rt",
    "rp",
];
/// Elements that part words on a page; a space stays where they were.
const SPACED: [&str; 15] = [
    "address", "article", "aside", "dd", "div", "dl", "dt", "footer", "header", "hgroup", "hr", "main", "nav",
    "section", "figure",
];
/// Become a paragraph in bold.
const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];
/// What is inside these is no text for readers.
const SILENT: [&str; 10] =
    ["script", "style", "iframe", "noembed", "noframes", "noscript", "plaintext", "xmp", "template", "textarea"];
const SCHEMES: [&str; 11] =
    ["http", "https", "dat", "dweb", "ipfs", "ipns", "ssb", "gopher", "xmpp", "magnet", "gemini"];
/// Elements a parser opens again in every following block while they are not closed.
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// Bound for formatting elements times tags: as many nodes a parser may have to make from it.
const MAX_REOPENED: usize = 400_000;
/// Rounds after which HTML that reads differently each time is shown as plain text.
const MAX_ROUNDS: usize = 4;

static STRICT: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(KEPT.into_iter().chain(SPACED).chain(HEADINGS).collect())
        .clean_content_tags(SILENT.into())
        .generic_attributes(HashSet::from(["lang"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "class", "translate"])),
            ("span", HashSet::from(["class", "translate"])),
            ("ol", HashSet::from(["start", "reversed"])),
            ("li", HashSet::from(["value"])),
            ("p", HashSet::from(["class"])),
        ]))
        .set_tag_attribute_value("a", "target", "_blank")
        .link_rel(Some("nofollow noopener"))
        .url_schemes(SCHEMES.into())
        .url_relative(UrlRelative::Deny)
        .attribute_filter(|_, attribute, value| match attribute {
            "class" => Some(classes(value)),
            "translate" => (value == "no").then_some(Cow::Borrowed(value)),
            _ => Some(Cow::Borrowed(value)),
        });
    builder
});

static NOTHING: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder.clean_content_tags(SILENT.into());
    builder
});

/// HTML from elsewhere, made harmless and brought to the elements Mastodon's clients know. Every link opens apart
/// and vouches for nothing (`target="_blank" rel="nofollow noopener"`); one without an allowed address is text.
/// Sanitising twice is the same as once. Not for what [`crate::render_status`] made: that is safe as it is and
/// would lose `rel="tag"`.
#[must_use]
pub fn sanitize(html: &str) -> String {
    if is_explosive(html) {
        return as_plain_paragraphs(html);
    }
    let mut current = Cow::Borrowed(html);
    for _ in 0..MAX_ROUNDS {
        let (cleaned, is_settled) = rewrite(&STRICT.clean(&current).to_string());
        if is_settled || cleaned == current {
            return cleaned;
        }
        // Taking elements out may have put others where a parser does not leave them: read it again as a browser would.
        current = Cow::Owned(cleaned);
        if is_explosive(&current) {
            break;
        }
    }
    as_plain_paragraphs(&current)
}

/// The text of HTML for previews, notifications and search: without markup, entities read, a newline for each
/// `<br>` and after each paragraph.
#[must_use]
pub fn plain(html: &str) -> String {
    let html = if is_explosive(html) { Cow::Owned(without_tags(html)) } else { Cow::Borrowed(html) };
    let text = NOTHING.clean(&with_newlines(&html)).to_string();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&");
    text.trim_end_matches('\n').to_owned()
}

/// The classes that mean something to clients: microformats, mentions, link shortening, quotes.
fn classes(value: &str) -> Cow<'_, str> {
    let means_something = |class: &&str| {
        ["h-", "p-", "u-", "dt-", "e-"].iter().any(|p| class.starts_with(p))
            || matches!(*class, "mention" | "hashtag" | "ellipsis" | "invisible" | "quote-inline")
    };
    let kept: Vec<&str> = value.split(['\t', '\n', '\u{c}', '\r', ' ']).filter(means_something).collect();
    Cow::Owned(kept.join(" "))
}

/// Renames headings, replaces what only parts words by a space and takes links without an address apart, in HTML
/// that comes from the serialiser. Also says whether a parser would read the result as it stands.
fn rewrite(html: &str) -> (String, bool) {
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<&str> = Vec::new();
    let mut is_settled = true;
    // For each open `<a>`: whether it stays.
    let mut links: Vec<bool> = Vec::new();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        out.push_str(text);
        let end = tag_end(after);
        let tag = after.get(..end).unwrap_or_default();
        rest = after.get(end.saturating_add(1)..).unwrap_or_default();
        let is_end = tag.starts_with('/');
        let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
        if SPACED.contains(&name) {
            out.push(' ');
            continue;
        }
        if HEADINGS.contains(&name) {
            out.push_str(if is_end { "</strong></p>" } else { "<p><strong>" });
            for name in if is_end { ["strong", "p"] } else { ["p", "strong"] } {
                is_settled &= step(&mut open, name, is_end);
            }
            continue;
        }
        if name == "a" {
            let stays = if is_end { links.pop().unwrap_or(false) } else { tag.contains(" href=\"") };
            if !is_end {
                links.push(stays);
            }
            if !stays {
                continue;
            }
        }
        if !KEPT.contains(&name) {
            continue;
        }
        is_settled &= step(&mut open, name, is_end);
        out.push('<');
        out.push_str(if name == "br" { "br /" } else { tag });
        out.push('>');
    }
    out.push_str(rest);
    (out, is_settled && open.is_empty())
}

/// Keeps account of open elements; `false` where a parser would move an element that opens here.
fn step<'h>(open: &mut Vec<&'h str>, name: &'h str, is_end: bool) -> bool {
    if name == "br" {
        return true;
    }
    if is_end {
        return open.pop() == Some(name);
    }
    let parent = open.last().copied();
    let is_expected = match name {
        // A newline right after `<pre>` is not text to a parser, and so would be lost the second time.
        "pre" => false,
        "p" | "blockquote" | "ul" | "ol" => parent.is_none_or(|p| matches!(p, "blockquote" | "li")),
        "li" => parent.is_none_or(|p| matches!(p, "ul" | "ol")),
        "rt" | "rp" => parent == Some("ruby"),
        "a" => !open.contains(&"a"),
        _ => true,
    };
    open.push(name);
    is_expected && open.len() < 100
}

/// Where the tag ends that begins before `after`: the `>` outside quotes.
fn tag_end(after: &str) -> usize {
    let mut is_quoted = false;
    for (at, byte) in after.bytes().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'>' if !is_quoted => return at,
            _ => {}
        }
    }
    after.len()
}

/// Whether reading this HTML could make far more nodes than it has tags: a parser opens each unclosed formatting
/// element again in every block that follows.
fn is_explosive(html: &str) -> bool {
    let mut tags = 0_usize;
    let mut formatting = 0_usize;
    for after in html.split('<').skip(1) {
        tags = tags.saturating_add(1);
        let name = after.get(..after.bytes().take_while(u8::is_ascii_alphanumeric).count()).unwrap_or_default();
        if FORMATTING.iter().any(|f| f.eq_ignore_ascii_case(name)) {
            formatting = formatting.saturating_add(1);
        }
    }
    tags.saturating_mul(formatting) > MAX_REOPENED
}

/// Paragraphs of plain text, for HTML that cannot be shown as it is.
fn as_plain_paragraphs(html: &str) -> String {
    let mut inline = String::new();
    let text = NOTHING.clean(&without_tags(&with_newlines(html))).to_string();
    // The serialiser has escaped what must be; both quotes are harmless between tags.
    push_escaped(
        &mut inline,
        &text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&"),
    );
    let inline = inline.replace("&quot;", "\"").replace("&#39;", "'").replace('\u{a0}', "&nbsp;");
    paragraphs(inline.trim())
}

/// Everything from a `<` to the next `>` taken out; a `<` that is left over is escaped.
fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        match after.split_once('>') {
            Some((_, after)) => rest = after,
            None => {
                text.push_str("&lt;");
                rest = after;
            }
        }
    }
    text.push_str(rest);
    // Without a `>` left every remaining `<` is text.
    text.replace('<', "&lt;")
}

/// A newline after each `<br>`, each end of a paragraph and each end of what else stands on lines of its own.
fn with_newlines(html: &str) -> String {
    const BREAKS: [&str; 14] = [
        "br>",
        "br/>",
        "br />",
        "/p>",
        "/div>",
        "/li>",
        "/blockquote>",
        "/pre>",
        "/h1>",
        "/h2>",
        "/h3>",
        "/h4>",
        "/h5>",
        "/h6>",
    ];
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        out.push('<');
        let tag = BREAKS.iter().find(|b| after.get(..b.len()).is_some_and(|a| a.eq_ignore_ascii_case(b)));
        let len = tag.map_or(0, |t| t.len());
        out.push_str(after.get(..len).unwrap_or_default());
        if len > 0 {
            out.push('\n');
        }
        rest = after.get(len..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mastodon_keeps_is_kept() {
        for html in [
            "<p>a<br />b</p>",
            "<p><b>a</b> <strong>b</strong> <i>c</i> <em>d</em> <u>e</u> <s>f</s> <del>g</del></p>",
            "<ul><li>a</li><li>b</li></ul>",
            "<ol start=\"3\" reversed=\"\"><li value=\"4\">a</li></ol>",
            "<blockquote><p>a</p></blockquote>",
            "<pre><code>a\n  b</code></pre>",
            "<ruby>明<rp>(</rp><rt>Ming</rt><rp>)</rp></ruby>",
            "<p lang=\"de\">a</p>",
            "<p class=\"quote-inline\">RE: x</p>",
            "a &amp; b &lt;",
            "<p><span class=\"h-card\" translate=\"no\"><a href=\"https://a.com/@b\" class=\"u-url mention\" target=\"_blank\" rel=\"nofollow noopener\">@<span>b</span></a></span></p>",
        ] {
            assert_eq!(sanitize(html), html);
        }
    }

    #[test]
    fn the_rest_is_taken_away_or_made_harmless() {
        for (html, clean) in [
            ("<script>alert(1)</script>a", "a"),
            ("<style>p{}</style>a", "a"),
            ("<img src=x onerror=alert(1)>a", "a"),
            ("<p onclick=\"x\" style=\"y\" id=\"z\">a</p>", "<p>a</p>"),
            ("<a href=\"javascript:alert(1)\">a</a>", "a"),
            ("<a href=\"/x\">a</a>", "a"),
            ("<a>a</a>", "a"),
            ("<a href=\" java\nscript:x\">a</a>", "a"),
            (
                "<a href=\"https://a.com\" rel=\"me\" target=\"_top\">a</a>",
                "<a href=\"https://a.com\" target=\"_blank\" rel=\"nofollow noopener\">a</a>",
            ),
            (
                "<a href=\"magnet:?xt=urn:x\">a</a>",
                "<a href=\"magnet:?xt=urn:x\" target=\"_blank\" rel=\"nofollow noopener\">a</a>",
            ),
            ("<h1>a</h1><h3>b</h3>", "<p><strong>a</strong></p><p><strong>b</strong></p>"),
            ("<div>a</div><div>b</div>", " a  b "),
            ("a<br>b", "a<br />b"),
            (
                "<span class=\"evil invisible x-h-card dt-start\">a</span>",
                "<span class=\"invisible dt-start\">a</span>",
            ),
            ("<span translate=\"yes\">a</span>", "<span>a</span>"),
            ("<table><tr><td>a</td></tr></table>", "a"),
            ("<!-- a -->b", "b"),
            ("<p>a", "<p>a</p>"),
            ("<iframe src=\"https://a.com\">x</iframe>a", "a"),
            ("<svg><a href=\"x\">a</a></svg>b", "b"),
        ] {
            assert_eq!(sanitize(html), clean, "{html}");
        }
    }

    #[test]
    fn unclosed_formatting_does_not_explode() {
        let bomb: String = (0..4_000).map(|n| format!("<b lang={n}>")).collect::<String>() + &"<p>x".repeat(4_000);
        let clean = sanitize(&bomb);
        assert!(clean.len() < bomb.len() * 2 && clean.starts_with("<p>x"), "{} bytes", clean.len());
        assert!(plain(&bomb).len() < bomb.len());
    }

    #[test]
    fn plain_text_has_lines_and_no_markup() {
        for (html, text) in [
            ("<p>a<br>b<br />c</p><p>d &amp; e &lt;b&gt;</p>", "a\nb\nc\nd & e <b>"),
            ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            ("a&nbsp;&eacute;", "a\u{a0}é"),
            ("<script>x</script>a", "a"),
            (
                "<a href=\"https://a.com\"><span class=\"invisible\">https://</span><span class=\"\">a.com</span></a>",
                "https://a.com",
            ),
            ("&amp;lt;", "&lt;"),
            ("a < b", "a < b"),
            ("", ""),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }
}
