// The app on a phone that shows a code for every half minute. Source: RFC 6238.

import { createHmac } from 'node:crypto'

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The code of this moment for a secret as pages show it. */
export function codeOf(secret) {
  const bits = [...secret.replace(/\s/g, '')].map((digit) => DIGITS.indexOf(digit).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const hash = createHmac('sha1', key).update(counter).digest()
  const number = hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}
