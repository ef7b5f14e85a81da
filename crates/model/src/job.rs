//! Work that is left for later: rows in the same transaction as what caused it.

use serde::{Deserialize, Serialize};

use crate::{
    id::{AccountId, AnnouncementId, ListId, MediaId, PollId, ScheduledStatusId, StatusId, StrikeId},
    outgoing::Outgoing,
};

/// What is to be done. Small, names things by id; running it twice is harmless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Writes a status into the home feeds of the author's local followers and of those who follow its tags, into the
    /// lists that have the author, and wakes their streams.
    FanOut {
        /// The status.
        status: StatusId,
    },
    /// Takes a deleted status's rows away piece by piece: feeds, notifications, favourites.
    SweepStatus {
        /// The status.
        status: StatusId,
    },
    /// Puts the newest posts of somebody into the home feed of who has just followed them, or no longer mutes them, and
    /// into the lists that have them.
    MergeHome {
        /// Whose feed.
        account: AccountId,
        /// Whose posts.
        author: AccountId,
    },
    /// Fills the home feed of somebody who has been away.
    RebuildHome {
        /// Whose.
        account: AccountId,
    },
    /// Takes the posts of one account out of another's home feed and lists (unfollowed, blocked, muted).
    SweepHome {
        /// Whose feed.
        account: AccountId,
        /// Whose posts go.
        author: AccountId,
    },
    /// Ends what somebody has with the people of a domain that they block, a batch a run.
    PartWithDomain {
        /// Who blocks it.
        account: AccountId,
        /// The domain.
        domain: String,
    },
    /// Puts the newest posts of a new member into a list.
    MergeList {
        /// Which list.
        list: ListId,
        /// Whose posts.
        author: AccountId,
    },
    /// Fills a list anew: its owner was away, or wants other replies in it.
    RebuildList {
        /// Which list.
        list: ListId,
    },
    /// Ends a mute whose time is over.
    EndMute {
        /// Who muted.
        account: AccountId,
        /// Whom.
        target: AccountId,
    },
    /// Tells the end of a poll to its author and to people here who voted.
    ClosePoll {
        /// Which.
        poll: PollId,
        /// Voters up to this id were told; `None`: nobody was.
        after: Option<AccountId>,
    },
    /// Posts what has waited for its time.
    Publish {
        /// Which.
        scheduled: ScheduledStatusId,
    },
    /// Publishes an announcement whose time has come, or takes down one that is over.
    LookAtAnnouncement {
        /// Which.
        announcement: AnnouncementId,
    },
    /// Takes files from the shelf that no row names any more.
    DropFiles {
        /// Their names.
        keys: Vec<String>,
    },
    /// Makes of an upload what browsers play.
    ConvertMedia {
        /// Which.
        media: MediaId,
    },
    /// Looks after an upload some time after it began: its files go when its row never came.
    CheckUpload {
        /// Which.
        media: MediaId,
        /// Its files.
        keys: Vec<String>,
    },
    /// The same for pictures that somebody wanted to hang.
    CheckPictures {
        /// Whose.
        account: AccountId,
        /// Their files.
        keys: Vec<String>,
    },
    /// Erases an account's posts and relations in chunks after its deletion.
    SweepAccount {
        /// Whose.
        account: AccountId,
    },
    /// Sends a mail. The link in it is made when it is sent.
    SendMail {
        /// To whom.
        account: AccountId,
        /// Which.
        mail: Mail,
    },
    /// Tells other servers what somebody here did: writes the activity and one delivery for each inbox.
    Federate {
        /// What.
        what: Outgoing,
    },
    /// Works through an activity that came in, was verified and kept.
    Receive {
        /// Whose key it was signed with.
        signer: AccountId,
        /// The activity as it came.
        body: String,
    },
    /// Fetches what is missing of a thread that somebody here looks at.
    FetchThread {
        /// A post of it.
        status: StatusId,
    },
    /// Fetches the post that one answers, so that it finds its place.
    FetchParent {
        /// The answer.
        status: StatusId,
    },
    /// Asks once more for the stamp of a quote between others, whose server was away.
    CheckQuote {
        /// The quoting post.
        status: StatusId,
    },
    /// Fetches a post that a relay told of.
    FetchRelayed {
        /// Its id in the network.
        uri: String,
    },
    /// Fetches the newest posts and the pinned ones of somebody elsewhere.
    FetchPosts {
        /// Whose.
        account: AccountId,
    },
    /// Fetches what is to be shown of the page that a post links to.
    FetchCard {
        /// The post.
        status: StatusId,
    },
    /// Asks the pages that somebody here calls their own on their profile whether they link back.
    VerifyLinks {
        /// Whose profile.
        account: AccountId,
    },
    /// Fetches the profile of somebody elsewhere anew.
    RefreshAccount {
        /// Whose.
        account: AccountId,
    },
    /// Fetches whom of the people here somebody elsewhere counts among their followers, and corrects what differs.
    CompareFollowers {
        /// Whose followers.
        account: AccountId,
        /// Where their server lists them.
        url: String,
    },
    /// Lets the followers of an account that has moved follow the new one, a batch a run.
    MoveFollowers {
        /// Who moved.
        account: AccountId,
        /// Where to.
        target: AccountId,
    },
    /// Writes the words of posts by which they are found, a batch a run: after a copy between engines, each of which keeps
    /// words in a form of its own.
    IndexWords {
        /// Posts up to this one have theirs.
        after: StatusId,
    },
    /// Makes a backup, and deletes those that are older than as many as are kept.
    BackUp,
    /// Forgets posts of other servers that nobody here touched, some windows a run, from the newest down.
    PruneStatuses {
        /// Posts from this one on were looked at; `None`: none was.
        below: Option<StatusId>,
    },
    /// Throws away what has expired: used codes, old idempotency keys, ended sessions, lapsed mutes.
    Tidy,
}

