//! What holds for any input.
#![cfg(test)]

use phiomia_model::{Addresses, Handle};
use proptest::prelude::*;

use crate::{
    Context, MentionTarget, count, is_valid_tag, plain, references, render_field, render_note, render_status, sanitize,
    shortcodes, tag_key,
};

fn addresses() -> Addresses {
    Addresses::new("https", "here.example", "here.example")
}

fn render(text: &str) -> String {
    let mentions = [MentionTarget {
        handle: Handle::local("alice"),
        url: "https://here.example/@alice".into(),
        username: "alice".into(),
    }];
    render_status(text, &Context { mentions: &mentions, addresses: &addresses() })
}

/// Texts made of what posts are made of, glued together in any order.
fn posts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}",
        "[a-z]{1,5}",
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("@alice".to_owned()),
        Just("@bob@there.example".to_owned()),
        Just("#Tag".to_owned()),
        Just("https://www.example.com/a_(b)?c=d&e".to_owned()),
        Just("magnet:?xt=1".to_owned()),
        Just("xmpp:a@b.com".to_owned()),
        Just(":cat:".to_owned()),
        Just("<b>".to_owned()),
        Just("&amp;".to_owned()),
        Just("'\"".to_owned()),
        Just("/(".to_owned()),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|p| p.concat())
}

/// HTML made of tags that do not fit together.
fn soups() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "p",
        "a",
        "b",
        "i",
        "strong",
        "h1",
        "h2",
        "div",
        "ul",
        "ol",
        "li",
        "pre",
        "blockquote",
        "span",
        "br",
        "ruby",
        "rt",
        "rp",
        "table",
        "tr",
        "td",
        "svg",
        "math",
        "script",
        "style",
        "title",
        "template",
        "select",
        "option",
        "button",
        "form",
        "code",
        "x",
        "noscript",
        "mi",
        "desc",
        "foreignObject",
        "img",
    ]);
    let attributes = prop::sample::select(vec![
        "",
        " href=\"https://a.com\"",
        " href=javascript:alert(1)",
        " onclick=x",
        " style='a'",
        " class=\"mention evil\"",
        " href='data:text/html,x'",
        " lang=de",
        " translate=yes",
        " href=\"/x\"",
    ]);
    let piece = prop_oneof![
        (name.clone(), attributes).prop_map(|(n, a)| format!("<{n}{a}>")),
        name.prop_map(|n| format!("</{n}>")),
        "[a-z \n<>&\"'=]{0,4}",
        Just("<!--".to_owned()),
        Just("-->".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("&lt;script&gt;".to_owned()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|p| p.concat())
}

#[test]
fn hostile_texts_of_many_kilobytes_end_soon() {
    // Quadratic work on these would take minutes.
    for piece in [
        "http://a.com/(",
        "@a@b.c-",
        "@a@",
        "#1·",
        "#a",
        ":a",
        "http://",
        "https://a.",
        "(",
        "<a>",
        "<p>",
        "</b>",
        "<b>",
        "&",
        "\n",
        "@-.",
        "xmpp:a@",
        "e\u{301}",
        "magnet:?",
        "<div>",
        "<table>",
        "<li>",
        "<a href=\"",
        "<!--",
        "http://a.com/x?",
        "<ruby><rt>",
        "<h1>",
    ] {
        let text = piece.repeat(60_000 / piece.len());
        let people = Context { mentions: &[], addresses: &addresses() };
        let _ = (references(&text, &["x"]), count(&text), shortcodes(&text), render_field(&text, &people));
        let _ = (render_status(&text, &people), sanitize(&text), plain(&text));
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Names of all elements and attributes, read from our own output form.
fn tags(html: &str) -> Vec<String> {
    html.split('<').skip(1).map(|t| t.split('>').next().unwrap_or_default().to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(text in any::<String>()) {
        let people = Context { mentions: &[], addresses: &addresses() };
        let _ = (references(&text, &["x"]), count(&text), shortcodes(&text), tag_key(&text), is_valid_tag(&text));
        let _ = (render_status(&text, &people), render_note(&text, &people), render_field(&text, &people), sanitize(&text), plain(&text));
    }

    #[test]
    fn rendering_makes_only_our_own_tags(text in posts()) {
        for tag in tags(&render(&text)) {
            let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default().to_owned();
            prop_assert!(["p", "br", "a", "span"].contains(&name.as_str()), "{tag}");
        }
    }

    #[test]
    fn sanitising_what_was_rendered_takes_no_text_and_no_element(text in posts()) {
        let html = render(&text);
        let clean = sanitize(&html);
        prop_assert_eq!(plain(&html), plain(&clean));
        prop_assert_eq!(tags(&html).len(), tags(&clean).len(), "{} / {}", html, clean);
    }

    #[test]
    fn plain_text_of_a_post_keeps_its_letters(text in posts()) {
        prop_assert_eq!(letters(&plain(&render(&text))), letters(&text));
    }

    #[test]
    fn lengths_add_up(a in posts(), b in posts()) {
        prop_assume!(!a.trim().is_empty() && !b.trim().is_empty());
        use unicode_segmentation::UnicodeSegmentation;
        // Not where the separator itself would melt into what follows.
        prop_assume!(format!(" {b}").graphemes(true).next() == Some(" ") && format!("{a} ").graphemes(true).next_back() == Some(" "));
        prop_assert_eq!(count(&format!("{a} {b}")), count(&a) + 1 + count(&b));
    }

    #[test]
    fn sanitising_twice_is_sanitising_once(html in soups()) {
        let once = sanitize(&html);
        prop_assert_eq!(sanitize(&once), once);
    }

    #[test]
    fn nothing_dangerous_passes(html in soups()) {
        for tag in tags(&sanitize(&html)) {
            let lower = tag.to_lowercase();
            for bad in ["script", "style", "onclick", "javascript:", "data:", "svg", "math", "evil", "img"] {
                prop_assert!(!lower.contains(bad), "{tag} from {html}");
            }
            prop_assert!(!tag.starts_with("a ") || (tag.contains("target=\"_blank\"") && tag.contains("rel=\"nofollow noopener\"")), "{tag}");
        }
    }

    #[test]
    fn a_tag_key_is_its_own_key(tag in "[\\w·・]{0,12}") {
        let key = tag_key(&tag);
        prop_assert_eq!(tag_key(&key), key);
    }

    #[test]
    fn found_tags_are_valid(text in posts()) {
        for tag in references(&text, &[]).tags {
            prop_assert!(is_valid_tag(&tag), "{tag}");
        }
    }
}
