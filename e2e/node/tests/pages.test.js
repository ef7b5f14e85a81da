// The pages in a real browser: first start, sign in, consent, one-time code, sign out, errors. With pictures and axe.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { launch, look, newPage } from '../lib/chromium.js'
import { PASSWORD, SCOPES, newApp, person } from '../lib/people.js'
import { engines, onEachEngine } from '../lib/server.js'

onEachEngine('pages', (server) => {
  let browser
  /** A small web server of an app's: what it was sent back with. */
  let callback
  const arrivals = []
  before(async () => {
    browser = await launch()
    callback = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1')
      // Browsers ask for an icon, too.
      if (pathname === '/callback') arrivals.push(searchParams)
      response.end('<!doctype html><title>An app</title>Welcome back')
    }).listen(0, '127.0.0.1')
    await once(callback, 'listening')
  })
  after(async () => {
    await browser?.close()
    callback?.close()
    callback?.closeAllConnections()
  })

  const callbackAddress = () => `http://127.0.0.1:${callback.address().port}/callback`
  /** Pages look the same whatever keeps the data, so one engine sits for the pictures. */
  const lookAt = async (page, name) => server.engine === engines[0] && look(page, name)

  function authorizeAddress(app, redirectUri, more = {}) {
    return `${server.base}/oauth/authorize?${new URLSearchParams({
      response_type: 'code', client_id: app.client_id, redirect_uri: redirectUri, scope: SCOPES, ...more,
    })}`
  }

  const button = (page, name) => page.getByRole('button', { name })
  const passwordField = (page) => page.locator('input[type=password]').first()

  async function signIn(page, someone, password = PASSWORD) {
    await page.locator('form:has(input[type=password]) input:is([type=email], [type=text])').first().fill(someone.email)
    await passwordField(page).fill(password)
    await button(page, /^(sign|log) in$/i).click()
  }

  const tokenFor = (app, code, redirectUri) =>
    fetch(`${server.base}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code', code, redirect_uri: redirectUri,
        client_id: app.client_id, client_secret: app.client_secret,
      }),
    })

  test('the first start lets the owner choose a handle and a password, once', async () => {
    const link = await server.cli('account', 'owner-link')
    assert.ok(link.startsWith(`${server.base}/`), link)
    const page = await newPage(browser)
    await page.goto(link)
    await lookAt(page, 'first-start')
    const names = page.locator('form input:is([type=text], [type=email]):visible')
    await names.first().fill('olga')
    for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD)
    for (const field of await page.locator('input[type=email]').all()) await field.fill('olga@example.org')
    await page.locator('form:has(input[type=password]) button').first().click()
    await page.waitForURL((address) => address.href !== link)
    await lookAt(page, 'after-first-start')
    const account = await (await fetch(`${server.base}/api/v1/accounts/lookup?acct=olga`)).json()
    assert.equal(account.username, 'olga')

    const again = await newPage(browser)
    const answer = await again.goto(link)
    assert.ok(answer.status() >= 400, 'the link worked twice')
    await lookAt(again, 'used-link')
  })

  test('a person signs in, agrees, and the app gets a token', async () => {
    const alice = await person(server, 'alice')
    const app = await newApp(server, callbackAddress(), 'An app with a name')
    const page = await newPage(browser)
    await page.goto(authorizeAddress(app, callbackAddress(), { state: 'remember' }))
    await lookAt(page, 'sign-in')
    await signIn(page, alice, 'not my password')
    await page.getByRole('alert').waitFor()
    await lookAt(page, 'sign-in-refused')
    await signIn(page, alice)
    await button(page, /authori[sz]e|allow/i).waitFor()
    assert.match(await page.textContent('body'), /An app with a name/)
    assert.match(await page.textContent('body'), new RegExp(alice.name))
    await lookAt(page, 'consent')
    await button(page, /authori[sz]e|allow/i).click()
    await page.waitForURL(/\/callback\?/)
    const arrived = arrivals.at(-1)
    assert.equal(arrived.get('state'), 'remember')
    assert.equal((await tokenFor(app, arrived.get('code'), callbackAddress())).status, 200)
  })

  test('everything works without scripts, as far as the code to copy', async () => {
    const alice = await person(server, 'alice')
    const app = await newApp(server)
    const page = await newPage(browser, { javaScriptEnabled: false })
    await page.goto(authorizeAddress(app, 'urn:ietf:wg:oauth:2.0:oob'))
    await signIn(page, alice)
    await button(page, /authori[sz]e|allow/i).click()
    const field = page.locator('input[readonly], code').first()
    await field.waitFor()
    const code = await field.evaluate((element) => element.value ?? element.textContent)
    const answer = await tokenFor(app, code.trim(), 'urn:ietf:wg:oauth:2.0:oob')
    assert.equal(answer.status, 200)
  })

  test('the code to copy is shown well, and a person signs out again', async () => {
    const alice = await person(server, 'alice')
    const app = await newApp(server)
    const page = await newPage(browser)
    const address = authorizeAddress(app, 'urn:ietf:wg:oauth:2.0:oob')
    await page.goto(address)
    await signIn(page, alice)
    await button(page, /authori[sz]e|allow/i).click()
    await page.locator('input[readonly], code').first().waitFor()
    await lookAt(page, 'code')

    await page.goto(`${address}&force_login=false`)
    await button(page, /sign out|log out/i).first().click()
    await lookAt(page, 'signed-out')
    await page.goto(address)
    await passwordField(page).waitFor()
  })

  test('saying no sends the app back with an error', async () => {
    const alice = await person(server, 'alice')
    const app = await newApp(server, callbackAddress())
    const page = await newPage(browser)
    await page.goto(authorizeAddress(app, callbackAddress()))
    await signIn(page, alice)
    await button(page, /deny|cancel|refuse/i).click()
    await page.waitForURL(/\/callback\?/)
    assert.equal(arrivals.at(-1).get('error'), 'access_denied')
  })

  test('an unknown app and an unknown page are explained', async () => {
    const page = await newPage(browser)
    const refused = await page.goto(authorizeAddress({ client_id: 'nobody' }, 'https://example.org/'))
    assert.ok([400, 401].includes(refused.status()), `${refused.status()}`)
    await lookAt(page, 'unknown-app')
    const missing = await page.goto(`${server.base}/no/such/page`)
    assert.equal(missing.status(), 404)
    await lookAt(page, 'unknown-page')
  })

  test('a page loads nothing from elsewhere and breaks no rule of its own', async () => {
    const app = await newApp(server)
    const page = await newPage(browser)
    const foreign = []
    const complaints = []
    page.on('request', (request) => request.url().startsWith(server.base) || foreign.push(request.url()))
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(authorizeAddress(app, 'urn:ietf:wg:oauth:2.0:oob'), { waitUntil: 'networkidle' })
    assert.deepEqual(foreign, [])
    assert.deepEqual(complaints, [])
  })
})
