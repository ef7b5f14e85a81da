//! What people wrote, in the room that a page has for it: as it is where that is short, then without what only decorates,
//! then as plain text, at last its beginning. So a page stays small whoever wrote what.

use phiomia_mastodon::entities::CustomEmoji;

use super::{
    person::{drawn, escaped},
    post::summary,
};

/// Bytes of HTML up to which nothing is left out.
const SHORT: usize = 2_000;

/// Safe HTML with custom emoji drawn, of at most so many bytes, about. `base` is where our own addresses begin.
pub(super) fn fitted(html: &str, emojis: &[CustomEmoji], base: &str, most: usize) -> String {
    let whole = drawn(html, emojis);
    if whole.len() <= SHORT.min(most) {
        return whole;
    }
    let slim = slim(&whole, base);
    if slim.len() <= most {
        return slim;
    }
    plain_within(&phiomia_text::plain(html), most)
}

/// Plain text as paragraphs of HTML, cut where it would take more bytes.
pub(super) fn plain_within(text: &str, most: usize) -> String {
    let mut html = String::from("<p>");
    for c in text.chars() {
        if html.len() > most {
            html.push('…');
            break;
        }
        match c {
            '\n' => html.push_str("<br />"),
            _ => html.push_str(&escaped(c.encode_utf8(&mut [0; 4]))),
        }
    }
    html + "</p>"
}

/// A name or the like in one line, cut where it is longer than anybody reads.
pub(super) fn shortened(html: &str, text: &str, most: usize) -> String {
    if html.len() <= most { html.to_owned() } else { escaped(&summary(text, most / 8)) }
}

/// Safe HTML whose links say where they lead and nothing else: addresses of ours without their host, no classes, no spans,
/// nothing of an address that is hidden from the eye.
fn slim(html: &str, base: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut spans: Vec<Span> = Vec::new();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        let is_hidden = spans.contains(&Span::Hidden);
        if !is_hidden {
            out.push_str(text);
        }
        let (tag, after) = split_tag(after);
        rest = after;
        if tag == "/span" {
            if spans.pop() == Some(Span::Cut) {
                out.push('…');
            }
        } else if tag.starts_with("span") {
            spans.push(match value(tag, "class") {
                Some("invisible") => Span::Hidden,
                Some("ellipsis") => Span::Cut,
                _ => Span::Plain,
            });
        } else if is_hidden {
            continue;
        } else if tag.starts_with("a ") {
            push(&mut out, "a", &[("href", value(tag, "href").map(|to| own(to, base))), ("rel", value(tag, "rel"))]);
        } else if tag.starts_with("img class=\"emoji\"") {
            let src = value(tag, "src").map(|src| own(src, base));
            push(
                &mut out,
                "img class=\"emoji\" width=\"20\" height=\"20\"",
                &[("src", src), ("alt", value(tag, "alt"))],
            );
        } else {
            out.push('<');
            out.push_str(tag);
            out.push('>');
        }
    }
    out + rest
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Span {
    /// Its text is not for the eye.
    Hidden,
    /// Its text goes on where nobody sees it.
    Cut,
    Plain,
}

/// The address without our host, where it is one of ours. Two slashes in front would name another host.
fn own<'a>(address: &'a str, base: &str) -> &'a str {
    let path = address.strip_prefix(base).filter(|path| path.starts_with('/') && !path.starts_with("//"));
    path.unwrap_or(address)
}

/// What stands before the end of a tag, and what comes after it. A `>` within quotes ends nothing.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    (text, "")
}

/// The value of an attribute as it is written, entities and all.
fn value<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    after.split_once('"').map(|(value, _)| value)
}

fn push(out: &mut String, tag: &str, attributes: &[(&str, Option<&str>)]) {
    out.push('<');
    out.push_str(tag);
    for (name, value) in attributes {
        if let Some(value) = value {
            out.push_str(&format!(" {name}=\"{value}\""));
        }
    }
    out.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://here.example";

    #[test]
    fn links_keep_where_they_lead_and_what_is_read() {
        for (html, slimmed) in [
            (
                r#"<p>see <a href="https://here.example/tags/Bees" class="mention hashtag" rel="tag">#<span>Bees</span></a>!</p>"#,
                r#"<p>see <a href="/tags/Bees" rel="tag">#Bees</a>!</p>"#,
            ),
            (
                r#"<span class="h-card" translate="no"><a href="https://here.example/@bob" class="u-url mention">@<span>bob</span></a></span>"#,
                r#"<a href="/@bob">@bob</a>"#,
            ),
            (
                r#"<a href="https://a.example/?a=1&amp;b" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="ellipsis">a.example/?a=1</span><span class="invisible">&amp;b</span></a>"#,
                r#"<a href="https://a.example/?a=1&amp;b" rel="nofollow noopener">a.example/?a=1…</a>"#,
            ),
            (
                r#"<img class="emoji" src="https://here.example/e.png" alt=":cat:" title=":cat:" width="20" height="20" draggable="false">"#,
                r#"<img class="emoji" width="20" height="20" src="/e.png" alt=":cat:">"#,
            ),
            ("a &lt; b > c <em title=\"x>y\">d</em>", "a &lt; b > c <em title=\"x>y\">d</em>"),
            ("https://here.example.org/ stays", "https://here.example.org/ stays"),
            (
                r#"<a href="https://here.example//a.example">x</a>"#,
                r#"<a href="https://here.example//a.example">x</a>"#,
            ),
            (r#"<a href="https://here.example.org/">x</a>"#, r#"<a href="https://here.example.org/">x</a>"#),
        ] {
            assert_eq!(slim(html, BASE), slimmed);
        }
    }

    #[test]
    fn what_is_too_long_becomes_text_and_then_its_beginning() {
        let tag = r#"<a href="https://here.example/tags/b" class="mention hashtag" rel="tag">#<span>b</span></a> "#;
        let few = format!("<p>{tag}</p>");
        assert_eq!(fitted(&few, &[], BASE, 5_000), few);
        let many = format!("<p>{}</p>", tag.repeat(100));
        assert_eq!(
            fitted(&many, &[], BASE, 5_000),
            format!("<p>{}</p>", "<a href=\"/tags/b\" rel=\"tag\">#b</a> ".repeat(100))
        );
        let bare = fitted(&many, &[], BASE, 400);
        assert!(bare.starts_with("<p>#b #b ") && bare.matches("#b").count() == 100 && !bare.contains("<a"), "{bare}");
        let cut = fitted(&many, &[], BASE, 100);
        assert!(cut.starts_with("<p>#b #b") && cut.ends_with("…</p>") && cut.len() < 120, "{cut}");
        assert_eq!(plain_within("a\n<b>", 100), "<p>a<br />&lt;b&gt;</p>");
    }
}
