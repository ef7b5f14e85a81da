// An object as fedify understood it, as plain JSON for tests: what its getters give and not what was on the wire.

import { Activity, Collection, getTypeId, isActor } from '@fedify/vocab'

const text = (value) => (value === null || value === undefined ? null : String(value))
const href = (url) => url?.href ?? null
const hrefs = (urls) => urls.map((url) => url.href)

export function typeOf(object) {
  return getTypeId(object).href.replace(/^.*[#/]/, '')
}

async function all(items) {
  const found = []
  for await (const item of items) found.push(item)
  return found
}

export async function digest(object, options) {
  const base = {
    id: href(object.id),
    type: typeOf(object),
    name: text(object.name),
    summary: text(object.summary),
    content: text(object.content),
    languages: object.contents.filter((content) => content.locale).map((content) => String(content.locale)),
    url: href(object.url?.href ? object.url : null),
    published: text(object.published),
    updated: text(object.updated),
    to: hrefs(object.toIds),
    cc: hrefs(object.ccIds),
  }
  if (isActor(object)) return { ...base, ...(await actorDigest(object, options)) }
  if (object instanceof Collection) return { ...base, total: object.totalItems, first: href(object.firstId) }
  if (object instanceof Activity) return { ...base, actor: href(object.actorId), object: href(object.objectId) }
  return { ...base, ...(await noteDigest(object, options)) }
}

async function actorDigest(actor, options) {
  return {
    username: text(actor.preferredUsername),
    locked: actor.manuallyApprovesFollowers ?? false,
    inbox: href(actor.inboxId),
    shared_inbox: href(actor.endpoints?.sharedInbox),
    outbox: href(actor.outboxId),
    followers: href(actor.followersId),
    following: href(actor.followingId),
    featured: href(actor.featuredId),
    public_keys: (await all(actor.getPublicKeys(options))).map((key) => ({
      id: href(key.id), owner: href(key.ownerId), algorithm: key.publicKey?.algorithm.name ?? null,
    })),
    assertion_methods: (await all(actor.getAssertionMethods(options))).map((key) => ({
      id: href(key.id), controller: href(key.controllerId), algorithm: key.publicKey?.algorithm.name ?? null,
    })),
    aliases: hrefs(actor.aliasIds),
    fields: (await all(actor.getAttachments(options))).map((field) => ({
      name: text(field.name), value: text(field.value),
    })),
  }
}

async function noteDigest(note, options) {
  return {
    attributed_to: href(note.attributionId),
    in_reply_to: href(note.replyTargetId),
    sensitive: note.sensitive ?? false,
    quote: href(note.quoteId ?? note.quoteUrl),
    quote_authorization: href(note.quoteAuthorizationId),
    who_may_quote: hrefs(note.interactionPolicy?.canQuote?.automaticApprovals ?? []),
    tags: (await all(note.getTags(options))).map((tag) => ({
      type: typeOf(tag), name: text(tag.name), href: href(tag.href),
    })),
    attachments: (await all(note.getAttachments(options))).map((attachment) => ({
      type: typeOf(attachment), url: href(attachment.url?.href ? attachment.url : null),
      media_type: attachment.mediaType ?? null, name: text(attachment.name),
    })),
    replies: href(note.repliesId),
    ...(note.exclusiveOptionIds && {
      options: await Promise.all(
        (await all(note.getExclusiveOptions(options))).map(async (option) => ({
          name: text(option.name), votes: (await option.getReplies(options))?.totalItems ?? null,
        })),
      ),
      end: text(note.endTime),
      voters: note.voters,
    }),
  }
}
