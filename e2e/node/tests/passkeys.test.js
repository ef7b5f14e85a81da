// Passkeys in a real browser, with Chromium's authenticator in software: made, used and removed.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, look, newPage } from '../lib/chromium.js'
import { PASSWORD, SCOPES, newApp, person } from '../lib/people.js'
import { engines, onEachEngine } from '../lib/server.js'

onEachEngine('passkeys', (server) => {
  let browser
  before(async () => {
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
  })

  const lookAt = async (page, name) => server.engine === engines[0] && look(page, name)
  const button = (page, name) => page.getByRole('button', { name, exact: true })
  const session = async (page) =>
    (await page.context().cookies()).find(({ name }) => name.endsWith('phiomia_session'))

  /** A window on a device that can make passkeys and knows its owner. */
  async function device() {
    const page = await newPage(browser)
    const wire = await page.context().newCDPSession(page)
    await wire.send('WebAuthn.enable')
    const { authenticatorId } = await wire.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
        isUserVerified: true, automaticPresenceSimulation: true,
      },
    })
    const complaints = []
    page.on('console', (message) => message.text().includes('Content Security Policy') && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    return { page, wire, authenticatorId, complaints }
  }

  async function signIn(page, someone) {
    await page.goto(`${server.base}/auth/sign_in`)
    await page.getByLabel('E-mail address or name').fill(someone.email)
    await page.getByLabel('Password').fill(PASSWORD)
    await button(page, 'Sign in').click()
  }

  async function addPasskey(page, nickname) {
    await page.goto(`${server.base}/settings/passkeys`)
    await page.getByLabel('Name', { exact: true }).last().fill(nickname)
    await button(page, 'Add a passkey').click()
    await page.getByRole('heading', { name: 'Recovery codes' }).waitFor()
    return page.locator('ul.code li').first().textContent()
  }

  /** Signed in, with a passkey on the device. */
  async function alice(nickname = 'My laptop') {
    const someone = await person(server, 'alice')
    const own = await device()
    await signIn(own.page, someone)
    await own.page.waitForURL(`${server.base}/`)
    const code = await addPasskey(own.page, nickname)
    return { someone, code, ...own }
  }

  test('a passkey is made, signs in without a password, and is removed', async () => {
    const { page, complaints } = await alice()
    await lookAt(page, 'recovery-codes')
    await page.goto(`${server.base}/settings/passkeys`)
    await page.getByText('My laptop').first().waitFor()
    await lookAt(page, 'settings-passkeys')
    // The device has one for this account already.
    await page.getByLabel('Name', { exact: true }).last().fill('Once more')
    await button(page, 'Add a passkey').click()
    await page.getByRole('alert').filter({ hasText: 'already' }).waitFor()
    await page.goto(`${server.base}/auth/sign_out`)
    await button(page, 'Sign out').click()
    await page.goto(`${server.base}/auth/sign_in`)
    await button(page, 'Use a passkey').waitFor()
    await lookAt(page, 'sign-in-with-passkey')
    assert.equal(await session(page), undefined)
    await button(page, 'Use a passkey').click()
    await page.waitForURL(`${server.base}/`)
    assert.ok(await session(page))

    await page.goto(`${server.base}/settings/passkeys`)
    await page.getByText(/last used/).waitFor()
    await page.locator('summary').click()
    await lookAt(page, 'settings-passkeys-open')
    await page.getByRole('button', { name: 'Remove My laptop' }).click()
    await page.getByText('The passkey was removed.').waitFor()
    await page.goto(`${server.base}/auth/sign_out`)
    await button(page, 'Sign out').click()
    await page.goto(`${server.base}/auth/sign_in`)
    await button(page, 'Use a passkey').click()
    await page.getByRole('alert').filter({ hasText: 'did not sign you in' }).waitFor()
    assert.deepEqual(complaints, [])
  })

  test('after the password a passkey is asked for, or a recovery code on another device', async () => {
    const { someone, page, code, complaints } = await alice()
    await page.goto(`${server.base}/auth/sign_out`)
    await button(page, 'Sign out').click()
    await signIn(page, someone)
    await button(page, 'Use a passkey').waitFor()
    await lookAt(page, 'second-step-passkey')
    assert.equal(await session(page), undefined)
    await button(page, 'Use a passkey').click()
    await page.waitForURL(`${server.base}/`)
    assert.deepEqual(complaints, [])

    // No scripts there: everything but the passkey works.
    const other = await newPage(browser, { javaScriptEnabled: false })
    await signIn(other, someone)
    assert.equal(await button(other, 'Use a passkey').isVisible(), false)
    await other.getByText('scripts allowed').waitFor()
    await other.getByLabel('Code').fill(code)
    await button(other, 'Sign in with the code').click()
    await other.waitForURL(`${server.base}/`)
  })

  test('a passkey leads through the authorization of an app', async () => {
    const { page } = await alice()
    await page.goto(`${server.base}/auth/sign_out`)
    await button(page, 'Sign out').click()
    const app = await newApp(server)
    const redirectUri = 'urn:ietf:wg:oauth:2.0:oob'
    await page.goto(`${server.base}/oauth/authorize?${new URLSearchParams({
      response_type: 'code', client_id: app.client_id, redirect_uri: redirectUri, scope: SCOPES,
    })}`)
    await button(page, 'Use a passkey').click()
    await button(page, 'Authorize').click()
    const field = page.locator('input[readonly], code').first()
    await field.waitFor()
    const code = await field.evaluate((element) => element.value ?? element.textContent)
    const answer = await fetch(`${server.base}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code', code: code.trim(), redirect_uri: redirectUri,
        client_id: app.client_id, client_secret: app.client_secret,
      }),
    })
    assert.equal(answer.status, 200)
  })

  test('a device that does not recognise its owner signs nobody in', async () => {
    const { page, wire, authenticatorId } = await alice()
    await page.goto(`${server.base}/auth/sign_out`)
    await button(page, 'Sign out').click()
    await wire.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
    await page.goto(`${server.base}/auth/sign_in`)
    await button(page, 'Use a passkey').click()
    await page.getByRole('alert').filter({ hasText: 'cancelled' }).waitFor()
    assert.equal(await session(page), undefined)
  })

  test('a command takes passkeys away from somebody who is locked out', async () => {
    const { someone, page } = await alice()
    await server.cli('account', 'disable-2fa', someone.name)
    await page.goto(`${server.base}/settings/passkeys`)
    await page.waitForURL(/\/auth\/sign_in/)
    await signIn(page, someone)
    await page.waitForURL(`${server.base}/`)
  })
})
