//! Which room does which job. A new kind of job stops the build here until somebody does it.

use std::sync::Arc;

use phiomia_api::{Api, convert};
use phiomia_federation::Federation;
use phiomia_model::{Error, Fault, Job, job::Lane};
use phiomia_social::{
    Social, announcements, cards, media, polls, relationships, scheduled, search, statuses, timelines, users,
};
use phiomia_store::{
    Tx,
    files::{FileKey, Files},
};

use super::{
    Run,
    retention::{self, Retention},
    trim,
};
use crate::{backups::Backups, mail::Post};

/// Posts whose words are written in one transaction: few, so that nobody waits for them.
const WORDS_AT_ONCE: i64 = 200;

/// The work of all rooms.
pub(super) fn rooms(
    api: Api,
    post: Post,
    federation: Federation,
    backups: Option<Backups>,
    kept: Option<Retention>,
) -> Run {
    let (db, files) = (api.db.clone(), api.files.clone());
    let social = Social::new(post.addresses.clone());
    Arc::new(move |job| {
        let (db, files, post) = (db.clone(), files.clone(), post.clone());
        let (api, social, federation, backups) = (api.clone(), social.clone(), federation.clone(), backups.clone());
        Box::pin(async move {
            match job {
                Job::CheckPictures { account, keys } => {
                    let unhung = db.read(move |q| media::unhung(q, account, &keys)).await?;
                    drop_files(&files, &unhung).await
                }
                // Whoever planned it has another configuration than this process.
                Job::BackUp => match backups {
                    Some(backups) => backups.make_and_thin_out(&files, db.clock().now()).await,
                    None => Ok(()),
                },
                // The network is not waited for in a transaction.
                Job::SendMail { account, mail } => post.send(account, mail).await,
                Job::DropFiles { keys } => drop_files(&files, &keys).await,
                Job::ConvertMedia { media } => convert::run(&api, media).await,
                Job::CheckUpload { media: id, keys } => {
                    let abandoned = db.read(move |q| media::abandoned(q, id, &keys)).await?;
                    drop_files(&files, &abandoned).await
                }
                Job::PruneStatuses { below } => match kept {
                    Some(kept) => retention::run(&db, kept, below).await,
                    None => Ok(()),
                },
                Job::Tidy => {
                    db.write(tidy).await?;
                    trim::run(&db).await?;
                    if kept.is_some() { retention::begin(&db).await } else { Ok(()) }
                }
                job if matches!(job.lane(), Lane::Federation | Lane::Outgoing | Lane::Fetch) => {
                    federation.run(job).await
                }
                job => db.write(move |tx| work(tx, &social, &job)).await,
            }
        })
    })
}

/// Files that no row names. One that is gone already is as good.
async fn drop_files(files: &Files, keys: &[String]) -> Result<(), Error> {
    for key in keys {
        files.delete(&key.parse::<FileKey>()?).await?;
    }
    Ok(())
}

/// One job, in one transaction. Running it twice is harmless.
fn work(tx: &Tx<'_>, social: &Social, job: &Job) -> Result<(), Error> {
    match *job {
        Job::FanOut { status } => timelines::fan_out(tx, status),
        Job::SweepStatus { status } => statuses::sweep(tx, status),
        Job::MergeHome { account, author } => timelines::merge(tx, account, author),
        Job::RebuildHome { account } => timelines::rebuild(tx, account),
        Job::SweepHome { account, author } => timelines::sweep(tx, account, author),
        Job::PartWithDomain { account, ref domain } => relationships::part_with_domain(tx, account, domain),
        Job::MergeList { list, author } => timelines::merge_list(tx, list, author),
        Job::RebuildList { list } => timelines::rebuild_list(tx, list),
        Job::EndMute { account, target } => relationships::end_lapsed(tx, account, target),
        Job::ClosePoll { poll, after } => polls::close(tx, poll, after),
        Job::Publish { scheduled } => scheduled::publish(tx, social, scheduled),
        Job::LookAtAnnouncement { announcement } => announcements::look_at(tx, announcement),
        Job::SweepAccount { account } => {
            users::erase(tx, account)?;
            statuses::sweep_account(tx, account)
        }
        Job::ConvertMedia { .. } | Job::DropFiles { .. } | Job::CheckUpload { .. } | Job::CheckPictures { .. } => {
            Err(Fault::new("files are not waited for within a transaction").into())
        }
        Job::BackUp => Err(Fault::new("a backup is not made within a transaction").into()),
        Job::SendMail { .. } => Err(Fault::new("a mail is not sent within a transaction").into()),
        Job::MoveFollowers { account, target } => relationships::move_followers(tx, account, target),
        Job::Federate { .. }
        | Job::Receive { .. }
        | Job::FetchThread { .. }
        | Job::FetchPosts { .. }
        | Job::FetchCard { .. }
        | Job::VerifyLinks { .. }
        | Job::FetchParent { .. }
        | Job::CheckQuote { .. }
        | Job::FetchRelayed { .. }
        | Job::CompareFollowers { .. }
        | Job::RefreshAccount { .. } => Err(Fault::new("other servers are not waited for in a transaction").into()),
        Job::IndexWords { after } => {
            if let Some(last) = search::index_anew(tx, after, WORDS_AT_ONCE)? {
                tx.enqueue(&Job::IndexWords { after: last })?;
            }
            Ok(())
        }
        Job::PruneStatuses { .. } | Job::Tidy => Err(Fault::new("this is more than one transaction").into()),
    }
}

/// The daily work of every room.
fn tidy(tx: &Tx<'_>) -> Result<(), Error> {
    users::tidy(tx)?;
    phiomia_store::db::tidy(tx)?;
    statuses::tidy(tx)?;
    media::tidy(tx)?;
    cards::tidy(tx)?;
    relationships::end_all_lapsed(tx)
}
