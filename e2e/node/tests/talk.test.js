// masto in everything two people on one server do beyond posting: lists, polls, waiting posts, search, conversations,
// notifications by groups, places where one stopped reading, the list stream.

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { MastoHttpError } from 'masto'
import { person } from '../lib/people.js'
import { eventually, onEachEngine } from '../lib/server.js'
import { Socket } from '../lib/socket.js'

const ids = (list) => list.map(({ id }) => id)

onEachEngine('talk through masto', (server) => {
  let alice
  let bob
  before(async () => {
    alice = await person(server, 'alice')
    bob = await person(server, 'bob')
    await alice.masto.v1.accounts.$select(bob.id).follow()
  })

  const refused = (statusCode) => (error) => error instanceof MastoHttpError && error.statusCode === statusCode
  const says = (who, status, more = {}) => who.masto.v1.statuses.create({ status, ...more })

  test('the API level promises what is here', async () => {
    const { apiVersions } = await alice.masto.v2.instance.fetch()
    assert.equal(apiVersions.mastodon, 7)
  })

  test('a list is made, filled, read and taken away', async () => {
    const list = await alice.masto.v1.lists.create({ title: 'Friends', repliesPolicy: 'none', exclusive: true })
    const one = alice.masto.v1.lists.$select(list.id)
    await one.accounts.create({ accountIds: [bob.id] })
    assert.deepEqual(ids(await one.accounts.list()), [bob.id])
    assert.deepEqual(ids(await alice.masto.v1.accounts.$select(bob.id).lists.list()), [list.id])
    const status = await says(bob, 'for the list')
    const timeline = () => alice.masto.v1.timelines.list.$select(list.id).list()
    await eventually(async () => ids(await timeline()).includes(status.id), 'the list shows the post')
    assert.ok(!ids(await alice.masto.v1.timelines.home.list()).includes(status.id), 'an exclusive list keeps it from home')
    const changed = await one.update({ title: 'Kin', repliesPolicy: 'followed', exclusive: false })
    assert.deepEqual([changed.title, changed.repliesPolicy, changed.exclusive], ['Kin', 'followed', false])
    await assert.rejects(bob.masto.v1.lists.$select(list.id).fetch(), refused(404))

    const socket = await Socket.open(server, { headers: { Authorization: `Bearer ${alice.token}` } })
    try {
      for (const stream of ['public:remote', 'public:remote:media']) socket.subscribe(stream)
      socket.subscribe('list', { list: list.id })
      await socket.settled()
      const heard = await says(bob, 'on the stream of the list')
      assert.equal((await socket.update(['list', list.id], heard)).payload.account.id, bob.id)
      assert.deepEqual(socket.frames.filter(({ stream }) => stream?.[0].startsWith('public:remote')), [])
    } finally {
      await socket.close()
    }
    await one.accounts.remove({ accountIds: [bob.id] })
    assert.deepEqual(await one.accounts.list(), [])
    await one.remove()
    assert.deepEqual(await alice.masto.v1.lists.list(), [])
  })

  test('a poll is asked, answered once and read by both', async () => {
    const { poll } = await says(alice, 'tea?', { poll: { options: ['yes', 'no'], expiresIn: 600, hideTotals: true } })
    const atBob = bob.masto.v1.polls.$select(poll.id)
    assert.deepEqual((await atBob.fetch()).options.map(({ votesCount }) => votesCount), [null, null])
    const voted = await atBob.votes.create({ choices: [1] })
    assert.deepEqual([voted.voted, voted.ownVotes, voted.votesCount], [true, [1], 1])
    await assert.rejects(atBob.votes.create({ choices: [0] }), refused(422))
    assert.equal((await alice.masto.v1.polls.$select(poll.id).fetch()).votesCount, 1)
  })

  test('a post waits, is moved, and is called off', async () => {
    const at = (days) => new Date(Date.now() + days * 86_400_000).toISOString()
    const waiting = await says(alice, 'later', { scheduledAt: at(1) })
    assert.equal(waiting.params.text, 'later')
    const one = alice.masto.v1.scheduledStatuses.$select(waiting.id)
    const moved = await one.update({ scheduledAt: at(2) })
    assert.ok(moved.scheduledAt > waiting.scheduledAt)
    assert.deepEqual(ids(await alice.masto.v1.scheduledStatuses.list()), [waiting.id])
    await assert.rejects(bob.masto.v1.scheduledStatuses.$select(waiting.id).fetch(), refused(404))
    await one.remove()
    await assert.rejects(one.fetch(), refused(404))
  })

  test('posts, people and tags are found, each kind by itself and by operators', async () => {
    const word = `walrus${Date.now()}`
    const status = await says(alice, `a ${word} #${word}tag`)
    const find = async (who, q, type) => (await who.masto.v2.search.list({ q, type }))[type]
    assert.deepEqual(ids(await find(alice, word, 'statuses')), [status.id])
    assert.deepEqual(await find(bob, word, 'statuses'), [])
    await bob.masto.v1.statuses.$select(status.id).bookmark()
    assert.deepEqual(ids(await find(bob, `${word} in:library from:@${alice.name}`, 'statuses')), [status.id])
    assert.deepEqual(await find(bob, `${word} -from:@${alice.name}`, 'statuses'), [])
    assert.deepEqual((await find(bob, `#${word}`, 'hashtags')).map(({ name }) => name), [`${word}tag`])
    assert.deepEqual(ids(await find(bob, alice.name, 'accounts')), [alice.id])
  })

  test('a conversation is read, and put away, by each for themselves', async () => {
    const carol = await person(server, 'carol')
    // Strangers' private mentions wait among the requests.
    await bob.masto.v1.accounts.$select(carol.id).follow()
    const status = await says(carol, `@${bob.name} between us`, { visibility: 'direct' })
    const [conversation] = await bob.masto.v1.conversations.list()
    assert.equal(conversation.lastStatus.id, status.id)
    assert.deepEqual([conversation.unread, ids(conversation.accounts)], [true, [carol.id]])
    const one = bob.masto.v1.conversations.$select(conversation.id)
    assert.equal((await one.read()).unread, false)
    assert.equal((await one.unread()).unread, true)
    await one.remove()
    assert.deepEqual(await bob.masto.v1.conversations.list(), [])
    assert.equal((await carol.masto.v1.conversations.list()).length, 1)
  })

  test('what is alike comes as one group, is counted, looked into and dismissed', async () => {
    const [dave, ...fans] = await Promise.all(['dave', 'erin', 'fred'].map((name) => person(server, name)))
    const status = await says(dave, 'like me')
    for (const fan of fans) await fan.masto.v1.statuses.$select(status.id).favourite()
    await says(fans[0], `@${dave.name} hello`)
    const { notificationGroups, accounts, statuses } = await dave.masto.v2.notifications.list()
    assert.deepEqual(notificationGroups.map(({ type, notificationsCount }) => [type, notificationsCount]), [
      ['mention', 1], ['favourite', 2],
    ])
    assert.equal(accounts.length, 2)
    assert.ok(ids(statuses).includes(status.id))
    assert.equal((await dave.masto.v2.notifications.unreadCount.fetch()).count, 2)
    const folded = await dave.masto.v2.notifications.list({ groupedTypes: ['reblog'], expandAccounts: 'partial_avatars' })
    assert.equal(folded.notificationGroups.length, 3, 'favourites are not folded when they are not asked for')
    assert.ok(folded.partialAccounts.length + folded.accounts.length >= 2)
    const key = notificationGroups[1].groupKey
    const group = dave.masto.v2.notifications.$select(key)
    assert.equal((await group.fetch()).notificationGroups[0].notificationsCount, 2)
    assert.deepEqual(ids(await group.accounts.fetch()).sort(), ids(fans).sort())
    await group.dismiss()
    await assert.rejects(group.fetch(), refused(404))
    const last = (await dave.masto.v1.notifications.list())[0]
    await dave.masto.v1.markers.create({ notifications: { lastReadId: last.id } })
    const { notifications } = await dave.masto.v1.markers.fetch({ timeline: ['notifications'] })
    assert.equal(notifications.lastReadId, last.id)
    assert.equal((await dave.masto.v1.notifications.unreadCount.fetch()).count, 0)
  })

  test('who nobody knows has to wait, and is let in', async () => {
    const [gina, stranger] = await Promise.all(['gina', 'stranger'].map((name) => person(server, name)))
    await gina.masto.v2.notifications.policy.update({ forNotFollowing: 'filter' })
    await says(stranger, `@${gina.name} buy this`)
    assert.deepEqual(await gina.masto.v1.notifications.list(), [])
    const [request] = await gina.masto.v1.notifications.requests.list()
    assert.equal(request.account.id, stranger.id)
    const socket = await Socket.open(server, { headers: { Authorization: `Bearer ${gina.token}` } })
    try {
      socket.subscribe('user:notification')
      await socket.settled()
      await gina.masto.v1.notifications.requests.$select(request.id).accept()
      const merged = await socket.frame(({ event }) => event === 'notifications_merged')
      assert.deepEqual(merged.stream, ['user:notification'])
    } finally {
      await socket.close()
    }
    assert.equal((await gina.masto.v1.notifications.requests.merged.fetch()).merged, true)
    assert.deepEqual((await gina.masto.v1.notifications.list()).map(({ account }) => account.id), [stranger.id])
  })
})
