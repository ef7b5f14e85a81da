// What fedify is told of this server: where things are, who may see them, and what becomes of what arrives.

import {
  createExponentialBackoffPolicy, createFederation, InProcessMessageQueue, MemoryKvStore,
} from '@fedify/fedify'
import {
  Accept, Activity, Announce, Application, Block, Create, Delete, Endpoints, Follow, Like, Note, Person, Question,
  QuoteAuthorization, QuoteRequest, Reject, Tombstone, Undo, Update,
} from '@fedify/vocab'
import { announceObject, audience, noteObject, stampObject } from './documents.js'
import { INSTANCE, newId } from './world.js'

const SPEC = { cavage: 'draft-cavage-http-signatures-12', rfc9421: 'rfc9421' }

export function federate(world) {
  const federation = createFederation({
    kv: new MemoryKvStore(),
    queue: new InProcessMessageQueue({ pollInterval: { milliseconds: 50 } }),
    origin: world.origin,
    allowPrivateAddress: true,
    firstKnock: SPEC[world.firstKnock],
    circuitBreaker: false,
    outboxRetryPolicy: createExponentialBackoffPolicy({ initialDelay: { milliseconds: 200 }, maxAttempts: 6 }),
    inboxRetryPolicy: createExponentialBackoffPolicy({ initialDelay: { milliseconds: 200 }, maxAttempts: 3 }),
    onOutboxError: (error) => world.errors.push(String(error)),
  })
  actors(federation, world)
  objects(federation, world)
  collections(federation, world)
  inboxes(federation, world)
  federation.setNodeInfoDispatcher('/nodeinfo/2.1', () => ({
    software: { name: 'phiomia-e2e-fedify', version: '1.0.0' },
    protocols: ['activitypub'],
    usage: { users: { total: world.actors.size }, localPosts: world.notes.size, localComments: 0 },
  }))
  return federation
}

/** Whether the request may see what is behind authorized fetch: somebody signed it, whoever that is. */
async function signed(world, context) {
  if (!world.authorizedFetch) return true
  const documentLoader = await context.getDocumentLoader({ identifier: INSTANCE })
  return (await context.getSignedKeyOwner({ documentLoader })) !== null
}

function actors(federation, world) {
  federation
    .setActorDispatcher('/actors/{identifier}', async (context, identifier) => {
      const actor = world.actors.get(identifier)
      if (!actor) return null
      // Its keys still sign that it is gone.
      if (actor.gone) return new Tombstone({ id: context.getActorUri(identifier) })
      const keys = await context.getActorKeyPairs(identifier)
      const Kind = identifier === INSTANCE ? Application : Person
      return new Kind({
        id: context.getActorUri(identifier),
        preferredUsername: identifier,
        name: actor.displayName,
        summary: actor.summary,
        url: context.getActorUri(identifier),
        manuallyApprovesFollowers: actor.locked,
        discoverable: true,
        aliases: actor.aliases.map((alias) => new URL(alias)),
        successor: actor.movedTo && new URL(actor.movedTo),
        inbox: context.getInboxUri(identifier),
        endpoints: new Endpoints({ sharedInbox: context.getInboxUri() }),
        outbox: context.getOutboxUri(identifier),
        followers: context.getFollowersUri(identifier),
        following: context.getFollowingUri(identifier),
        publicKey: keys[0].cryptographicKey,
        assertionMethods: keys.map((key) => key.multikey),
      })
    })
    .setKeyPairsDispatcher((_, identifier) => world.actors.get(identifier)?.keys ?? [])
    .authorize((context, identifier) => identifier === INSTANCE || signed(world, context))
}

