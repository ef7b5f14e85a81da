// Notes and boosts of people here as fedify's objects.

import {
  Announce, Collection, Document, InteractionPolicy, InteractionRule, LanguageString, Mention, Note, PUBLIC_COLLECTION,
  Question, QuoteAuthorization,
} from '@fedify/vocab'
import { Temporal } from '@js-temporal/polyfill'

const at = (moment) => Temporal.Instant.from(moment)

/** Who is named in `to` and in `cc`. */
export function audience(context, note) {
  const followers = context.getFollowersUri(note.actor)
  const mentioned = note.mentions.map((mention) => new URL(mention.id))
  switch (note.visibility) {
    case 'public':
      return { tos: [PUBLIC_COLLECTION], ccs: [followers, ...mentioned] }
    case 'unlisted':
      return { tos: [followers], ccs: [PUBLIC_COLLECTION, ...mentioned] }
    case 'private':
      return { tos: [followers], ccs: mentioned }
    case 'direct':
      return { tos: mentioned, ccs: [] }
    default:
      throw new Error(`no visibility is called ${note.visibility}`)
  }
}

export function noteUri(context, note) {
  return context.getObjectUri(note.poll ? Question : Note, { identifier: note.actor, id: note.id })
}

export function noteObject(context, note) {
  const Kind = note.poll ? Question : Note
  return new Kind({
    id: noteUri(context, note),
    attribution: context.getActorUri(note.actor),
    ...audience(context, note),
    contents: note.language ? [note.html, new LanguageString(note.html, note.language)] : [note.html],
    summary: note.summary,
    sensitive: note.sensitive,
    replyTarget: note.inReplyTo && new URL(note.inReplyTo),
    quote: note.quote && new URL(note.quote),
    quoteUrl: note.quote && new URL(note.quote),
    quoteAuthorization: note.stamp && new URL(note.stamp),
    interactionPolicy: note.quotable
      ? new InteractionPolicy({ canQuote: new InteractionRule({ automaticApproval: PUBLIC_COLLECTION }) })
      : null,
    url: noteUri(context, note),
    published: at(note.published),
    updated: note.updated && at(note.updated),
    tags: note.mentions.map((mention) => new Mention({ href: new URL(mention.id), name: mention.handle })),
    attachments: note.attachments.map(
      ({ url, mediaType, name, width, height }) => new Document({ url: new URL(url), mediaType, name, width, height }),
    ),
    ...(note.poll && {
      exclusiveOptions: note.poll.options.map(
        (name) => new Note({ name, replies: new Collection({ totalItems: note.poll.votes[name] ?? 0 }) }),
      ),
      endTime: at(note.poll.end),
      voters: note.poll.voters.length,
    }),
  })
}

export function announceObject(context, announce) {
  return new Announce({
    id: context.getObjectUri(Announce, { identifier: announce.actor, id: announce.id }),
    actor: context.getActorUri(announce.actor),
    object: new URL(announce.object),
    to: PUBLIC_COLLECTION,
    cc: context.getFollowersUri(announce.actor),
    published: at(announce.published),
  })
}

/** What allows a note of somebody to quote one of ours. */
export function stampObject(context, stamp) {
  return new QuoteAuthorization({
    id: context.getObjectUri(QuoteAuthorization, { identifier: stamp.actor, id: stamp.id }),
    attribution: context.getActorUri(stamp.actor),
    interactingObject: new URL(stamp.quoting),
    interactionTarget: new URL(stamp.quoted),
  })
}