/// A mail to somebody who lives here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// Has the link that confirms their address.
    Confirmation,
    /// Has the link to a new password.
    PasswordReset,
    /// Goes to the address they want to have, with the link that confirms it.
    NewAddress,
    /// Tells the address they have that another was asked for.
    AddressChanging,
    /// Tells that an authenticator app is asked for from now on.
    SecondFactorOn,
    /// Tells that no authenticator app is asked for any more.
    SecondFactorOff,
    /// Tells that a passkey was added.
    PasskeyAdded,
    /// Tells that a passkey was removed.
    PasskeyRemoved,
    /// Tells that the sign-up was approved.
    Approved,
    /// Tells what a moderator did, in the moderator's words.
    Strike(StrikeId),
}

/// A queue with its own number of workers, so that slow work never stands before quick work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// People are waiting for it.
    Feeds,
    /// Activities of other servers.
    Federation,
    /// What other servers are to be told: one after the other, in the order in which it happened.
    Outgoing,
    /// What waits for other servers to answer.
    Fetch,
    /// Films and sounds are converted, which takes minutes.
    Media,
    /// Nobody is waiting for it.
    Upkeep,
    /// Takes long, and nothing else may wait behind it.
    Backup,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Lane; 7] =
        [Lane::Feeds, Lane::Federation, Lane::Outgoing, Lane::Fetch, Lane::Media, Lane::Upkeep, Lane::Backup];
    /// The priorities of its jobs, lowest first: what a worker looks for one after the other.
    #[must_use]
    pub const fn priorities(self) -> &'static [i64] {
        match self {
            Lane::Feeds => &[10, 20, 30],
            Lane::Federation => &[20],
            Lane::Outgoing | Lane::Media => &[10],
            Lane::Fetch => &[10, 20, 30],
            Lane::Upkeep => &[10, 30, 90],
            Lane::Backup => &[90],
        }
    }
    /// The word in the database and in `phiomia jobs`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Lane::Feeds => "feeds",
            Lane::Federation => "federation",
            Lane::Outgoing => "outgoing",
            Lane::Fetch => "fetch",
            Lane::Media => "media",
            Lane::Upkeep => "upkeep",
            Lane::Backup => "backup",
        }
    }
}

