//! What many deliveries ask of the database at the same moment is asked once for all of them: before they are believed,
//! when they are put on stable storage, and when they are worked through.

use std::{collections::HashSet, sync::Arc};

use phiomia_model::{AccountId, Error, Job, Refusal, StatusId};
use phiomia_social::remote::{self, Arrival};
use phiomia_store::{
    Query, Tx,
    db::{
        Together, accounts,
        federation::{
            actors,
            domains::{self, Standing},
            hosts, received,
            senders::{self, Sender},
        },
        jobs,
    },
};

use crate::Federation;

/// Those who wait for the same.
pub(crate) struct Waiting {
    knocks: Together<Knock, (Standing, bool)>,
    kept: Together<Kept, ()>,
    senders: Together<AccountId, Option<Sender>>,
    arrivals: Together<Arrival, Result<Option<StatusId>, Refusal>>,
}

impl Default for Waiting {
    fn default() -> Waiting {
        Waiting {
            knocks: Together::default(),
            kept: Together::new(|kept| kept.body.len()),
            senders: Together::default(),
            arrivals: Together::new(|arrival| arrival.draft.text.len() + arrival.draft.spoiler_text.len()),
        }
    }
}

/// A delivery that nobody has looked at.
pub(super) struct Knock {
    pub(super) host: String,
    /// It tells of its own sender alone, whose id in the network this is.
    pub(super) about: Option<String>,
}

/// A delivery that is believed.
pub(super) struct Kept {
    pub(super) account: AccountId,
    pub(super) host: String,
    /// Its id in the network, if its own server gave it.
    pub(super) name: Option<String>,
    pub(super) body: String,
    pub(super) is_follow: bool,
    /// What has to be compared besides.
    pub(super) comparing: Option<Job>,
}

impl Federation {
    /// What is decided about the host of a delivery, and whether it can mean anything here.
    pub(super) async fn look(&self, knock: Knock) -> Result<(Standing, bool), Error> {
        self.waiting.knocks.ask(knock, |knocks| self.db.read(move |q| look(q, &knocks))).await
    }

    /// Returns when a delivery is on stable storage with a job to work through it.
    pub(super) async fn put_down(&self, kept: Kept) -> Result<(), Error> {
        self.waiting.kept.ask(kept, |all| self.db.write(move |tx| put_down(tx, &all))).await
    }

    /// Somebody who sent something, if they are still known.
    pub(super) async fn sender(&self, account: AccountId) -> Result<Option<Sender>, Error> {
        let asking = |accounts: Vec<Arc<AccountId>>| {
            self.db.read(move |q| {
                let accounts: Vec<AccountId> = accounts.iter().map(|account| **account).collect();
                let known = senders::senders(q, &accounts)?;
                let sender = |account: &AccountId| known.iter().find(|sender| sender.account == *account).cloned();
                Ok(accounts.iter().map(sender).collect())
            })
        };
        self.waiting.senders.ask(account, asking).await
    }

    /// Puts a post into the database that is genuine, whole and wanted.
    pub(crate) async fn receive(&self, arrival: Arrival) -> Result<Option<StatusId>, Error> {
        let social = &self.social;
        let receiving = |arrivals: Vec<Arc<Arrival>>| {
            let social = social.clone();
            self.db.write(move |tx| remote::receive(tx, &social, &arrivals))
        };
        Ok(self.waiting.arrivals.ask(arrival, receiving).await??)
    }
}

fn look(q: &Query<'_>, knocks: &[Arc<Knock>]) -> Result<Vec<(Standing, bool)>, Error> {
    let hosts: Vec<&str> = knocks.iter().map(|knock| knock.host.as_str()).collect();
    let standings = domains::standings(q, &hosts)?;
    let about: Vec<String> = knocks.iter().filter_map(|knock| knock.about.clone()).collect();
    let known = if about.is_empty() { Vec::new() } else { actors::by_uris(q, &about)? };
    let is_of_interest =
        |knock: &Knock| knock.about.as_ref().is_none_or(|about| known.iter().any(|(_, known)| known == about));
    Ok(standings.into_iter().zip(knocks).map(|(standing, knock)| (standing, is_of_interest(knock))).collect())
}

fn put_down(tx: &Tx<'_>, all: &[Arc<Kept>]) -> Result<Vec<()>, Error> {
    let present = accounts::present(tx, &all.iter().map(|kept| kept.account).collect::<Vec<_>>())?;
    let welcome = || all.iter().filter(|kept| present.contains(&kept.account));
    hosts::note_received(tx, &welcome().map(|kept| kept.host.as_str()).collect::<Vec<_>>())?;
    for job in welcome().filter_map(|kept| kept.comparing.as_ref()) {
        if !jobs::is_pending(tx, job)? {
            tx.enqueue(job)?;
        }
    }
    let names: Vec<&str> = welcome().filter_map(|kept| kept.name.as_deref()).collect();
    let mut new: HashSet<String> = received::note_each(tx, &names)?;
    // Some softwares give each `Follow` of the same two people the same id; told again, it is answered again.
    let mut is_due = |kept: &Kept| kept.name.as_ref().is_none_or(|name| new.remove(name)) || kept.is_follow;
    let due = welcome().filter(|kept| is_due(kept));
    let jobs: Vec<Job> = due.map(|kept| Job::Receive { signer: kept.account, body: kept.body.clone() }).collect();
    tx.enqueue_each(&jobs)?;
    Ok(vec![(); all.len()])
}
