// The control interface: what a test makes people here do, and what it asks them afterwards. JSON in, JSON out.

import { parseNodeInfo } from '@fedify/fedify'
import {
  Accept, Announce, Block, Collection, Create, Delete, EmojiReact, Follow, isActor, Like, Move, Note, PUBLIC_COLLECTION,
  QuoteRequest, Reject, Tombstone, Undo, Update,
} from '@fedify/vocab'
import { Temporal } from '@js-temporal/polyfill'
import { digest } from './digest.js'
import { announceObject, audience, noteObject, noteUri } from './documents.js'
import { addressOf, answerFollow } from './federation.js'
import { INSTANCE, newId } from './world.js'

const ROUTES = {
  'POST actors': 'makeActor',
  'POST actors/update': 'updateActor',
  'POST actors/move': 'moveActor',
  'POST actors/delete': 'deleteActor',
  'POST follow': 'follow',
  'POST unfollow': 'unfollow',
  'POST accept': 'accept',
  'POST reject': 'reject',
  'POST post': 'post',
  'POST edit': 'edit',
  'POST delete': 'delete',
  'POST like': 'like',
  'POST unlike': 'takeBackLike',
  'POST react': 'react',
  'POST announce': 'announce',
  'POST unannounce': 'takeBackAnnounce',
  'POST vote': 'vote',
  'POST block': 'block',
  'POST unblock': 'unblock',
  'POST lookup': 'lookup',
  'POST traverse': 'traverse',
  'POST nodeinfo': 'nodeinfo',
  'POST switch': 'switch',
  'GET received': 'received',
  'GET requests': 'requests',
  'GET errors': 'errors',
  'GET followers': 'followers',
  'GET following': 'following',
  'GET notes': 'notes',
}

const escaped = (text) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c])
const json = (value, status = 200) => Response.json(value ?? null, { status })

export class Control {
  constructor(world, federation) {
    this.world = world
    this.federation = federation
  }

