// Two of these servers with each other: what Phiomia is measured with has to work by itself.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SERVER = fileURLToPath(new URL('../server.js', import.meta.url))

function freePort(host) {
  return new Promise((resolve, reject) => {
    const listener = createServer().once('error', reject).listen(0, host, () => {
      const { port } = listener.address()
      listener.close(() => resolve(port))
    })
  })
}

class Peer {
  static async start(host, ...flags) {
    const peer = new Peer()
    peer.name = `${host}:${await freePort(host)}`
    const [, port] = peer.name.split(':')
    peer.process = spawn(process.execPath, [SERVER, '--host', host, '--port', port, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve, reject) => {
      peer.process.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
      peer.process.stdout.once('data', resolve)
    })
    return peer
  }

  async ask(method, path, said) {
    const answer = await fetch(`http://${this.name}/control/${path}`, { method, body: said && JSON.stringify(said) })
    const found = await answer.json()
    if (!answer.ok) throw new Error(`${path}: ${found.error}`)
    return found
  }

  get(path) {
    return this.ask('GET', path)
  }

  post(path, said) {
    return this.ask('POST', path, said)
  }
}

async function eventually(check, what) {
  for (let tries = 0; tries < 600; tries++) {
    const found = await check()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${what}: not within 30 s`)
}

let one
let two
before(async () => {
  one = await Peer.start('127.0.0.3', '--first-knock', 'cavage')
  two = await Peer.start('127.0.0.4', '--actors', 'paula,locked', '--locked', 'locked', '--authorized-fetch')
})
after(async () => {
  try {
    for (const peer of [one, two]) assert.deepEqual(await peer.get('errors'), [])
  } finally {
    for (const peer of [one, two]) peer.process.kill()
  }
})

const accepted = async () => (await one.get('following')).some(({ state }) => state === 'accepted')
const followed = async () => {
  if (!(await accepted())) await one.post('follow', { whom: `@paula@${two.name}` })
  await eventually(accepted, 'the request to follow is accepted')
}

test('one follows the other, and a followed note arrives, changes and goes', async () => {
  await followed()
  const note = await two.post('post', { text: 'hello', summary: 'greeting', language: 'en' })
  const theirs = async () => (await one.get('notes')).theirs.find(({ id }) => id === note.uri)
  const seen = await eventually(theirs, 'the note arrives')
  assert.deepEqual([seen.content, seen.summary, seen.sensitive, seen.languages], ['<p>hello</p>', 'greeting', true, ['en']])
  await two.post('edit', { uri: note.uri, text: 'changed' })
  await eventually(async () => (await theirs()).content === '<p>changed</p>', 'the note changes')
  await two.post('delete', { uri: note.uri })
  await eventually(async () => !(await theirs()), 'the note goes')
})

test('likes and boosts are counted and taken back, and replies reach the author', async () => {
  await followed()
  const note = await two.post('post', { text: 'judge me' })
  const ours = async () => (await two.get('notes')).ours.find(({ uri }) => uri === note.uri)
  await one.post('like', { uri: note.uri })
  await one.post('announce', { uri: note.uri })
  await eventually(async () => (await ours()).likes.length && (await ours()).announces.length, 'both are counted')
  await one.post('unlike', { uri: note.uri })
  await one.post('unannounce', { uri: note.uri })
  await eventually(async () => !(await ours()).likes.length && !(await ours()).announces.length, 'both are taken back')
  const reply = await one.post('post', { text: 'an answer', visibility: 'direct', in_reply_to: note.uri })
  const seen = await eventually(
    async () => (await two.get('notes')).theirs.find(({ id }) => id === reply.uri), 'the reply arrives')
  assert.equal(seen.in_reply_to, note.uri)
})

test('who is locked is asked first, and may refuse', async () => {
  const whom = `@locked@${two.name}`
  const state = async () => (await one.get('following')).find(({ id }) => id.endsWith('/locked'))?.state
  await one.post('follow', { whom })
  const [asks] = await eventually(async () => {
    const waiting = await two.get('followers?actor=locked')
    return waiting.length && waiting
  }, 'the request arrives')
  assert.equal(asks.pending, true)
  assert.equal(await state(), 'pending')
  await two.post('accept', { actor: 'locked', whom: asks.id })
  await eventually(async () => (await state()) === 'accepted', 'it is accepted')
  await two.post('reject', { actor: 'locked', whom: asks.id })
  await eventually(async () => (await state()) === 'rejected', 'it is taken back')
})

test('an inbox that takes one kind of signature is knocked at twice', async () => {
  await followed()
  const marks = async () => (await two.get('received')).filter(({ type }) => type === 'Like')
  const note = await two.post('post', { text: 'knock' })
  const already = (await marks()).length
  await two.post('switch', { accepts: 'rfc9421' })
  await one.post('like', { uri: note.uri })
  const like = await eventually(async () => (await marks())[already], 'the like arrives')
  await two.post('switch', { accepts: null })
  assert.equal(like.signature.kind, 'rfc9421')
  const refused = (await two.get('requests')).filter(({ method, status }) => method === 'POST' && status === 401)
  assert.equal(refused.at(-1).signature.kind, 'cavage')
})

test('authorized fetch shows notes to signed requests alone', async () => {
  const note = await two.post('post', { text: 'for those who sign' })
  await assert.rejects(one.post('lookup', { what: note.uri, unsigned: true }))
  assert.equal((await one.post('lookup', { what: note.uri })).content, '<p>for those who sign</p>')
})

test('the outbox and NodeInfo can be read', async () => {
  const note = await one.post('post', { text: 'read my outbox' })
  const { outbox } = await two.post('lookup', { what: `@peer@${one.name}` })
  const { total, items } = await two.post('traverse', { what: outbox })
  assert.ok(total >= 1)
  assert.equal(items[0].object, note.uri)
  assert.equal((await two.post('nodeinfo', { host: one.name })).software.name, 'phiomia-e2e-fedify')
})
