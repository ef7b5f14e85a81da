//! Profiles that change, go or move.

use phiomia_activitypub::{Object, Thing, Uri, Verb};
use phiomia_model::{AccountId, Error, ReportId};
use phiomia_store::{
    Tx,
    db::{
        accounts,
        federation::{actors, deliveries::Priority, key_pairs, posts},
        reports,
    },
};

use super::{Sending, activity, send};
use crate::{Federation, build};

impl Federation {
    pub(super) async fn profile_changed(&self, account: AccountId) -> Result<(), Error> {
        // A key may have to be made, which takes its time.
        let public_pem = self.keys.public_pem(account).await?;
        let federation = self.clone();
        self.db
            .write(move |tx| {
                let Some(view) = accounts::view(tx, account)?.filter(|view| view.is_local() && !view.is_deleted) else {
                    return Ok(());
                };
                let facts = build::actor_facts(tx, &view, public_pem.clone())?;
                let actor = build::actor(&view, &facts, &federation.addresses)?;
                let me = actor.id.clone();
                let verb = Verb::Update(Thing::Sent(Box::new(Object::Actor(actor))));
                let id = format!("{me}#updates/{}", tx.new_id());
                let update = activity(&id, me.clone(), verb, vec![Uri::public()])?;
                let inboxes = actors::followers_inboxes(tx, account)?;
                send(tx, &Sending::new(account, Priority::Rest, me.as_str()), &update, &inboxes)
            })
            .await
    }

    /// Everybody we know hears of it, followers or not: nobody can say who keeps a copy.
    pub(super) fn account_deleted(&self, tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
        let me = self.actor(account)?;
        let verb = Verb::Delete(me.clone());
        let delete = activity(&format!("{me}#delete"), me.clone(), verb, vec![Uri::public()])?;
        let inboxes = actors::all_inboxes(tx)?;
        send(tx, &Sending::new(account, Priority::Deletion, me.as_str()).last_word(), &delete, &inboxes)
    }

    pub(super) fn moved_away(&self, tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<(), Error> {
        let Some(target) = accounts::view(tx, target)? else { return Ok(()) };
        let me = self.actor(account)?;
        let verb = Verb::Move { object: me.clone(), target: build::uri(&target.uri)? };
        let followers = build::below(me.as_str(), "followers")?;
        let moves = activity(&format!("{me}#moves/{}", tx.new_id()), me.clone(), verb, vec![followers])?;
        let inboxes = actors::followers_inboxes(tx, account)?;
        send(tx, &Sending::new(account, Priority::Post, me.as_str()), &moves, &inboxes)
    }

    /// A report is passed on by the server itself: who reported is nobody's business elsewhere.
    pub(super) fn reported(&self, tx: &Tx<'_>, report: ReportId) -> Result<(), Error> {
        let Some(row) = reports::find(tx, report)? else { return Ok(()) };
        let Some(target) = accounts::view(tx, row.target)?.filter(|view| !view.is_local()) else { return Ok(()) };
        let mut objects = vec![build::uri(&target.uri)?];
        for status in &row.statuses {
            if let Some(post) = posts::even_deleted(tx, *status)? {
                objects.push(build::uri(&post.uri)?);
            }
        }
        let server = build::uri(&self.addresses.server_uri())?;
        let content = Some(row.comment).filter(|text| !text.is_empty());
        let id = format!("{server}#reports/{report}");
        let flag = activity(&id, server, Verb::Flag { objects, content }, vec![build::uri(&target.uri)?])?;
        let inboxes = actors::inboxes_of(tx, &[target.id])?;
        send(tx, &Sending::new(key_pairs::SERVER, Priority::Rest, &id), &flag, &inboxes)
    }
}
