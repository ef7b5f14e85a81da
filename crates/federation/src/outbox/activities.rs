//! Follows, blocks, favourites, votes.

use phiomia_activitypub::{Activity, Audience, Note, NoteKind, Object, Thing, Verb, note::Markup};
use phiomia_model::{AccountId, Error, Fault, PollId, StatusId};
use phiomia_store::{
    Query, Tx,
    db::{
        accounts,
        federation::{
            actors::{self, Inbox},
            deliveries::Priority,
        },
        statuses,
    },
};

use super::{Sending, activity, send};
use crate::{Federation, build};

/// Somebody elsewhere: the id, and the inbox of their own.
fn somebody(q: &Query<'_>, account: AccountId) -> Result<Option<(phiomia_activitypub::Uri, Vec<Inbox>)>, Fault> {
    let Some(view) = accounts::view(q, account)?.filter(|view| !view.is_local()) else { return Ok(None) };
    Ok(Some((build::uri(&view.uri)?, actors::own_inboxes(q, &[account])?)))
}

impl Federation {
    pub(super) fn followed(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        target: AccountId,
        number: i64,
    ) -> Result<(), Error> {
        let Some((them, inboxes)) = somebody(tx, target)? else { return Ok(()) };
        let follow = self.follow_activity(account, them, number)?;
        let object = format!("{account} follows {target}");
        send(tx, &Sending::new(account, Priority::Direct, &object), &follow, &inboxes)
    }

    fn follow_activity(
        &self,
        account: AccountId,
        target: phiomia_activitypub::Uri,
        number: i64,
    ) -> Result<Activity, Fault> {
        let me = self.actor(account)?;
        activity(&format!("{me}/follows/{number}"), me, Verb::Follow(target.clone()), vec![target])
    }

    pub(super) fn unfollowed(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        target: AccountId,
        number: i64,
    ) -> Result<(), Error> {
        let Some((them, inboxes)) = somebody(tx, target)? else { return Ok(()) };
        let follow = self.follow_activity(account, them.clone(), number)?;
        let id = format!("{}/follows/{number}/undo", self.actor(account)?);
        let undo = activity(&id, self.actor(account)?, undoing(follow), vec![them])?;
        let object = format!("{account} follows {target}");
        send(tx, &Sending::new(account, Priority::Deletion, &object).last_word(), &undo, &inboxes)
    }

    pub(super) fn answered(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        follower: AccountId,
        uri: Option<&str>,
        accepts: bool,
    ) -> Result<(), Error> {
        let Some((them, inboxes)) = somebody(tx, follower)? else { return Ok(()) };
        let me = self.actor(account)?;
        let follow = Activity {
            id: uri.map(build::uri).transpose()?,
            actor: them.clone(),
            verb: Verb::Follow(me.clone()),
            audience: Audience::default(),
            published: None,
            authorization: None,
        };
        let asked = Thing::Sent(Box::new(Object::Activity(follow)));
        let number = tx.new_id();
        let (id, verb) = if accepts {
            (format!("{me}#accepts/follows/{number}"), Verb::Accept { asked, result: None })
        } else {
            (format!("{me}#rejects/follows/{number}"), Verb::Reject(asked))
        };
        let answer = activity(&id, me, verb, vec![them])?;
        let object = format!("{follower} follows {account}");
        let sending = Sending::new(account, Priority::Direct, &object);
        let sending = if accepts { sending } else { sending.last_word() };
        send(tx, &sending, &answer, &inboxes)
    }

    pub(super) fn blocked(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        target: AccountId,
        number: i64,
        is_undone: bool,
    ) -> Result<(), Error> {
        let Some((them, inboxes)) = somebody(tx, target)? else { return Ok(()) };
        let me = self.actor(account)?;
        let id = format!("{me}/blocks/{number}");
        let block = activity(&id, me.clone(), Verb::Block(them.clone()), vec![them.clone()])?;
        let told = if is_undone { activity(&format!("{id}/undo"), me, undoing(block), vec![them])? } else { block };
        let object = format!("{account} blocks {target}");
        send(tx, &Sending::new(account, Priority::Deletion, &object).last_word(), &told, &inboxes)
    }

