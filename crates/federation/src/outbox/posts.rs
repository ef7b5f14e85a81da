//! Posts, boosts, edits, deletions, pins.

use phiomia_activitypub::{Object, Thing, Uri, Verb};
use phiomia_model::{AccountId, Error, Job, StatusId, Viewer, Visibility};
use phiomia_store::{
    Tx,
    db::{
        federation::{actors, deliveries::Priority, posts},
        statuses,
    },
};

use super::{Sending, activities::undoing, activity, reach, send};
use crate::{Federation, build};

impl Federation {
    pub(super) fn posted(&self, tx: &Tx<'_>, status: StatusId) -> Result<(), Error> {
        let Some(view) = self.view(tx, status)?.filter(|view| !view.body.is_unapproved()) else { return Ok(()) };
        let (body, author) = (view.body.clone(), view.author.id);
        let facts = build::facts(tx, &[&view])?;
        let create = build::activity(&view, &facts, &self.addresses)?;
        let boosted = view.reblog.as_ref().map(|original| original.author.id);
        let quoted = view.quote.as_ref().and_then(|quote| quote.quoted.as_ref()).map(|quoted| quoted.account);
        let more: Vec<AccountId> = body.in_reply_to_account_id.into_iter().chain(boosted).chain(quoted).collect();
        let priority = match (body.visibility, boosted) {
            (Visibility::Direct, _) => Priority::Direct,
            (_, Some(_)) => Priority::Boost,
            _ => Priority::Post,
        };
        // Who is answered hears of it only when they may: in a direct post they are named.
        let more = if body.visibility == Visibility::Direct { Vec::new() } else { more };
        let mut inboxes = reach::of_post(tx, author, body.visibility, status, &more)?;
        if body.visibility == Visibility::Public && boosted.is_none() {
            self.told_to_relays(tx, status, &body.uri, &mut inboxes)?;
        }
        let sending = Sending::new(author, priority, &body.uri).about(status).to(body.visibility);
        send(tx, &sending, &create, &inboxes)
    }

    pub(super) fn edited(&self, tx: &Tx<'_>, status: StatusId) -> Result<(), Error> {
        let is_told = |view: &statuses::StatusView| view.reblog.is_none() && !view.body.is_unapproved();
        let Some(view) = self.view(tx, status)?.filter(is_told) else { return Ok(()) };
        let (body, author) = (view.body.clone(), view.author.id);
        let facts = build::facts(tx, &[&view])?;
        let note = build::note(&view, &facts, &self.addresses)?;
        let audience = note.audience.clone();
        let id = format!("{}#updates/{}", body.uri, tx.new_id());
        let mut update =
            activity(&id, note.author.clone(), Verb::Update(Thing::Sent(Box::new(Object::Note(note)))), Vec::new())?;
        update.audience = audience;
        update.published = Some(tx.now());
        let priority = if body.visibility == Visibility::Direct { Priority::Direct } else { Priority::Post };
        let mut inboxes = reach::of_known_post(tx, author, body.visibility, status, &[])?;
        inboxes.extend(reach::of_relays(tx, body.visibility)?);
        let sending = Sending::new(author, priority, &body.uri).about(status).to(body.visibility);
        send(tx, &sending, &update, &inboxes)
    }

    /// The row is swept when this is told, or when there is nobody to tell.
    pub(super) fn deleted(&self, tx: &Tx<'_>, status: StatusId) -> Result<(), Error> {
        let Some(row) = posts::even_deleted(tx, status)? else { return Ok(()) };
        let me = self.actor(row.author)?;
        let original = match row.reblog_of {
            None => None,
            Some(original) => posts::even_deleted(tx, original)?,
        };
        let more: Vec<AccountId> = original.iter().map(|original| original.author).collect();
        let mut inboxes = reach::of_known_post(tx, row.author, row.visibility, status, &more)?;
        if row.reblog_of.is_none() {
            inboxes.extend(reach::of_relays(tx, row.visibility)?);
        }
        let told = match &original {
            Some(original) => {
                let verb = Verb::Announce(Thing::Named(build::uri(&original.uri)?));
                let announce = activity(&row.uri, me.clone(), verb, vec![Uri::public()])?;
                activity(&format!("{}/undo", row.uri), me, undoing(announce), vec![Uri::public()])?
            }
            None => {
                let verb = Verb::Delete(build::uri(&row.uri)?);
                activity(&format!("{}#delete", row.uri), me, verb, vec![Uri::public()])?
            }
        };
        send(tx, &Sending::new(row.author, Priority::Deletion, &row.uri).last_word(), &told, &inboxes)?;
        Ok(tx.enqueue(&Job::SweepStatus { status })?)
    }

    pub(super) fn pinned(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        status: StatusId,
        is_undone: bool,
    ) -> Result<(), Error> {
        let Some(row) = posts::even_deleted(tx, status)? else { return Ok(()) };
        let object = Thing::Named(build::uri(&row.uri)?);
        self.featured(tx, account, object, &row.uri, is_undone)
    }

    pub(super) fn featured_tag(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        name: &str,
        is_undone: bool,
    ) -> Result<(), Error> {
        let object = Thing::Sent(Box::new(Object::Hashtag(name.to_owned())));
        self.featured(tx, account, object, &format!("{account} features {name}"), is_undone)
    }

    fn featured(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        object: Thing,
        about: &str,
        is_undone: bool,
    ) -> Result<(), Error> {
        let me = self.actor(account)?;
        let target = build::below(me.as_str(), "collections/featured")?;
        let number = tx.new_id();
        let (id, verb) = if is_undone {
            (format!("{me}#removals/{number}"), Verb::Remove { object, target })
        } else {
            (format!("{me}#additions/{number}"), Verb::Add { object, target })
        };
        let told = activity(&id, me, verb, vec![Uri::public()])?;
        let inboxes = actors::followers_inboxes(tx, account)?;
        send(tx, &Sending::new(account, Priority::Rest, about), &told, &inboxes)
    }

    /// A post as its author sees it: everything in it.
    fn view(&self, tx: &Tx<'_>, status: StatusId) -> Result<Option<statuses::StatusView>, Error> {
        let Some(row) = statuses::source(tx, status)?.filter(|row| row.is_local) else { return Ok(None) };
        Ok(statuses::view(tx, status, Viewer::Account(row.author), tx.now())?)
    }
}
