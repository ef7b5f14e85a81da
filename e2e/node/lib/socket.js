// A plain WebSocket on /api/v1/streaming that remembers every frame: a test can wait for one, or see that none came.

import { once } from 'node:events'
import WebSocket from 'ws'
import { eventually } from './server.js'

export class Socket {
  frames = []

  /** How the token is sent is up to the caller: `query`, `headers`, `protocols`. */
  static async open(server, { query = '', headers = {}, protocols = [] } = {}) {
    const socket = new Socket()
    socket.ws = new WebSocket(`ws://${server.domain}/api/v1/streaming${query}`, protocols, { headers })
    socket.ws.on('message', (data) => socket.frames.push(JSON.parse(data)))
    await once(socket.ws, 'open')
    return socket
  }

  subscribe(stream, more = {}) {
    this.ws.send(JSON.stringify({ type: 'subscribe', stream, ...more }))
  }

  unsubscribe(stream, more = {}) {
    this.ws.send(JSON.stringify({ type: 'unsubscribe', stream, ...more }))
  }

  /**
   * When the server has worked through everything sent before. A subscription has no answer of its own, but the
   * messages of a socket are taken in order, and a stream that does not exist is always answered.
   */
  async settled() {
    const answered = () => this.frames.filter(({ error }) => error).length
    const before = answered()
    this.subscribe('no such stream')
    await eventually(() => answered() > before, 'the server has read all messages')
  }

  /** The first frame that fits; its payload is parsed where it is JSON text. */
  async frame(fits, what = 'a frame that fits') {
    try {
      const found = await eventually(() => this.frames.find(fits), what)
      return { ...found, payload: typeof found.payload === 'string' ? JSON.parse(found.payload) : found.payload }
    } catch (late) {
      const seen = this.frames.map(({ stream, event, error }) => ({ stream, event, error }))
      throw new Error(`${late.message}; seen: ${JSON.stringify(seen)}`)
    }
  }

  /** The frame in which `status` appears on the stream of this name, with its tag or list where it has one. */
  update(stream, status) {
    const wanted = JSON.stringify([stream].flat())
    return this.frame(
      (frame) => frame.event === 'update' && JSON.stringify(frame.stream) === wanted && idOf(frame) === status.id,
      `${wanted} brings ${status.id}`,
    )
  }

  /** Whether `status` came by the stream of this name. */
  saw(stream, status) {
    return this.frames.some(
      (frame) => frame.event === 'update' && frame.stream[0] === stream && idOf(frame) === status.id,
    )
  }

  async close() {
    const closed = once(this.ws, 'close')
    this.ws.close()
    await closed
  }
}

function idOf(frame) {
  return JSON.parse(frame.payload).id
}
