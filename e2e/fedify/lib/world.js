// What this server knows: its actors with their keys, their notes and graph, what others sent, and each request it got.

import { randomUUID, webcrypto } from 'node:crypto'

const RSA = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }

/** The actor that stands for the server: it signs what is fetched, and is shown to everybody. */
export const INSTANCE = 'instance'

export class World {
  constructor({ origin, firstKnock, accepts, authorizedFetch }) {
    this.origin = origin
    this.host = new URL(origin).host
    this.firstKnock = firstKnock
    this.accepts = accepts
    this.authorizedFetch = authorizedFetch
    /** By name. */
    this.actors = new Map()
    /** Notes of people here, by number. */
    this.notes = new Map()
    /** Boosts by people here, by number. */
    this.announces = new Map()
    /** Stamps given to quotes of notes here, by number. */
    this.stamps = new Map()
    /** The status inboxes answer with instead of working, while the server plays ill; null otherwise. */
    this.failing = null
    /** Notes of others as they were last told, by id. */
    this.remoteNotes = new Map()
    /** Activities whose sender was verified, oldest first. */
    this.received = []
    /** Every request of other servers with the signature it carried and what it was answered. */
    this.requests = []
    /** What went wrong in a listener or in a delivery. */
    this.errors = []
  }

  async newActor(name, { locked = false, summary = '', aliases = [] } = {}) {
    const actor = {
      name,
      locked,
      summary,
      displayName: name,
      /** Ids of accounts elsewhere that are the same person, and of the one that this one has moved to. */
      aliases,
      movedTo: null,
      created: new Date().toISOString(),
      /** Signs requests (RSA) and objects (Ed25519). */
      keys: [await keyPair(RSA), await keyPair({ name: 'Ed25519' })],
      /** Who follows, by actor id: `{ inbox, sharedInbox, follow, pending }`. */
      followers: new Map(),
      /** Whom this actor follows, by actor id: `{ follow, state }`, where state is `pending`, `accepted` or `rejected`. */
      following: new Map(),
      /** What can be taken back, by kind and object: the activity that did it. */
      done: new Map(),
      /** The activities of the outbox, newest first. */
      outbox: [],
    }
    this.actors.set(name, actor)
    return actor
  }

  actor(name) {
    const found = name ? this.actors.get(name) : this.actors.values().next().value
    if (!found) throw new Error(`nobody here is called ${name}`)
    return found
  }

  /** A note of somebody here, by its id in the network. */
  noteAt(uri) {
    return [...this.notes.values()].find((note) => note.uri === uri)
  }
}

export const newId = () => randomUUID()

function keyPair(algorithm) {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}