function objects(federation, world) {
  const may = (context) => signed(world, context)
  const note = (poll) => (context, { identifier, id }) => {
    const found = world.notes.get(id)
    return found?.actor === identifier && Boolean(found.poll) === poll ? noteObject(context, found) : null
  }
  federation.setObjectDispatcher(Note, '/actors/{identifier}/notes/{id}', note(false)).authorize(may)
  federation.setObjectDispatcher(Question, '/actors/{identifier}/questions/{id}', note(true)).authorize(may)
  federation
    .setObjectDispatcher(Announce, '/actors/{identifier}/announces/{id}', (context, { id }) => {
      const found = world.announces.get(id)
      return found ? announceObject(context, found) : null
    })
    .authorize(may)
  federation
    .setObjectDispatcher(QuoteAuthorization, '/actors/{identifier}/stamps/{id}', (context, { id }) => {
      const found = world.stamps.get(id)
      return found ? stampObject(context, found) : null
    })
    .authorize(may)
}

function collections(federation, world) {
  const may = (context) => signed(world, context)
  const accepted = (identifier) =>
    [...(world.actors.get(identifier)?.followers ?? [])].filter(([, follower]) => !follower.pending)
  const followed = (identifier) =>
    [...(world.actors.get(identifier)?.following ?? [])].filter(([, { state }]) => state === 'accepted')

  federation
    .setFollowersDispatcher('/actors/{identifier}/followers', (_, identifier) => ({
      items: accepted(identifier).map(([id, { inbox, sharedInbox }]) => ({
        id: new URL(id),
        inboxId: new URL(inbox),
        endpoints: sharedInbox && { sharedInbox: new URL(sharedInbox) },
      })),
    }))
    .setCounter((_, identifier) => accepted(identifier).length)
    .authorize(may)
  federation
    .setFollowingDispatcher('/actors/{identifier}/following', (_, identifier) => ({
      items: followed(identifier).map(([id]) => new URL(id)),
    }))
    .setCounter((_, identifier) => followed(identifier).length)
    .authorize(may)
  federation
    .setOutboxDispatcher('/actors/{identifier}/outbox', (_, identifier, cursor) => {
      const all = world.actors.get(identifier)?.outbox ?? []
      return cursor === null ? null : { items: all }
    })
    .setFirstCursor(() => 'newest')
    .setCounter((_, identifier) => world.actors.get(identifier)?.outbox.length ?? 0)
    .authorize(may)
}

/** Where the activities of an actor can be sent. */
export function addressOf(actor) {
  return { inbox: actor.inboxId.href, sharedInbox: actor.endpoints?.sharedInbox?.href }
}

/** Answers a request to follow with `Accept` or `Reject`. */
export async function answerFollow(context, name, Answer, follower, follow) {
  const { inbox, sharedInbox } = follower
  await context.sendActivity(
    { identifier: name },
    { id: follow.actorId, inboxId: new URL(inbox), endpoints: sharedInbox && { sharedInbox: new URL(sharedInbox) } },
    new Answer({
      id: new URL(`#answers/${newId()}`, context.getActorUri(name)),
      actor: context.getActorUri(name),
      object: follow,
      to: follow.actorId,
    }),
  )
}

function inboxes(federation, world) {
  federation
    .setInboxListeners('/actors/{identifier}/inbox', '/inbox')
    .setSharedKeyDispatcher(() => ({ identifier: INSTANCE }))
    .on(Follow, async (context, follow) => {
      const target = context.parseUri(follow.objectId)
      const actor = target?.type === 'actor' && world.actors.get(target.identifier)
      if (!actor) return
      const from = await follow.getActor(context)
      const follower = { ...addressOf(from), follow, pending: actor.locked }
      actor.followers.set(from.id.href, follower)
      if (!actor.locked) await answerFollow(context, actor.name, Accept, follower, follow)
    })
    .on(Accept, (context, accept) => answered(world, context, accept, 'accepted'))
    .on(Reject, (context, reject) => answered(world, context, reject, 'rejected'))
    .on(Undo, (context, undo) => undone(world, context, undo))
    .on(QuoteRequest, (context, request) => askedToQuote(world, context, request))
    .on(Create, (context, create) => told(world, context, create))
    .on(Update, (context, update) => told(world, context, update))
    .on(Delete, async (_, gone) => {
      const known = world.remoteNotes.get(gone.objectId?.href)
      if (known?.attributionId?.href === gone.actorId.href) world.remoteNotes.delete(gone.objectId.href)
    })
    .on(Like, (_, like) => {
      world.noteAt(like.objectId?.href)?.likes.add(like.actorId.href)
    })
    .on(Announce, (_, announce) => {
      world.noteAt(announce.objectId?.href)?.announces.add(announce.actorId.href)
    })
    .on(Block, (context, block) => {
      const target = context.parseUri(block.objectId)
      if (target?.type === 'actor') world.actors.get(target.identifier)?.followers.delete(block.actorId.href)
    })
    // Everything else is only written down as received.
    .on(Activity, () => {})
    .onError((_, error) => {
      world.errors.push(error.stack ?? String(error))
    })
}

