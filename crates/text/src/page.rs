//! What a page of the web says of itself in its head, and where the links of a text lead.

use std::cell::{Cell, RefCell};

use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
        states::{Rawtext, Rcdata, ScriptData},
    },
};

/// Things of one sort that are read of a page; beyond, it is not a page for readers.
const MOST: usize = 300;
/// Bytes of a title or of article data.
const MOST_TEXT: usize = 100_000;

/// What a page says of itself. Texts are as written, entities read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageHead {
    /// `<title>`.
    pub title: String,
    /// `lang` of `<html>`.
    pub language: Option<String>,
    /// `<meta>`: the name or property in lower case, and the content.
    pub metas: Vec<(String, String)>,
    /// `<link>`.
    pub links: Vec<PageLink>,
    /// What stands in `<script type="application/ld+json">`, wherever on the page.
    pub articles: Vec<String>,
}

impl PageHead {
    /// The first of these names that says something.
    #[must_use]
    pub fn meta(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let said = self.metas.iter().filter(|(known, _)| known == name).map(|(_, content)| content.trim());
            said.into_iter().find(|content| !content.is_empty())
        })
    }
}

/// A `<link>` of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageLink {
    /// In lower case.
    pub rel: String,
    /// A media type, in lower case.
    pub kind: String,
    /// Where it leads, as written.
    pub href: String,
}

/// Reads the head of a page. Takes anything.
#[must_use]
pub fn page_head(html: &str) -> PageHead {
    read(html, Head { head: RefCell::default(), is_over: Cell::new(false), into: Cell::new(Into::Nothing) })
        .head
        .into_inner()
}

/// The encoding that the beginning of a page names: `<meta charset>` or `http-equiv`.
#[must_use]
pub fn page_charset(beginning: &str) -> Option<String> {
    let head = page_head(beginning);
    if let Some(charset) = head.meta(&["charset"]) {
        return Some(charset.to_owned());
    }
    let kind = head.meta(&["content-type"])?.to_lowercase();
    kind.split_once("charset=").map(|(_, charset)| charset.trim_matches(['"', '\'', ' ', ';']).to_owned())
}

/// Where the links of a post lead, in their order: not those to people and hashtags, and not the line that names a
/// quoted post. As Mastodon tells them apart.
#[must_use]
pub fn links(html: &str) -> Vec<String> {
    read(html, Links::default()).found.into_inner()
}

/// Where a page leads with `rel="me"`: to what else is of whoever it is of. As written, in their order.
#[must_use]
pub fn own_links(html: &str) -> Vec<String> {
    read(html, OwnLinks::default()).found.into_inner()
}

/// The first frame in the code of an embedded film: where it leads, and its pixels (0: not said).
#[must_use]
pub fn frame(html: &str) -> Option<(String, u32, u32)> {
    read(html, Frame::default()).found.into_inner()
}

fn read<S: TokenSink>(html: &str, sink: S) -> S {
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink
}

fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

/// Where text goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Into {
    Nothing,
    Title,
    Article,
}

struct Head {
    head: RefCell<PageHead>,
    is_over: Cell<bool>,
    into: Cell<Into>,
}

