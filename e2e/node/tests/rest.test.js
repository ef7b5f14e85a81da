// masto against the REST API: the main road of an app, and what browsers need to be let in.

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { MastoHttpError, createRestAPIClient } from 'masto'
import { person } from '../lib/people.js'
import { eventually, onEachEngine } from '../lib/server.js'

onEachEngine('masto', (server) => {
  let alice
  let bob
  before(async () => {
    alice = await person(server, 'alice')
    bob = await person(server, 'bob')
  })

  const refusal = (statusCode, message) => (error) => {
    assert.ok(error instanceof MastoHttpError, error)
    assert.equal(error.statusCode, statusCode)
    if (message) assert.match(error.message, message)
    return true
  }

  test('the instance says which Mastodon it is', async () => {
    const instance = await alice.masto.v2.instance.fetch()
    assert.equal(instance.domain, server.domain)
    assert.match(instance.version, /^4\.7\.\d+ \(compatible; Phiomia /)
    assert.equal(instance.configuration.urls.streaming, `ws://${server.domain}`)
    assert.equal((await alice.masto.v1.instance.fetch()).uri, server.domain)
  })

  test('an app registers and verifies itself', async () => {
    const masto = createRestAPIClient({ url: server.base })
    const app = await masto.v1.apps.create({
      clientName: 'masto',
      redirectUris: 'https://example.org/back',
      scopes: 'read write',
      website: 'https://example.org',
    })
    assert.ok(app.clientId && app.clientSecret)
    assert.deepEqual(app.redirectUris, ['https://example.org/back'])
    assert.deepEqual(app.scopes, ['read', 'write'])
  })

  test('a person knows who they are and changes it', async () => {
    assert.equal((await alice.masto.v1.accounts.verifyCredentials()).id, alice.id)
    const changed = await alice.masto.v1.accounts.updateCredentials({
      displayName: 'Alice',
      note: 'Hello',
      source: { language: 'en' },
      fieldsAttributes: [{ name: 'Site', value: 'https://example.org' }],
    })
    assert.equal(changed.displayName, 'Alice')
    assert.equal(changed.source.note, 'Hello')
    assert.deepEqual(changed.source.fields.map(({ name }) => name), ['Site'])
  })

  test('a post is read, edited and deleted', async () => {
    const { masto } = alice
    const draft = { status: 'hello from masto', visibility: 'unlisted', language: 'en' }
    const status = await masto.v1.statuses.create(draft)
    assert.equal(status.content, '<p>hello from masto</p>')
    assert.equal((await bob.masto.v1.statuses.$select(status.id).fetch()).account.id, alice.id)
    const edited = await masto.v1.statuses.$select(status.id).update({ status: 'edited' })
    assert.ok(edited.editedAt)
    assert.equal((await masto.v1.statuses.$select(status.id).source.fetch()).text, 'edited')
    assert.equal((await masto.v1.statuses.$select(status.id).remove()).text, 'edited')
    await assert.rejects(masto.v1.statuses.$select(status.id).fetch(), refusal(404, /^Record not found$/))
  })

  test('a reply, a favourite, a boost and a follow are told to whom they are for', async () => {
    const status = await alice.masto.v1.statuses.create({ status: 'answer me' })
    await bob.masto.v1.statuses.create({ status: `@${alice.name} here`, inReplyToId: status.id })
    const favourite = await bob.masto.v1.statuses.$select(status.id).favourite()
    assert.equal(favourite.favourited, true)
    assert.equal((await bob.masto.v1.statuses.$select(status.id).reblog()).reblog.id, status.id)
    assert.equal((await bob.masto.v1.accounts.$select(alice.id).follow()).following, true)
    await eventually(async () => (await alice.masto.v1.notifications.list()).length === 4, 'four notifications')
    const notifications = await alice.masto.v1.notifications.list()
    assert.deepEqual(notifications.map(({ type }) => type), ['follow', 'reblog', 'favourite', 'mention'])
    const { descendants } = await alice.masto.v1.statuses.$select(status.id).context.fetch()
    assert.deepEqual(descendants.map(({ inReplyToId }) => inReplyToId), [status.id])
  })

  test('a post is quoted, listed among the quotes, and the permission is taken back', async () => {
    const quoted = await alice.masto.v1.statuses.create({ status: 'quote me', quoteApprovalPolicy: 'public' })
    assert.deepEqual(quoted.quoteApproval, { automatic: ['public'], manual: [], currentUser: 'automatic' })
    const quote = await bob.masto.v1.statuses.create({ status: 'see this', quotedStatusId: quoted.id })
    assert.equal(quote.quote.state, 'accepted')
    assert.equal(quote.quote.quotedStatus.id, quoted.id)
    const quotes = alice.masto.v1.statuses.$select(quoted.id).quotes
    assert.deepEqual((await quotes.list()).map(({ id }) => id), [quote.id])
    assert.deepEqual((await quotes.$select(quote.id).revoke()).quote, { state: 'revoked', quotedStatus: null })
    assert.equal((await bob.masto.v1.statuses.$select(quoted.id).fetch()).quotesCount, 0)
    await alice.masto.v1.statuses.$select(quoted.id).interactionPolicy.update({ quoteApprovalPolicy: 'nobody' })
    const again = bob.masto.v1.statuses.create({ status: 'once more', quotedStatusId: quoted.id })
    await assert.rejects(again, refusal(404, /trying to quote/))
  })

  test('a paginator walks through a timeline without gap or double', async () => {
    const carol = await person(server, 'carol')
    const posted = []
    for (let n = 0; n < 7; n += 1) posted.unshift((await carol.masto.v1.statuses.create({ status: `number ${n}` })).id)
    const seen = []
    for await (const page of carol.masto.v1.timelines.home.list({ limit: 3 })) seen.push(...page.map(({ id }) => id))
    assert.deepEqual(seen, posted)
  })

  test('public, local and tag timelines are open to everyone', async () => {
    const tag = `open${Date.now()}`
    const status = await alice.masto.v1.statuses.create({ status: `for all #${tag}` })
    const anyone = createRestAPIClient({ url: server.base })
    const first = async (page) => (await page)[0].id
    assert.equal(await first(anyone.v1.timelines.public.list({ limit: 1 })), status.id)
    assert.equal(await first(anyone.v1.timelines.public.list({ limit: 1, local: true })), status.id)
    assert.equal(await first(anyone.v1.timelines.tag.$select(tag).list()), status.id)
  })

  test('relationships follow what one does', async () => {
    const dave = await person(server, 'dave', '--locked')
    const other = alice.masto.v1.accounts.$select(dave.id)
    assert.equal((await other.follow()).requested, true)
    assert.equal((await dave.masto.v1.followRequests.$select(alice.id).authorize()).followedBy, true)
    assert.equal((await other.mute()).muting, true)
    assert.equal((await other.unmute()).muting, false)
    assert.equal((await other.block()).following, false)
    assert.equal((await other.unblock()).blocking, false)
    const [relation] = await alice.masto.v1.accounts.relationships.fetch({ id: [dave.id] })
    const { following, requested, blocking, muting } = relation
    assert.deepEqual({ following, requested, blocking, muting }, {
      following: false, requested: false, blocking: false, muting: false,
    })
  })

  test('accounts and tags are found', async () => {
    const { accounts } = await alice.masto.v2.search.list({ q: bob.name, type: 'accounts' })
    assert.deepEqual(accounts.map(({ id }) => id), [bob.id])
    assert.equal((await alice.masto.v1.accounts.lookup({ acct: bob.name })).id, bob.id)
  })

  test('errors are the ones masto knows', async () => {
    const stranger = createRestAPIClient({ url: server.base, accessToken: 'made up' })
    await assert.rejects(stranger.v1.accounts.verifyCredentials(), refusal(401, /^The access token is invalid$/))
    await assert.rejects(alice.masto.v1.statuses.create({ status: '' }), refusal(422, /^Validation failed: /))
  })

  test('a browser asks once in two hours whether it may', async () => {
    for (const path of ['/api/v1/statuses', '/api/v2/instance', '/oauth/token']) {
      const answer = await fetch(`${server.base}${path}`, {
        method: 'OPTIONS',
        headers: {
          Origin: 'https://app.example.org',
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization,content-type,idempotency-key',
        },
      })
      assert.ok(answer.ok, path)
      assert.equal(answer.headers.get('access-control-allow-origin'), '*', path)
      assert.equal(answer.headers.get('access-control-max-age'), '7200', path)
      assert.match(answer.headers.get('access-control-allow-methods'), /POST/, path)
      assert.equal(answer.headers.get('access-control-allow-credentials'), null, path)
      const allowed = answer.headers.get('access-control-allow-headers').toLowerCase()
      for (const name of ['authorization', 'content-type', 'idempotency-key']) {
        assert.ok(allowed.includes(name), allowed)
      }
    }
  })

  test('an answer lets a browser read the page links', async () => {
    const headers = { Origin: 'https://app.example.org' }
    const answer = await fetch(`${server.base}/api/v1/timelines/public`, { headers })
    assert.equal(answer.headers.get('access-control-allow-origin'), '*')
    assert.match(answer.headers.get('access-control-expose-headers'), /\bLink\b/i)
  })

  test('the page where people consent is not for scripts of others', async () => {
    const answer = await fetch(`${server.base}/oauth/authorize`, { headers: { Origin: 'https://app.example.org' } })
    assert.equal(answer.headers.get('access-control-allow-origin'), null)
  })
})
