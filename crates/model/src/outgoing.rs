//! What people here did that other servers are told: small, by id, as it stands in a job.

use serde::{Deserialize, Serialize};

use crate::{
    id::{AccountId, PollId, ReportId, StatusId},
    remote::Interaction,
};

/// One thing to tell. What is needed to say it is still in the database when the job runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Outgoing {
    /// A post or a boost.
    Posted {
        /// Which.
        status: StatusId,
    },
    /// A post was edited, or its poll has other figures or ended.
    Edited {
        /// Which.
        status: StatusId,
    },
    /// A post was deleted or a boost taken back. The row is swept afterwards.
    Deleted {
        /// Which.
        status: StatusId,
    },
    /// Somebody wants to follow somebody elsewhere.
    Followed {
        /// Who.
        account: AccountId,
        /// Whom.
        target: AccountId,
        /// The number at the end of the activity's id.
        number: i64,
    },
    /// Somebody takes a follow, or the wish for it, back.
    Unfollowed {
        /// Who.
        account: AccountId,
        /// Whom.
        target: AccountId,
        /// The number at the end of the `Follow`'s id.
        number: i64,
    },
    /// Somebody here lets somebody elsewhere follow, or not, or not any more.
    Answered {
        /// Who answers.
        account: AccountId,
        /// Who wants to follow.
        follower: AccountId,
        /// The `Follow`'s id, if it had one.
        uri: Option<String>,
        /// Yes or no.
        accepts: bool,
    },
    /// Somebody blocks somebody elsewhere, or does so no longer.
    Blocked {
        /// Who.
        account: AccountId,
        /// Whom.
        target: AccountId,
        /// The number at the end of the `Block`'s id.
        number: i64,
        /// No longer.
        is_undone: bool,
    },
    /// A post from elsewhere was favourited, or no longer is.
    Favourited {
        /// Who.
        account: AccountId,
        /// Which post.
        status: StatusId,
        /// The number at the end of the `Like`'s id.
        number: i64,
        /// No longer.
        is_undone: bool,
    },
    /// Somebody voted in a poll from elsewhere.
    Voted {
        /// Who.
        account: AccountId,
        /// In which.
        poll: PollId,
        /// For which choices, counted from 0.
        choices: Vec<i64>,
    },
    /// Somebody pinned an own post, or no longer does.
    Pinned {
        /// Who.
        account: AccountId,
        /// Which post.
        status: StatusId,
        /// No longer.
        is_undone: bool,
    },
    /// Somebody features a hashtag, or no longer does.
    FeaturedTag {
        /// Who.
        account: AccountId,
        /// Which, as it is shown.
        name: String,
        /// No longer.
        is_undone: bool,
    },
    /// Somebody voted in a poll from here whose figures may be seen while it runs.
    PollCounted {
        /// Its post.
        status: StatusId,
    },
    /// A profile changed; more changes may follow.
    ProfileChanged {
        /// Whose.
        account: AccountId,
    },
    /// A profile changed a moment ago, and is told as it is now.
    ProfileSettled {
        /// Whose.
        account: AccountId,
    },
    /// An account goes for good.
    AccountDeleted {
        /// Which.
        account: AccountId,
    },
    /// An account goes somewhere else.
    Moved {
        /// Which.
        account: AccountId,
        /// Where to.
        target: AccountId,
    },
    /// A post asks to quote a post from elsewhere.
    QuoteAsked {
        /// The quoting post.
        status: StatusId,
    },
    /// A post from elsewhere may quote one from here, or may not.
    QuoteAnswered {
        /// The quoted author.
        account: AccountId,
        /// The quoting post's id in the network.
        quoting: String,
        /// Who wants to quote.
        quoter: AccountId,
        /// The quoted post.
        quoted: StatusId,
        /// The `QuoteRequest`'s id.
        request: String,
        /// The stamp, if they may.
        stamp: Option<String>,
    },
    /// Somebody here answers, favourites or boosts a post of somebody elsewhere who wants to be asked.
    ApprovalAsked {
        /// Who.
        account: AccountId,
        /// What they do.
        what: Interaction,
        /// The answer or the boost; of a favourite, the post.
        status: StatusId,
    },
    /// Somebody elsewhere asked whether they may answer, favourite or boost a post from here.
    ApprovalAnswered {
        /// The author of the post.
        account: AccountId,
        /// What was asked.
        what: Interaction,
        /// The post.
        status: StatusId,
        /// Who asked.
        asker: AccountId,
        /// The answer, the `Like` or the `Announce`: its id in the network.
        interacting: String,
        /// The request's id.
        request: String,
        /// The stamp, if they may.
        stamp: Option<String>,
    },
    /// The permission to quote was taken back.
    QuoteRevoked {
        /// The quoting post.
        status: StatusId,
        /// The quoted author.
        account: AccountId,
        /// The stamp.
        stamp: String,
    },
    /// A report is passed on to the server of whom it is about.
    Reported {
        /// Which.
        report: ReportId,
    },
}
