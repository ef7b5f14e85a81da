//! Views become entities: what `store` read, in the words of Mastodon's API. Pure; HTML from elsewhere is sanitised here.

mod account;
mod admin;
mod announcement;
mod card;
mod conversation;
mod elsewhere;
mod filter;
mod instance;
mod list;
mod marker;
mod media;
mod notification;
mod notification_group;
mod poll;
mod profile;
mod relationship;
mod report;
mod scheduled;
mod server;
mod status;
mod tag;

use std::{collections::HashMap, sync::Arc};

use phiomia_mastodon::entities;
use phiomia_model::Addresses;
use phiomia_store::db::emojis::CustomEmojiView;

pub use account::{account, credential_account, muted_account, preferences};
pub use admin::{
    Tries, admin_account, admin_canonical_email_block, admin_domain_allow, admin_domain_block,
    admin_email_domain_block, admin_ip_block, admin_report, domain_block,
};
pub use announcement::{Announced, announcement, reaction_news};
use card::card;
pub use conversation::conversation;
pub use elsewhere::Elsewhere;
pub use filter::{filter, filter_keyword, filter_status, filter_v1, is_met, matches};
pub use instance::{InstanceFacts, VERSION, instance, instance_v1};
pub use list::list;
pub use marker::markers;
pub use media::media;
pub use notification::{notification, notification_request, notification_summary};
pub use notification_group::{Expand, groups};
pub use poll::poll;
pub use profile::profile;
pub use relationship::relationship;
pub use report::report;
pub use scheduled::scheduled_status;
pub use server::{custom_emoji, picker_emojis, rule};
pub use status::{context, deleted_status, revisions, status, statuses};
pub use tag::{TagStance, featured_tag, tag, tag_history};

/// Custom emoji by name; another one after each change of them.
pub type Emojis = Arc<HashMap<String, CustomEmojiView>>;

/// What renderers know of the world besides the view.
#[derive(Clone, Debug)]
pub struct Cx {
    /// Where things of this server are found.
    pub addresses: Arc<Addresses>,
    /// This server's custom emoji by name.
    pub emojis: Emojis,
    /// Pictures of other servers. Another one whenever `emojis` is.
    pub elsewhere: Arc<Elsewhere>,
}

impl Cx {
    /// The custom emoji that stand in some texts of somebody here.
    fn emojis_in<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Vec<entities::CustomEmoji> {
        // Most texts have no colon and most servers few emoji.
        if self.emojis.is_empty() {
            return Vec::new();
        }
        let mut names: Vec<String> = Vec::new();
        for name in texts.into_iter().filter(|text| text.contains(':')).flat_map(phiomia_text::shortcodes) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.iter().filter_map(|name| self.emojis.get(name)).map(|emoji| custom_emoji(emoji, self)).collect()
    }

    fn text<'a>(&'a self, mentions: &'a [phiomia_text::MentionTarget]) -> phiomia_text::Context<'a> {
        phiomia_text::Context { mentions, addresses: &self.addresses }
    }
}

/// A count of the limits table as JSON has it.
fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