/** Somebody agreed or refused to be followed; or took back that they had agreed. */
async function answered(world, context, answer, state) {
  const quote = [...world.notes.values()].find((note) => note.request && note.request === answer.objectId?.href)
  if (quote) return allowed(context, quote, answer)
  const follow = await ownFollow(world, context, answer)
  if (follow) follow.state = state
}

/** A note of ours may quote from now on: its followers are told what allows it. */
async function allowed(context, note, answer) {
  note.stamp = answer.resultId?.href ?? null
  if (!note.stamp) return
  const me = context.getActorUri(note.actor)
  await context.sendActivity(
    { identifier: note.actor },
    'followers',
    new Update({
      id: new URL(`#updates/${newId()}`, me), actor: me, object: noteObject(context, note), ...audience(context, note),
    }),
    { preferSharedInbox: true },
  )
}

/** Somebody wants to quote a note of ours: allowed with a stamp where the note says so, refused otherwise. */
async function askedToQuote(world, context, request) {
  const note = world.noteAt(request.objectId?.href)
  if (!note) return
  const from = await request.getActor(context)
  const me = context.getActorUri(note.actor)
  const answer = { id: new URL(`#answers/${newId()}`, me), actor: me, object: request.id, to: request.actorId }
  let activity = new Reject(answer)
  if (note.quotable) {
    const stamp = { id: newId(), actor: note.actor, quoting: request.instrumentId.href, quoted: note.uri }
    world.stamps.set(stamp.id, stamp)
    activity = new Accept({ ...answer, result: stampObject(context, stamp).id })
  }
  await context.sendActivity({ identifier: note.actor }, from, activity)
}

/** Answers name our `Follow` by its id, or carry one that says who follows whom. */
async function ownFollow(world, context, answer) {
  const by = answer.actorId.href
  for (const actor of world.actors.values()) {
    const mine = actor.following.get(by)
    if (mine && mine.follow.id.href === answer.objectId?.href) return mine
  }
  const object = await answer.getObject(context)
  const target = object instanceof Follow && context.parseUri(object.actorId)
  if (!target || target.type !== 'actor' || object.objectId?.href !== by) return null
  return world.actors.get(target.identifier)?.following.get(by) ?? null
}

async function undone(world, context, undo) {
  const object = await undo.getObject(context)
  const by = undo.actorId.href
  if (!(object instanceof Activity) || object.actorId?.href !== by) return
  if (object instanceof Follow) {
    const target = context.parseUri(object.objectId)
    if (target?.type === 'actor') world.actors.get(target.identifier)?.followers.delete(by)
  } else if (object instanceof Like) {
    world.noteAt(object.objectId?.href)?.likes.delete(by)
  } else if (object instanceof Announce) {
    world.noteAt(object.objectId?.href)?.announces.delete(by)
  }
}

/** A note is new or was changed; votes are notes with a name. */
async function told(world, context, activity) {
  const object = await activity.getObject(context)
  if (!(object instanceof Note || object instanceof Question)) return
  if (object instanceof Tombstone || object.attributionId?.href !== activity.actorId.href) return
  const poll = world.noteAt(object.replyTargetId?.href)?.poll
  if (poll && object.name && object.content === null) {
    const name = object.name.toString()
    poll.votes[name] = (poll.votes[name] ?? 0) + 1
    if (!poll.voters.includes(activity.actorId.href)) poll.voters.push(activity.actorId.href)
    return
  }
  world.remoteNotes.set(object.id.href, object)
}
