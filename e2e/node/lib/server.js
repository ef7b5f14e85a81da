// A real Phiomia of our own: one process, one engine, its data in a temporary folder, its command line, its log.

import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const BINARY = process.env.PHIOMIA_BIN ?? join(ROOT, 'target/debug/phiomia')
const POSTGRES = process.env.PHIOMIA_TEST_POSTGRES
const START_MS = 30_000
const STOP_MS = 15_000

const run = promisify(execFile)

/** Both, when the address of a PostgreSQL is given; SQLite alone needs nothing. */
export const engines = POSTGRES ? ['sqlite', 'postgres'] : ['sqlite']

/** Asks until `check` gives something true, and gives that back. Work in the background takes its time. */
export async function eventually(check, what, ms = 10_000) {
  const deadline = Date.now() + ms
  for (;;) {
    const found = await check()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`${what}: not within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const listener = createServer()
    listener.once('error', reject)
    listener.listen(0, '127.0.0.1', () => {
      const { port } = listener.address()
      listener.close(() => resolve(port))
    })
  })
}

function listens(port) {
  return new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1')
    probe.once('connect', () => resolve(true) || probe.destroy())
    probe.once('error', () => resolve(false))
  })
}

async function end(child) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(timer)
  if (child.signalCode === 'SIGKILL') throw new Error(`process ${child.pid} did not stop within ${STOP_MS} ms`)
}

export class Server {
  #database = `phiomia_e2e_${randomBytes(6).toString('hex')}`
  #process
  #redis
  #environment

  /** `more`: variables of the environment, as the address of a mail server. */
  constructor(engine, more = {}) {
    this.engine = engine
    this.more = more
  }

  async start() {
    if (!existsSync(BINARY)) throw new Error('There is no binary to test: run `cargo build` first, or set PHIOMIA_BIN.')
    this.port = await freePort()
    this.domain = `localhost:${this.port}`
    this.base = `http://${this.domain}`
    this.data = await mkdtemp(join(tmpdir(), `phiomia-${this.engine}-`))
    // Only what the server needs: a variable of the person who runs the tests must not change what they find.
    this.#environment = {
      PATH: process.env.PATH,
      HOME: this.data,
      LOCAL_DOMAIN: this.domain,
      RUST_BACKTRACE: '1',
      RUST_LOG: process.env.RUST_LOG ?? 'info',
      ...this.more,
    }
    if (this.engine === 'postgres') await this.#startPostgresAndRedis()
    // Tests ask more often in a minute than a person does in a day.
    await this.cli('settings', 'set', 'rate_limits', 'off')
    const log = openSync(join(this.data, 'server.log'), 'w')
    this.#process = spawn(BINARY, ['serve', '--data', this.data, '--listen', `localhost:${this.port}`], {
      env: this.#environment,
      stdio: ['ignore', log, log],
    })
    try {
      await eventually(() => this.#healthy(), 'the server answers /health', START_MS)
    } catch (slow) {
      throw new Error(`${slow.message}\n${await this.log()}`)
    }
  }

  async stop() {
    try {
      await end(this.#process)
      await end(this.#redis)
    } finally {
      if (this.engine === 'postgres') await this.#psql(`drop database if exists ${this.#database} with (force)`)
      await rm(this.data, { recursive: true, force: true })
    }
  }

  /** Runs one command beside the server; gives what it printed. */
  async cli(...args) {
    const { stdout } = await run(BINARY, ['--data', this.data, ...args], { env: this.#environment, timeout: 30_000 })
    return stdout.trim()
  }

  async log() {
    return existsSync(join(this.data, 'server.log')) ? readFile(join(this.data, 'server.log'), 'utf8') : ''
  }

  async #healthy() {
    if (this.#process.exitCode !== null) throw new Error(`the server ended with code ${this.#process.exitCode}`)
    try {
      return (await fetch(`${this.base}/health`, { signal: AbortSignal.timeout(2000) })).ok
    } catch {
      return false
    }
  }

  /** The larger installation: PostgreSQL keeps everything, Redis carries what is live between processes. */
  async #startPostgresAndRedis() {
    await this.#psql(`create database ${this.#database}`)
    const port = await freePort()
    const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', this.data]
    this.#redis = spawn('redis-server', settings, { stdio: 'ignore' })
    this.#environment.DATABASE_URL = `${POSTGRES.slice(0, POSTGRES.lastIndexOf('/'))}/${this.#database}`
    this.#environment.REDIS_URL = `redis://127.0.0.1:${port}/0`
    await eventually(() => listens(port), 'Redis listens')
  }

  /** Says something to the database behind the server's back: what no command and no page can say. */
  async sql(statement) {
    if (this.engine === 'postgres') return this.#psql(statement, this.#environment.DATABASE_URL)
    const script = 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=10); db.execute(sys.argv[2]); db.commit()'
    await run('python3', ['-c', script, join(this.data, 'phiomia.sqlite3'), statement])
  }

  async #psql(statement, database = POSTGRES) {
    await run('psql', [database, '--quiet', '--set', 'ON_ERROR_STOP=1', '--command', statement])
  }
}

/** One group of tests for each engine, with a server of its own whose log stands beside each failure. */
export function onEachEngine(name, tests, more) {
  for (const engine of engines) {
    describe(`${name}, ${engine}`, () => {
      const server = new Server(engine, more)
      before(() => server.start())
      after(() => server.stop())
      afterEach(async (test) => {
        if (test.passed === false) console.error(`server log:\n${(await server.log()).slice(-10_000)}`)
      })
      tests(server)
    })
  }
}