  async answer(method, rest, body) {
    const [path, query] = rest.split('?')
    const name = ROUTES[`${method} ${path}`]
    if (!name) return json({ error: `nothing is at ${method} ${path}` }, 404)
    const said = body.length ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(query))
    try {
      return json(await this[name](said))
    } catch (error) {
      return json({ error: error.message, stack: error.stack }, 422)
    }
  }

  get context() {
    return this.federation.createContext(new URL(this.world.origin), undefined)
  }

  // Looking at others

  /** What is at a handle or an address, fetched with the signature of `as` (or of the server; or without one). */
  async find(what, { as, unsigned = false } = {}) {
    const documentLoader = unsigned
      ? this.context.documentLoader
      : await this.context.getDocumentLoader({ identifier: as ?? INSTANCE })
    const address = what.startsWith('http') ? what : await this.addressOfHandle(what)
    const found = await this.context.lookupObject(address, { documentLoader })
    if (!found) throw new Error(`fedify finds nothing at ${what}`)
    return { found, options: { documentLoader, contextLoader: this.context.contextLoader } }
  }

  /** Fedify asks about handles over https alone, so that WebFinger of a name on plain http is read here. */
  async addressOfHandle(handle) {
    const [name, host] = handle.replace(/^@/, '').split('@')
    const address = new URL(`http://${host}/.well-known/webfinger`)
    address.searchParams.set('resource', `acct:${name}@${host}`)
    const response = await fetch(address, { headers: { accept: 'application/jrd+json' } })
    const answer = response.ok ? await response.json() : null
    const self = answer?.links?.find((link) => link.rel === 'self' && link.type === 'application/activity+json')
    if (!self) throw new Error(`WebFinger knows no actor for ${handle}`)
    return self.href
  }

  async findActor(what, options) {
    const { found } = await this.find(what, options)
    if (!isActor(found)) throw new Error(`${what} is no actor`)
    return found
  }

  /** The author of an object of others, for deliveries about it. */
  async authorOf(uri, as) {
    const { found } = await this.find(uri, { as })
    if (!found.attributionId) throw new Error(`${uri} has no author`)
    return this.findActor(found.attributionId.href, { as })
  }

  async lookup({ what, as, unsigned }) {
    const { found, options } = await this.find(what, { as, unsigned })
    return digest(found, options)
  }

  async traverse({ what, as }) {
    const { found, options } = await this.find(what, { as })
    if (!(found instanceof Collection)) throw new Error(`${what} is no collection`)
    const items = []
    for await (const item of this.context.traverseCollection(found, options)) items.push(await digest(item, options))
    return { total: found.totalItems, items }
  }

  /** Fedify itself asks public addresses alone about it, so that it only reads what is fetched here. */
  async nodeinfo({ host }) {
    const read = async (address) => (await fetch(address)).json()
    const { links } = await read(`http://${host}/.well-known/nodeinfo`)
    return parseNodeInfo(await read(links.at(-1).href))
  }

  // Following

  async follow({ actor, whom }) {
    const me = this.world.actor(actor)
    const target = await this.findActor(whom, { as: me.name })
    const follow = new Follow({ ...this.activity(me, 'follows'), object: target.id, to: target.id })
    me.following.set(target.id.href, { follow, state: 'pending' })
    await this.send(me, [target], follow)
    return { id: follow.id.href, object: target.id.href }
  }

  async unfollow({ actor, whom }) {
    const me = this.world.actor(actor)
    const target = await this.findActor(whom, { as: me.name })
    const { follow } = me.following.get(target.id.href) ?? {}
    if (!follow) throw new Error(`${me.name} does not follow ${whom}`)
    me.following.delete(target.id.href)
    return this.undo(me, follow, [target])
  }

  async accept(said) {
    return this.decide(said, Accept)
  }

  /** Of a request that waits, or of somebody who follows already. */
  async reject(said) {
    return this.decide(said, Reject)
  }

  async decide({ actor, whom }, Answer) {
    const me = this.world.actor(actor)
    const id = whom.startsWith('http') ? whom : (await this.findActor(whom)).id.href
    const follower = me.followers.get(id)
    if (!follower) throw new Error(`${whom} did not ask to follow ${me.name}`)
    if (Answer === Accept) follower.pending = false
    else me.followers.delete(id)
    await answerFollow(this.context, me.name, Answer, follower, follower.follow)
  }

  // Notes

  async post({ actor, text, visibility = 'public', in_reply_to, mentions = [], summary, language, attachments = [], poll, quote, quotable }) {
    const me = this.world.actor(actor)
    const named = await Promise.all(mentions.map((mention) => this.findActor(mention, { as: me.name })))
    const parent = in_reply_to && !this.world.noteAt(in_reply_to) ? await this.authorOf(in_reply_to, me.name) : null
    if (parent && !named.some((one) => one.id.href === parent.id.href)) named.push(parent)
    const note = {
      id: newId(),
      actor: me.name,
      html: this.html(text, named),
      visibility,
      inReplyTo: in_reply_to ?? null,
      quote: quote ?? null,
      quotable: quotable ?? false,
      request: null,
      stamp: null,
      mentions: named.map((one) => ({ id: one.id.href, handle: this.handle(one), address: addressOf(one) })),
      summary: summary ?? null,
      sensitive: Boolean(summary),
      language: language ?? null,
      attachments,
      poll: poll && { ...poll, end: poll.end ?? new Date(Date.now() + 3_600_000).toISOString(), votes: {}, voters: [] },
      published: new Date().toISOString(),
      updated: null,
      likes: new Set(),
      announces: new Set(),
    }
    note.uri = noteUri(this.context, note).href
    this.world.notes.set(note.id, note)
    const create = new Create({
      ...this.activity(me, 'creates'),
      object: noteObject(this.context, note),
      ...audience(this.context, note),
      published: Temporal.Instant.from(note.published),
    })
    if (visibility === 'public' || visibility === 'unlisted') me.outbox.unshift(create)
    await this.sendAbout(me, note, create)
    if (quote) await this.askToQuote(me, note)
    return this.shown(note)
  }

  /** Its author answers with what allows the quote, and an `Update` of the note carries it. */
  async askToQuote(me, note) {
    const author = await this.authorOf(note.quote, me.name)
    const request = new QuoteRequest({
      ...this.activity(me, 'quotes'), object: new URL(note.quote), instrument: noteObject(this.context, note), to: author.id,
    })
    note.request = request.id.href
    await this.send(me, [author], request)
  }

  async edit({ uri, text, summary }) {
    const note = this.ours(uri)
    const me = this.world.actor(note.actor)
    note.html = this.html(text, [])
    if (summary !== undefined) Object.assign(note, { summary, sensitive: Boolean(summary) })
    note.updated = new Date().toISOString()
    const object = noteObject(this.context, note)
    await this.sendAbout(me, note, new Update({
      ...this.activity(me, 'updates'), object, ...audience(this.context, note), updated: Temporal.Instant.from(note.updated),
    }))
    return this.shown(note)
  }

  async delete({ uri }) {
    const note = this.ours(uri)
    const me = this.world.actor(note.actor)
    this.world.notes.delete(note.id)
    me.outbox = me.outbox.filter((create) => create.objectId?.href !== uri)
    await this.sendAbout(me, note, new Delete({
      ...this.activity(me, 'deletes'), object: new Tombstone({ id: new URL(uri) }), ...audience(this.context, note),
    }))
  }

  // What is done to a note of somebody elsewhere, and taken back

  async like(said) {
    return this.act(said, Like, 'likes')
  }

  async takeBackLike(said) {
    return this.takeBack(said, 'likes')
  }

  async react({ emoji, ...said }) {
    return this.act(said, EmojiReact, 'reactions', { content: emoji })
  }

  async act({ actor, uri }, Kind, kind, more = {}) {
    const me = this.world.actor(actor)
    const author = await this.authorOf(uri, me.name)
    const activity = new Kind({ ...this.activity(me, kind), object: new URL(uri), to: author.id, ...more })
    me.done.set(`${kind} ${uri}`, { activity, to: [author] })
    await this.send(me, [author], activity)
    return { id: activity.id.href }
  }

  async takeBack({ actor, uri }, kind) {
    const me = this.world.actor(actor)
    const did = me.done.get(`${kind} ${uri}`)
    if (!did) throw new Error(`${me.name} has nothing of ${uri} to take back`)
    me.done.delete(`${kind} ${uri}`)
    return this.undo(me, did.activity, did.to)
  }

  async announce({ actor, uri }) {
    const me = this.world.actor(actor)
    const author = await this.authorOf(uri, me.name)
    const announce = { id: newId(), actor: me.name, object: uri, published: new Date().toISOString() }
    this.world.announces.set(announce.id, announce)
    const activity = announceObject(this.context, announce)
    const to = [author, ...this.followersOf(me)]
    me.done.set(`announces ${uri}`, { activity, to })
    me.outbox.unshift(activity)
    await this.send(me, to, activity)
    return { id: activity.id.href }
  }

  async takeBackAnnounce(said) {
    const me = this.world.actor(said.actor)
    const done = me.done.get(`announces ${said.uri}`)
    me.outbox = me.outbox.filter((activity) => activity !== done?.activity)
    for (const [id, announce] of this.world.announces) {
      if (announce.actor === me.name && announce.object === said.uri) this.world.announces.delete(id)
    }
    return this.takeBack(said, 'announces')
  }

  async vote({ actor, uri, name }) {
    const me = this.world.actor(actor)
    const author = await this.authorOf(uri, me.name)
    const vote = new Note({
      id: new URL(`#votes/${newId()}`, this.context.getActorUri(me.name)),
      attribution: this.context.getActorUri(me.name),
      to: author.id,
      name,
      replyTarget: new URL(uri),
    })
    await this.send(me, [author], new Create({ ...this.activity(me, 'creates'), object: vote, to: author.id }))
  }

  async block({ actor, whom }) {
    const me = this.world.actor(actor)
    const target = await this.findActor(whom, { as: me.name })
    const block = new Block({ ...this.activity(me, 'blocks'), object: target.id, to: target.id })
    me.done.set(`blocks ${target.id.href}`, { activity: block, to: [target] })
    me.followers.delete(target.id.href)
    me.following.delete(target.id.href)
    await this.send(me, [target], block)
    return { id: block.id.href }
  }

  async unblock({ actor, whom }) {
    const target = await this.findActor(whom)
    return this.takeBack({ actor, uri: target.id.href }, 'blocks')
  }

  // The people here, and the switches

  async makeActor({ name, locked, summary, aliases }) {
    await this.world.newActor(name, { locked, summary, aliases })
    return { id: this.context.getActorUri(name).href, handle: `@${name}@${this.world.host}` }
  }

  async updateActor({ actor, display_name, summary, locked }) {
    const me = this.world.actor(actor)
    if (display_name !== undefined) me.displayName = display_name
    if (summary !== undefined) me.summary = summary
    if (locked !== undefined) me.locked = locked
    const { found } = await this.find(this.context.getActorUri(me.name).href)
    await this.send(me, this.followersOf(me), new Update({ ...this.activity(me, 'updates'), object: found }))
  }

  /** Asks the followers to follow `whom` instead, whose document has to name this actor as another of its own. */
  async moveActor({ actor, whom }) {
    const me = this.world.actor(actor)
    const target = await this.findActor(whom)
    me.movedTo = target.id.href
    const old = this.context.getActorUri(me.name)
    await this.send(me, this.followersOf(me), new Move({ ...this.activity(me, 'moves'), object: old, target: target.id }))
  }

  async deleteActor({ actor }) {
    const me = this.world.actor(actor)
    me.gone = true
    const old = this.context.getActorUri(me.name)
    await this.send(me, this.followersOf(me), new Delete({ ...this.activity(me, 'deletes'), object: old, to: PUBLIC_COLLECTION }))
  }

  async switch({ accepts, authorized_fetch, failing }) {
    if (failing !== undefined) this.world.failing = failing
    if (accepts !== undefined) this.world.accepts = accepts
    if (authorized_fetch !== undefined) this.world.authorizedFetch = authorized_fetch
  }

  async received() {
    return this.world.received
  }

  async requests() {
    return this.world.requests
  }

  async errors() {
    return this.world.errors
  }

  async followers({ actor }) {
    return [...this.world.actor(actor).followers].map(([id, { pending }]) => ({ id, pending }))
  }

  async following({ actor }) {
    return [...this.world.actor(actor).following].map(([id, { state }]) => ({ id, state }))
  }

  /** Of people here with what others did to them, and of others as they were last told. */
  async notes() {
    const options = { documentLoader: this.context.documentLoader, contextLoader: this.context.contextLoader }
    return {
      ours: [...this.world.notes.values()].map((note) => this.shown(note)),
      theirs: await Promise.all([...this.world.remoteNotes.values()].map((note) => digest(note, options))),
    }
  }

  // How it is done

  activity(me, kind) {
    const actor = this.context.getActorUri(me.name)
    return { id: new URL(`#${kind}/${newId()}`, actor), actor }
  }

  async undo(me, activity, to) {
    const undo = new Undo({ ...this.activity(me, 'undos'), object: activity, tos: activity.toIds, ccs: activity.ccIds })
    await this.send(me, to, undo)
    return { id: undo.id.href }
  }

  followersOf(me) {
    return [...me.followers]
      .filter(([, { pending }]) => !pending)
      .map(([id, address]) => recipient(id, address))
  }

  async sendAbout(me, note, activity) {
    const mentioned = note.mentions.map(({ id, address }) => recipient(id, address))
    const everybody = note.visibility === 'direct' ? mentioned : [...this.followersOf(me), ...mentioned]
    await this.send(me, everybody, activity, note.uri)
  }

  /** To the shared inbox of each server once, or to the inbox where there is none. */
  async send(me, to, activity, orderingKey) {
    await this.context.sendActivity({ identifier: me.name }, to, activity, { preferSharedInbox: true, orderingKey })
  }

  ours(uri) {
    const note = this.world.noteAt(uri)
    if (!note) throw new Error(`no note of ours is ${uri}`)
    return note
  }

  shown(note) {
    return {
      uri: note.uri,
      actor: note.actor,
      html: note.html,
      visibility: note.visibility,
      likes: [...note.likes],
      announces: [...note.announces],
      votes: note.poll?.votes ?? null,
      stamp: note.stamp,
    }
  }

  handle(actor) {
    return `@${actor.preferredUsername}@${actor.id.host}`
  }

  html(text, named) {
    const links = named.map(
      (one) => `<a href="${(one.url?.href ?? one.id.href)}" class="u-url mention">${escaped(this.handle(one))}</a> `,
    )
    return `<p>${links.join('')}${escaped(text)}</p>`
  }
}

function recipient(id, { inbox, sharedInbox }) {
  return {
    id: new URL(id), inboxId: new URL(inbox), endpoints: sharedInbox ? { sharedInbox: new URL(sharedInbox) } : null,
  }
}
