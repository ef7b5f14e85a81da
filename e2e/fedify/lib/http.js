// Node's HTTP before fedify: refuses the kinds of signature that are not wanted, and writes down each request.

import { createServer } from 'node:http'

/** The kind of signature on a request, and what it says of itself; null without one. */
export function signatureOf(headers) {
  if (headers['signature-input']) {
    const input = String(headers['signature-input'])
    return {
      kind: 'rfc9421',
      covered: [...(input.match(/\(([^)]*)\)/)?.[1] ?? '').matchAll(/"([^"]+)"/g)].map((match) => match[1]),
      algorithm: input.match(/;alg="([^"]*)"/)?.[1] ?? null,
      keyId: input.match(/;keyid="([^"]*)"/)?.[1] ?? null,
      created: Number(input.match(/;created=(\d+)/)?.[1]) || null,
      digest: headers['content-digest'] ?? null,
    }
  }
  const signature = headers.signature ?? headers.authorization?.match(/^Signature\s+(.*)$/i)?.[1]
  if (!signature) return null
  const part = (name) => String(signature).match(new RegExp(`(?:^|[,\\s])${name}="([^"]*)"`))?.[1] ?? null
  return {
    kind: 'cavage',
    covered: (part('headers') ?? 'date').split(' '),
    algorithm: part('algorithm'),
    keyId: part('keyId'),
    created: null,
    digest: headers.digest ?? null,
  }
}

async function bodyOf(incoming) {
  const pieces = []
  for await (const piece of incoming) pieces.push(piece)
  return Buffer.concat(pieces)
}

function asRequest(world, incoming, body) {
  const headers = new Headers()
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1])
  return new Request(new URL(incoming.url, world.origin), {
    method: incoming.method,
    headers,
    body: incoming.method === 'GET' || incoming.method === 'HEAD' ? undefined : body,
  })
}

const isInbox = (path) => path === '/inbox' || /^\/actors\/[^/]+\/inbox$/.test(path)

/** What an inbox accepted, in words of the activity itself. */
function receipt(body, signature, path) {
  const activity = JSON.parse(body)
  const idOf = (value) => (typeof value === 'object' && value !== null ? value.id : value) ?? null
  return {
    id: activity.id ?? null,
    type: activity.type,
    actor: idOf(activity.actor),
    object: idOf(activity.object),
    object_type: activity.object?.type ?? null,
    signature,
    proof: Boolean(activity.proof ?? activity.signature),
    path,
    activity,
  }
}

async function federated(world, federation, incoming, body) {
  const path = new URL(incoming.url, world.origin).pathname
  const signature = signatureOf(incoming.headers)
  const arrives = isInbox(path) && incoming.method === 'POST'
  const refused = arrives && world.accepts && signature?.kind !== world.accepts
  const response =
    arrives && world.failing ? new Response('Not now.', { status: world.failing })
    : refused ? new Response('This kind of signature is not taken here.', { status: 401 })
    : await federation.fetch(asRequest(world, incoming, body), {
        contextData: undefined,
        onUnauthorized: () => new Response('Sign the request.', { status: 401 }),
      })
  world.requests.push({
    method: incoming.method, path, status: response.status, signature, user_agent: incoming.headers['user-agent'] ?? null,
  })
  // Fedify answers 202 when the signature was checked, and puts the activity in its queue.
  if (arrives && response.status === 202) world.received.push(receipt(body, signature, path))
  return response
}

export function serve(world, federation, control, host, port) {
  const server = createServer(async (incoming, outgoing) => {
    try {
      const body = await bodyOf(incoming)
      const response = incoming.url.startsWith('/control/')
        ? await control.answer(incoming.method, incoming.url.slice('/control/'.length), body)
        : await federated(world, federation, incoming, body)
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      outgoing.end(Buffer.from(await response.arrayBuffer()))
    } catch (error) {
      world.errors.push(error.stack)
      outgoing.writeHead(500).end(error.stack)
    }
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