    pub(super) fn favourited(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        status: StatusId,
        number: i64,
        is_undone: bool,
    ) -> Result<(), Error> {
        let stamp = statuses::favourite_row(tx, account, status)?.and_then(|row| row.stamp);
        let Some((like, inboxes)) = self.like_activity(tx, account, status, number, stamp)? else { return Ok(()) };
        let (me, to) = (like.actor.clone(), like.audience.to.clone());
        let id = format!("{me}/likes/{number}");
        let sending = Sending::new(account, Priority::Rest, &id);
        if is_undone {
            let undo = activity(&format!("{id}/undo"), me, undoing(like), to)?;
            return send(tx, &sending.last_word(), &undo, &inboxes);
        }
        send(tx, &sending, &like, &inboxes)
    }

    /// That somebody here likes a post elsewhere, and where that goes.
    pub(super) fn like_activity(
        &self,
        tx: &Tx<'_>,
        account: AccountId,
        status: StatusId,
        number: i64,
        stamp: Option<String>,
    ) -> Result<Option<(Activity, Vec<Inbox>)>, Error> {
        let Some(row) = statuses::source(tx, status)? else { return Ok(None) };
        let Some((them, inboxes)) = somebody(tx, row.author)? else { return Ok(None) };
        let me = self.actor(account)?;
        let verb = Verb::Like { object: build::uri(&row.uri)?, reaction: None };
        let mut like = activity(&format!("{me}/likes/{number}"), me, verb, vec![them])?;
        like.authorization = stamp.as_deref().map(build::uri).transpose()?;
        Ok(Some((like, inboxes)))
    }

    /// Each choice is a note with a name, as Mastodon counts votes.
    /// Source: <https://docs.joinmastodon.org/spec/activitypub/#poll-specific-properties>.
    pub(super) fn voted(&self, tx: &Tx<'_>, account: AccountId, poll: PollId, choices: &[i64]) -> Result<(), Error> {
        let Some(row) = statuses::poll(tx, poll)? else { return Ok(()) };
        let Some((_, titles)) = statuses::poll_of(tx, row.status)? else { return Ok(()) };
        let Some(source) = statuses::source(tx, row.status)? else { return Ok(()) };
        let Some((them, inboxes)) = somebody(tx, source.author)? else { return Ok(()) };
        let me = self.actor(account)?;
        for choice in choices {
            let Some(title) = usize::try_from(*choice).ok().and_then(|n| titles.get(n)) else { continue };
            let id = format!("{me}/votes/{poll}/{choice}");
            let note = Note {
                title: Some(title.clone()),
                in_reply_to: Some(build::uri(&source.uri)?),
                audience: Audience { to: vec![them.clone()], cc: Vec::new() },
                published: Some(tx.now()),
                ..bare_note(build::uri(&id)?, me.clone())
            };
            let verb = Verb::Create(Thing::Sent(Box::new(Object::Note(note))));
            let create = activity(&format!("{id}/activity"), me.clone(), verb, vec![them.clone()])?;
            send(tx, &Sending::new(account, Priority::Direct, &id), &create, &inboxes)?;
        }
        Ok(())
    }
}

/// Taking an activity back, with the activity itself: some softwares look for it, some for its id.
pub(crate) fn undoing(activity: Activity) -> Verb {
    Verb::Undo(Thing::Sent(Box::new(Object::Activity(activity))))
}

fn bare_note(id: phiomia_activitypub::Uri, author: phiomia_activitypub::Uri) -> Note {
    Note {
        id,
        kind: NoteKind::Note,
        author,
        title: None,
        content: None,
        markup: Markup::Html,
        summary: None,
        sensitive: false,
        language: None,
        audience: Audience::default(),
        groups: Vec::new(),
        tags: Default::default(),
        attachments: Vec::new(),
        preview: None,
        poll: None,
        in_reply_to: None,
        conversation: None,
        context: None,
        replies: Default::default(),
        likes: Default::default(),
        shares: Default::default(),
        quote: None,
        policy: Default::default(),
        authorization: None,
        published: None,
        updated: None,
        starts: None,
        page: None,
        link: None,
    }
}
