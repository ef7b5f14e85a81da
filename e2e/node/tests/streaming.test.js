// Streaming over WebSocket: by masto, and frame by frame for every stream, every way to send a token, every refusal.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { before, test } from 'node:test'
import WebSocket from 'ws'
import { person, streamOf } from '../lib/people.js'
import { eventually, onEachEngine } from '../lib/server.js'
import { Socket } from '../lib/socket.js'

onEachEngine('streaming', (server) => {
  let alice
  let bob
  before(async () => {
    alice = await person(server, 'alice')
    bob = await person(server, 'bob')
    await alice.masto.v1.accounts.$select(bob.id).follow()
  })

  const post = (author, status, more = {}) => author.masto.v1.statuses.create({ status, ...more })

  /** A test with a socket of alice's that closes after it. */
  const onSocket = (name, run, options = () => ({ headers: { Authorization: `Bearer ${alice.token}` } })) =>
    test(name, async () => {
      const socket = await Socket.open(server, options())
      try {
        await run(socket)
      } finally {
        await socket.close()
      }
    })

  /** A test with a stream of masto's. */
  const onMasto = (name, run, options) =>
    test(name, async () => {
      const stream = streamOf(server, alice, options)
      try {
        await stream.prepare()
        await run(stream)
      } finally {
        stream.close()
      }
    })

  /** The first event of this kind. masto does not tell when a subscription stands: act until something arrives. */
  async function first(subscription, kind, act) {
    let found
    const reading = (async () => {
      for await (const event of subscription) if (event.event === kind) return (found = event)
    })()
    await eventually(async () => {
      await act()
      await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, 500))])
      return found
    }, `masto hears ${kind}`)
    return found
  }

  for (const insecure of [false, true]) {
    const how = insecure ? 'in the address' : 'as a subprotocol'
    onMasto(`masto hears its own stream with the token ${how}`, async (stream) => {
      const event = await first(stream.user.subscribe(), 'update', () => post(bob, 'over the wire'))
      assert.equal(event.payload.content, '<p>over the wire</p>')
      assert.equal(event.payload.account.id, bob.id)
      assert.deepEqual(event.stream, ['user'])
    }, { insecure })
  }

  onMasto('masto hears a tag and a notification on one socket', async (stream) => {
    const tagged = await first(stream.hashtag.subscribe({ tag: 'wire' }), 'update', () => post(bob, 'a #Wire'))
    assert.deepEqual(tagged.payload.tags.map(({ name }) => name), ['wire'])
    const greet = () => post(bob, `hello @${alice.name}`)
    const notice = await first(stream.user.notification.subscribe(), 'notification', greet)
    assert.equal(notice.payload.type, 'mention')
    assert.equal(notice.payload.account.id, bob.id)
  })

  // How a stream is asked for, how its frames name it, and a post of bob's that appears on it.
  const streams = [
    ['user', {}, ['user'], 'for followers', 'private'],
    ['public', {}, ['public'], 'for all', 'public'],
    ['public:local', {}, ['public:local'], 'for all here', 'public'],
    ['hashtag', { tag: 'framed' }, ['hashtag', 'framed'], 'with #framed', 'public'],
    ['hashtag:local', { tag: 'framed' }, ['hashtag:local', 'framed'], 'with #framed again', 'public'],
  ]
  for (const [stream, params, name, text, visibility] of streams) {
    onSocket(`${stream} brings what belongs to it until it is left`, async (socket) => {
      // Another stream of the same post shows, once the first is left, that the post did go out.
      const witness = stream === 'user' ? 'public' : 'user'
      socket.subscribe(stream, params)
      socket.subscribe(witness)
      await socket.settled()
      const status = await post(bob, text, { visibility })
      assert.equal((await socket.update(name, status)).payload.account.id, bob.id)

      socket.unsubscribe(stream, params)
      await socket.settled()
      const missed = await post(bob, text)
      await socket.update(witness, missed)
      await socket.update(witness, await post(bob, 'one more'))
      assert.equal(socket.saw(stream, missed), false)
    })
  }

  onSocket('media streams pass over posts without media', async (socket) => {
    socket.subscribe('public:media')
    socket.subscribe('public:local:media')
    socket.subscribe('public')
    await socket.settled()
    const status = await post(bob, 'words alone')
    await socket.update('public', status)
    await socket.update('public', await post(bob, 'one more'))
    assert.equal(socket.saw('public:media', status) || socket.saw('public:local:media', status), false)
  })

  onSocket('user:notification brings notifications and no posts', async (socket) => {
    socket.subscribe('user:notification')
    await socket.settled()
    await post(bob, `hello @${alice.name}`)
    const frame = await socket.frame(({ event }) => event === 'notification')
    assert.deepEqual(frame.stream, ['user:notification'])
    assert.equal(frame.payload.type, 'mention')
    assert.deepEqual(socket.frames.filter(({ event }) => event === 'update'), [])
  })

  onSocket('direct brings what is written to one alone', async (socket) => {
    socket.subscribe('direct')
    await socket.settled()
    const status = await post(bob, `@${alice.name} between us`, { visibility: 'direct' })
    const frame = await socket.frame(({ stream }) => stream?.[0] === 'direct')
    assert.equal(frame.event, 'conversation')
    assert.equal(frame.payload.last_status.id, status.id)
    assert.equal(frame.payload.unread, true)
  })

  onSocket('the own stream brings edits and deletions', async (socket) => {
    socket.subscribe('user')
    await socket.settled()
    const status = await post(alice, 'first words')
    await socket.update('user', status)
    await alice.masto.v1.statuses.$select(status.id).update({ status: 'other words' })
    const edited = await socket.frame(({ event }) => event === 'status.update')
    assert.equal(edited.payload.content, '<p>other words</p>')
    await alice.masto.v1.statuses.$select(status.id).remove()
    const deleted = await eventually(() => socket.frames.find(({ event }) => event === 'delete'), 'a deletion')
    assert.deepEqual(deleted.stream, ['user'])
    assert.equal(deleted.payload, status.id)
  })

  const refusals = [
    ['a list of nobody', { stream: 'list', list: '1' }],
    ['a list without its id', { stream: 'list' }],
    ['a tag stream without a tag', { stream: 'hashtag' }],
    ['a stream that does not exist', { stream: 'no such stream' }],
  ]
  for (const [what, message] of refusals) {
    onSocket(`${what} is refused in a frame and the socket lives on`, async (socket) => {
      socket.ws.send(JSON.stringify({ type: 'subscribe', ...message }))
      const { error } = await socket.frame((frame) => 'error' in frame, 'a refusal')
      assert.equal(typeof error, 'string')
      await socket.settled()
    })
  }

  onSocket('leaving what was never joined is nothing', async (socket) => {
    for (const stream of ['user', 'public', 'direct']) socket.unsubscribe(stream)
    socket.unsubscribe('list', { list: '1' })
    socket.unsubscribe('hashtag', { tag: 'framed' })
    socket.subscribe('user')
    await socket.settled()
    await socket.update('user', await post(alice, 'still here'))
  })

  onSocket('a message that is not JSON does not end the socket', async (socket) => {
    socket.ws.send('not json')
    await socket.settled()
  })

  const ways = [
    ['in the address', ({ token }) => ({ query: `?access_token=${token}&stream=user` })],
    ['in a header', ({ token }) => ({ query: '?stream=user', headers: { Authorization: `Bearer ${token}` } })],
    ['as a subprotocol', ({ token }) => ({ query: '?stream=user', protocols: [token] })],
  ]
  for (const [how, options] of ways) {
    onSocket(`a token ${how} opens the own stream at once`, async (socket) => {
      await socket.settled()
      await socket.update('user', await post(alice, 'hello'))
    }, () => options(alice))
  }

  test('a made-up token opens nothing', async () => {
    const ws = new WebSocket(`ws://${server.domain}/api/v1/streaming?access_token=made-up&stream=user`)
    const [, response] = await once(ws, 'unexpected-response')
    assert.equal(response.statusCode, 401)
    response.destroy()
  })

  test('a revoked token closes its streams', async () => {
    const carol = await person(server, 'carol')
    const socket = await Socket.open(server, { query: `?access_token=${carol.token}&stream=user` })
    await socket.settled()
    const closed = once(socket.ws, 'close')
    const { client_id, client_secret } = carol.app
    const body = new URLSearchParams({ client_id, client_secret, token: carol.token })
    assert.equal((await fetch(`${server.base}/oauth/revoke`, { method: 'POST', body })).status, 200)
    await closed
  })
})
