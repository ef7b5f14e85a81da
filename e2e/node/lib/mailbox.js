// An SMTP server that keeps what it is given: a test reads the mail a person would have got.

import { once } from 'node:events'
import { createServer } from 'node:net'
import { eventually } from './server.js'

export class Mailbox {
  /** Every mail: to whom, and its whole text as it would be read. */
  #mails = []
  #server = createServer((socket) => this.#converse(socket))

  async open() {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this.#server.address().port
  }

  close() {
    this.#server.close()
  }

  /** The newest link to a page of ours, of those whose path begins so, in mails to this address. */
  async link(address, path) {
    const found = new RegExp(`https?://[^\\s"<>]*${path.replaceAll('/', '\\/')}[^\\s"<>]*`, 'g')
    const links = () => this.#mails.filter(({ to }) => to === address).flatMap(({ text }) => text.match(found) ?? [])
    await eventually(() => links().length, `a mail to ${address} leads to ${path}`)
    return links().at(-1).replaceAll('&amp;', '&')
  }

  #converse(socket) {
    let [rest, to, lines] = ['', [], undefined]
    const say = (line) => socket.write(`${line}\r\n`)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      const parts = (rest + bytes.toString('latin1')).split('\r\n')
      rest = parts.pop()
      for (const line of parts) {
        if (lines && line === '.') {
          const text = plain(lines.join('\r\n'))
          this.#mails.push(...to.map((address) => ({ to: address, text })))
          lines = undefined
          to = []
          say('250 kept')
        } else if (lines) lines.push(line.replace(/^\.\./, '.'))
        else if (/^DATA/i.test(line)) {
          lines = []
          say('354 go on')
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n')
        else {
          const whom = /^RCPT TO:<(.*?)>/i.exec(line)
          if (whom) to.push(whom[1])
          say('250 ok')
        }
      }
    })
    say('220 a mailbox')
  }
}

/** Without the marks of quoted-printable. */
function plain(text) {
  return text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)))
}
