// The people of the tests: accounts made by the command line, and masto clients that act for them.

import { randomBytes } from 'node:crypto'
import { createRestAPIClient, createStreamingAPIClient } from 'masto'
import WebSocket from 'ws'

export const PASSWORD = 'correct horse battery staple'
export const SCOPES = 'read write follow push'

/** An account nobody else in this run has: a word to read in failures, and a random end. */
export async function person(server, word, ...flags) {
  const name = `${word}_${randomBytes(4).toString('hex')}`
  const email = `${name}@example.org`
  const id = await server.cli(
    'account', 'create', name, '--email', email, '--password', PASSWORD, '--confirmed', '--approved', '--print-id',
    ...flags,
  )
  const app = await newApp(server)
  const token = await server.cli(
    'token', 'create', '--account', name, '--app', app.client_id, '--scopes', SCOPES, '--print',
  )
  return { name, email, id, app, token, masto: createRestAPIClient({ url: server.base, accessToken: token }) }
}

export async function newApp(server, redirectUri = 'urn:ietf:wg:oauth:2.0:oob', name = 'End to end') {
  return JSON.parse(
    await server.cli('app', 'create', '--name', name, '--redirect-uri', redirectUri, '--scopes', SCOPES, '--json'),
  )
}

/** masto's stream for a person; `insecure` sends the token in the address and not as a subprotocol. */
export function streamOf(server, { token }, { insecure = false } = {}) {
  return createStreamingAPIClient({
    streamingApiUrl: `ws://${server.domain}`,
    accessToken: token,
    useInsecureAccessToken: insecure,
    implementation: WebSocket,
    retry: false,
  })
}