impl Job {
    /// Which lane it runs in.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self {
            Job::FanOut { .. }
            | Job::MergeHome { .. }
            | Job::RebuildHome { .. }
            | Job::MergeList { .. }
            | Job::RebuildList { .. }
            | Job::SweepHome { .. }
            | Job::PartWithDomain { .. }
            | Job::ClosePoll { .. }
            | Job::Publish { .. }
            | Job::LookAtAnnouncement { .. }
            | Job::EndMute { .. } => Lane::Feeds,
            Job::Receive { .. } => Lane::Federation,
            Job::Federate { .. } => Lane::Outgoing,
            Job::FetchThread { .. }
            | Job::FetchParent { .. }
            | Job::CheckQuote { .. }
            | Job::FetchRelayed { .. }
            | Job::FetchPosts { .. }
            | Job::FetchCard { .. }
            | Job::VerifyLinks { .. }
            | Job::CompareFollowers { .. }
            | Job::RefreshAccount { .. } => Lane::Fetch,
            Job::ConvertMedia { .. } => Lane::Media,
            Job::SweepStatus { .. }
            | Job::SweepAccount { .. }
            | Job::MoveFollowers { .. }
            | Job::SendMail { .. }
            | Job::DropFiles { .. }
            | Job::CheckUpload { .. }
            | Job::CheckPictures { .. }
            | Job::IndexWords { .. }
            | Job::PruneStatuses { .. }
            | Job::Tidy => Lane::Upkeep,
            Job::BackUp => Lane::Backup,
        }
    }
    /// Lower runs first within its lane.
    #[must_use]
    pub const fn priority(&self) -> i64 {
        match self {
            Job::FanOut { .. }
            | Job::SweepStatus { .. }
            | Job::SendMail { .. }
            | Job::Publish { .. }
            | Job::LookAtAnnouncement { .. }
            | Job::Federate { .. }
            | Job::ConvertMedia { .. }
            | Job::FetchThread { .. } => 10,
            Job::SweepHome { .. }
            | Job::PartWithDomain { .. }
            | Job::MergeHome { .. }
            | Job::MergeList { .. }
            | Job::EndMute { .. }
            | Job::ClosePoll { .. }
            | Job::Receive { .. }
            | Job::FetchParent { .. }
            | Job::FetchPosts { .. }
            | Job::FetchCard { .. }
            | Job::VerifyLinks { .. }
            | Job::CompareFollowers { .. } => 20,
            Job::RebuildHome { .. }
            | Job::RebuildList { .. }
            | Job::SweepAccount { .. }
            | Job::MoveFollowers { .. }
            | Job::DropFiles { .. }
            | Job::CheckUpload { .. }
            | Job::CheckPictures { .. }
            | Job::IndexWords { .. }
            | Job::FetchRelayed { .. }
            | Job::CheckQuote { .. }
            | Job::RefreshAccount { .. } => 30,
            Job::BackUp | Job::PruneStatuses { .. } | Job::Tidy => 90,
        }
    }
    /// The word clients of `phiomia jobs` see.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Job::FanOut { .. } => "fan_out",
            Job::SweepStatus { .. } => "sweep_status",
            Job::MergeHome { .. } => "merge_home",
            Job::RebuildHome { .. } => "rebuild_home",
            Job::SweepHome { .. } => "sweep_home",
            Job::PartWithDomain { .. } => "part_with_domain",
            Job::MergeList { .. } => "merge_list",
            Job::RebuildList { .. } => "rebuild_list",
            Job::EndMute { .. } => "end_mute",
            Job::ClosePoll { .. } => "close_poll",
            Job::Publish { .. } => "publish",
            Job::LookAtAnnouncement { .. } => "look_at_announcement",
            Job::SweepAccount { .. } => "sweep_account",
            Job::SendMail { .. } => "send_mail",
            Job::Federate { .. } => "federate",
            Job::Receive { .. } => "receive",
            Job::FetchThread { .. } => "fetch_thread",
            Job::FetchParent { .. } => "fetch_parent",
            Job::CheckQuote { .. } => "check_quote",
            Job::FetchRelayed { .. } => "fetch_relayed",
            Job::FetchPosts { .. } => "fetch_posts",
            Job::FetchCard { .. } => "fetch_card",
            Job::VerifyLinks { .. } => "verify_links",
            Job::RefreshAccount { .. } => "refresh_account",
            Job::CompareFollowers { .. } => "compare_followers",
            Job::MoveFollowers { .. } => "move_followers",
            Job::DropFiles { .. } => "drop_files",
            Job::ConvertMedia { .. } => "convert_media",
            Job::CheckUpload { .. } => "check_upload",
            Job::CheckPictures { .. } => "check_pictures",
            Job::IndexWords { .. } => "index_words",
            Job::BackUp => "back_up",
            Job::PruneStatuses { .. } => "prune_statuses",
            Job::Tidy => "tidy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_look_for_every_priority_that_jobs_have() {
        let (account, author, status, list) = (AccountId(1), AccountId(2), StatusId(3), ListId(4));
        for job in [
            Job::FanOut { status },
            Job::SweepStatus { status },
            Job::DropFiles { keys: Vec::new() },
            Job::ConvertMedia { media: MediaId(5) },
            Job::CheckUpload { media: MediaId(5), keys: Vec::new() },
            Job::CheckPictures { account, keys: Vec::new() },
            Job::MergeHome { account, author },
            Job::RebuildHome { account },
            Job::SweepHome { account, author },
            Job::PartWithDomain { account, domain: "b.example".into() },
            Job::MergeList { list, author },
            Job::RebuildList { list },
            Job::EndMute { account, target: author },
            Job::SweepAccount { account },
            Job::SendMail { account, mail: Mail::Confirmation },
            Job::Federate { what: Outgoing::Posted { status } },
            Job::Receive { signer: account, body: String::new() },
            Job::FetchThread { status },
            Job::FetchParent { status },
            Job::CheckQuote { status },
            Job::FetchRelayed { uri: String::new() },
            Job::FetchPosts { account },
            Job::FetchCard { status },
            Job::VerifyLinks { account },
            Job::RefreshAccount { account },
            Job::CompareFollowers { account, url: String::new() },
            Job::MoveFollowers { account, target: author },
            Job::PruneStatuses { below: None },
            Job::Tidy,
        ] {
            assert!(job.lane().priorities().contains(&job.priority()), "{job:?}");
        }
    }
}
