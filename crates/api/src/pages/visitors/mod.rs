//! Pages for people without an account: profiles, posts, hashtags, what the server is, feeds. They are the same for
//! everybody, show what anybody may see, and need neither script nor cookies.

mod about;
mod answer;
mod embed;
mod feed;
mod files;
mod fit;
mod guard;
mod head;
mod list;
mod person;
mod post;
mod profile;
mod tag;
mod thread;

pub use about::{privacy_policy, show as about, terms_of_day, terms_of_service};
pub use answer::Framable;
pub use embed::{oembed, show as embed};
pub use feed::with_replies as feed_with_replies;
pub use files::{favicon, manifest, robots};
pub use guard::Visitor;
pub use profile::{elsewhere, media, media_feed, posts, tagged, with_replies};
pub use tag::show as tag;
pub use thread::show as post;

pub(super) use head::Head;
pub(super) use list::Listed;
pub(super) use profile::owner;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use phiomia_model::Error;
use phiomia_store::db::statuses::StatusView;

use super::{Frame, style};
use crate::state::Api;

/// What stands around a public page.
#[derive(Debug)]
pub(super) struct Around {
    /// Address of the stylesheet that public pages have beside the common one.
    pub(super) style: &'static str,
    /// What the head of the page tells machines.
    pub(super) head: Head,
}

impl Around {
    pub(super) fn of(head: Head) -> Around {
        Around { style: style::visitors(), head }
    }
}

/// The frame of a page that knows nobody.
async fn frame(api: &Api) -> Result<Frame, Error> {
    Ok(Frame { server: api.settings().await?.title.clone(), ..Frame::bare() })
}

/// Without posts of people whom moderators show to their followers only.
fn unlimited(views: Vec<StatusView>) -> Vec<StatusView> {
    let is_fine = |view: &StatusView| !view.author.is_silenced;
    views.into_iter().filter(|view| is_fine(view) && view.reblog.as_deref().is_none_or(is_fine)).collect()
}

/// A piece of an address.
fn encoded(piece: &str) -> String {
    const PIECE: AsciiSet = NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.').remove(b'~');
    utf8_percent_encode(piece, &PIECE).to_string()
}

/// `25 Nov 2026, 12:00`, in UTC.
fn shown_time(time: phiomia_model::Time) -> String {
    jiff::Timestamp::from_second(time.as_secs())
        .map(|moment| moment.strftime("%-d %b %Y, %H:%M").to_string())
        .unwrap_or_default()
}

/// `12,345`: a number as English writes it.
fn shown_number(n: i64) -> String {
    let digits = n.max(0).to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas_and_times_no_seconds() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1, "0")] {
            assert_eq!(shown_number(n), text);
        }
        assert_eq!(shown_time(phiomia_model::Time(1_795_608_000_000_000)), "25 Nov 2026, 12:00");
    }
}