impl Head {
    fn open(&self, tag: &Tag) -> TokenSinkResult<()> {
        let mut head = self.head.borrow_mut();
        let is_over = self.is_over.get();
        let said = |name: &str| attribute(tag, name).unwrap_or_default();
        match &*tag.name {
            "html" => head.language = attribute(tag, "lang").map(ToOwned::to_owned),
            "body" => self.is_over.set(true),
            "meta" if !is_over && head.metas.len() < MOST => {
                if let Some(charset) = attribute(tag, "charset") {
                    head.metas.push(("charset".to_owned(), charset.to_owned()));
                }
                let names = ["property", "name", "itemprop", "http-equiv"];
                for name in names.iter().filter_map(|name| attribute(tag, name)) {
                    head.metas.push((name.trim().to_lowercase(), said("content").to_owned()));
                }
            }
            "link" if !is_over && head.links.len() < MOST => head.links.push(PageLink {
                rel: said("rel").to_lowercase(),
                kind: said("type").to_lowercase(),
                href: said("href").to_owned(),
            }),
            "title" if !is_over => {
                if head.title.is_empty() {
                    self.into.set(Into::Title);
                }
                return TokenSinkResult::RawData(Rcdata);
            }
            "textarea" => return TokenSinkResult::RawData(Rcdata),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => return TokenSinkResult::RawData(Rawtext),
            "script" => {
                if said("type").eq_ignore_ascii_case("application/ld+json") && head.articles.len() < MOST {
                    head.articles.push(String::new());
                    self.into.set(Into::Article);
                }
                return TokenSinkResult::RawData(ScriptData);
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl TokenSink for Head {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return self.open(&tag),
            Token::TagToken(tag) => {
                self.into.set(Into::Nothing);
                if &*tag.name == "head" {
                    self.is_over.set(true);
                }
            }
            Token::CharacterTokens(text) => {
                let mut head = self.head.borrow_mut();
                let into = match self.into.get() {
                    Into::Nothing => None,
                    Into::Title => Some(&mut head.title),
                    Into::Article => head.articles.last_mut(),
                };
                if let Some(into) = into.filter(|into| into.len() + text.len() <= MOST_TEXT) {
                    into.push_str(&text);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// The links of a text.
#[derive(Default)]
struct Links {
    found: RefCell<Vec<String>>,
    /// How deep in a line that names a quoted post; each element within counts.
    quoted: Cell<usize>,
}

impl TokenSink for Links {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        let is_alone = tag.self_closing || matches!(&*tag.name, "br" | "img" | "hr" | "wbr");
        let quoted = self.quoted.get();
        let has_class = |wanted: &[&str]| {
            attribute(&tag, "class")
                .is_some_and(|classes| classes.split_ascii_whitespace().any(|c| wanted.contains(&c)))
        };
        if tag.kind == TagKind::EndTag {
            self.quoted.set(quoted.saturating_sub(1));
        } else if quoted > 0 {
            self.quoted.set(quoted.saturating_add(usize::from(!is_alone)));
        } else if has_class(&["quote-inline"]) {
            self.quoted.set(usize::from(!is_alone));
        } else if &*tag.name == "a" {
            let rel = attribute(&tag, "rel").unwrap_or_default();
            let is_reference = has_class(&["u-url", "h-card", "mention", "hashtag"])
                || rel.split_ascii_whitespace().any(|word| word == "tag");
            let mut found = self.found.borrow_mut();
            if let Some(href) = attribute(&tag, "href").filter(|_| !is_reference && found.len() < MOST) {
                found.push(href.trim().to_owned());
            }
        }
        TokenSinkResult::Continue
    }
}

/// The links of a page with `rel="me"`.
#[derive(Default)]
struct OwnLinks {
    found: RefCell<Vec<String>>,
}

impl TokenSink for OwnLinks {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        if tag.kind != TagKind::StartTag {
            return TokenSinkResult::Continue;
        }
        let mut found = self.found.borrow_mut();
        match &*tag.name {
            "a" | "link" if found.len() < MOST => {
                let rel = attribute(&tag, "rel").unwrap_or_default();
                if rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("me")) {
                    found.extend(attribute(&tag, "href").map(|href| href.trim().to_owned()));
                }
            }
            // What looks like a link in these is none.
            "title" | "textarea" => return TokenSinkResult::RawData(Rcdata),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => return TokenSinkResult::RawData(Rawtext),
            "script" => return TokenSinkResult::RawData(ScriptData),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct Frame {
    found: RefCell<Option<(String, u32, u32)>>,
}

impl TokenSink for Frame {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token
            && tag.kind == TagKind::StartTag
            && &*tag.name == "iframe"
            && let Some(source) = attribute(&tag, "src")
        {
            let pixels = |name| attribute(&tag, name).and_then(|n| n.trim().parse().ok()).unwrap_or_default();
            let frame = (source.trim().to_owned(), pixels("width"), pixels("height"));
            self.found.borrow_mut().get_or_insert(frame);
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_it_is_in_its_head() {
        let head = page_head(
            "<!doctype html><html lang=en-GB><head><title>Tom &amp; <b>Jerry</title>
            <meta property='og:title' content='A &quot;cat&quot;'><meta name=Description content=x>
            <link rel=alternate type='application/json+oembed' href='/o?a=1&amp;b=2'>
            <script>document.write('<meta name=og:title content=no>')</script></head>
            <body><meta name=late content=no><script type='application/ld+json'>{\"a\":\"</b>\"}</script>",
        );
        assert_eq!(head.title, "Tom & <b>Jerry");
        assert_eq!(head.language.as_deref(), Some("en-GB"));
        assert_eq!(head.meta(&["nothing", "og:title"]), Some("A \"cat\""));
        assert_eq!(head.meta(&["description"]), Some("x"));
        assert_eq!(head.meta(&["late"]), None);
        assert_eq!(head.links.first().map(|link| link.href.as_str()), Some("/o?a=1&b=2"));
        assert_eq!(head.articles, ["{\"a\":\"</b>\"}"]);
    }

    #[test]
    fn the_charset_is_named_in_either_way() {
        assert_eq!(page_charset("<meta charset=shift_jis>").as_deref(), Some("shift_jis"));
        let old = "<meta http-equiv='Content-Type' content='text/html; charset=windows-1251'>";
        assert_eq!(page_charset(old).as_deref(), Some("windows-1251"));
        assert_eq!(page_charset("<p>"), None);
    }

    #[test]
    fn a_page_leads_to_what_else_is_of_its_owner() {
        let html = "<head><title><a rel=me href='https://no.example/title'></title>
            <link rel='me' href='https://a.example/@a'><script>'<a rel=me href=https://no.example/script>'</script>
            <!-- <a rel=me href='https://no.example/comment'> --></head>
            <a rel='nofollow ME noopener' href=' https://b.example/@b?x=1&amp;y=2 '>b</a>
            <a rel=menu href='https://no.example/menu'>c</a><a rel=me>d</a><a href='https://no.example'>e</a>
            <textarea><a rel=me href='https://no.example/text'></textarea>";
        assert_eq!(own_links(html), ["https://a.example/@a", "https://b.example/@b?x=1&y=2"]);
        assert_eq!(own_links("no <markup"), Vec::<String>::new());
    }

    #[test]
    fn people_hashtags_and_quoted_posts_are_no_links() {
        let html = "<p class='quote-inline'>RE: <span><a href='https://q.example'>q</a></span></p>
            <p><span class=h-card><a class='u-url mention' href='https://m.example/@a'>@a</a></span>
            <a href='https://t.example/x' rel='nofollow tag'>#x</a>
            <a href=' https://one.example/?a=1&amp;b=2'>one</a><a href='https://two.example'>two</a>";
        assert_eq!(links(html), ["https://one.example/?a=1&b=2", "https://two.example"]);
        assert_eq!(links("no <markup"), Vec::<String>::new());
    }
}
