// What people without an account do, in a real browser: without scripts, in frames, and on paper. What each page looks like is
// seen in `every-page.test.js`.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { launch, newPage } from '../lib/chromium.js'
import { person } from '../lib/people.js'
import { onEachEngine } from '../lib/server.js'

onEachEngine('pages for visitors', (server) => {
  let browser
  let alice
  let bob
  let post
  before(async () => {
    browser = await launch()
    alice = await person(server, 'alice')
    bob = await person(server, 'bob')
    await alice.masto.v1.accounts.updateCredentials({
      displayName: 'Alice of the Bees',
      note: 'Keeps bees on a roof in the middle of town, and writes about what they do all day.\n\nHoney in July. #bees',
      fieldsAttributes: [
        { name: 'Home', value: 'https://alice.example/bees' },
        { name: 'Pronouns', value: 'she/her' },
      ],
    })
    const say = (who, status, more = {}) => who.masto.v1.statuses.create({ status, ...more })
    const first = await say(bob, 'Does anybody here know why bees dance? #bees')
    post = await say(
      alice,
      `@${bob.name} They tell each other where the flowers are: how far, and in which direction from the sun.\n\n`
        + 'There is a film about it at https://films.example.org/a-very-long-address/that-goes-on/dance #bees #dance',
      { inReplyToId: first.id, language: 'en' },
    )
    await say(alice, 'And the ones that watch count the turns.', { inReplyToId: post.id })
    await say(bob, `@${alice.name} Thank you! That is lovely.`, { inReplyToId: post.id })
    await say(alice, 'The queen did not survive the winter after all.', { spoilerText: 'Sad news about the hive' })
    const pinned = await say(alice, 'Hello! I am Alice. Ask me anything about bees, hives, and swarms in chimneys.')
    await alice.masto.v1.statuses.$select(pinned.id).pin()
    await alice.masto.v1.statuses.$select(first.id).reblog()
    await bob.masto.v1.statuses.$select(post.id).favourite()
    await bob.masto.v1.accounts.$select(alice.id).follow()
    await server.cli('settings', 'set', 'title', 'The Bee Garden')
    await server.cli('settings', 'set', 'description', 'A small server for people who like bees.')
    await server.cli('settings', 'set', 'extended_description', '<p>We meet on Thursdays.</p>')
    await server.cli('settings', 'set', 'contact_username', alice.name)
    await server.cli('settings', 'set', 'contact_email', 'bees@example.org')
    await server.cli('settings', 'set', 'privacy_policy', 'We keep what you write, and nothing else.')
  })
  after(() => browser?.close())

  const named = (name) => `${server.engine}-visitor-${name}`
  const open = async (path, options) => {
    const page = await newPage(browser, options)
    const answer = await page.goto(server.base + path)
    assert.equal(answer.status(), 200, path)
    return page
  }

  test('a visitor finds the way from the front page to a thread and its author without scripts', async () => {
    const page = await open('/', { javaScriptEnabled: false })
    await page.getByRole('link', { name: 'Alice of the Bees' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Alice of the Bees' }).waitFor()
    await page.getByRole('link', { name: 'Posts and replies' }).click()
    await page.locator(`.post a.u-url[href$="/${post.id}"]`).click()
    await page.getByText('Does anybody here know why bees dance?').waitFor()
    await page.getByText('Thank you! That is lovely.').waitFor()
    await page.getByRole('link', { name: '#bees' }).first().click()
    await page.getByRole('heading', { level: 1, name: '#bees' }).waitFor()
  })

  test('a warning is opened by who wants to, without scripts', async () => {
    const page = await open(`/@${alice.name}`, { javaScriptEnabled: false })
    const text = page.getByText('The queen did not survive')
    assert.equal(await text.isVisible(), false)
    await page.getByText('Sad news about the hive').click()
    await text.waitFor({ state: 'visible' })
  })

  test('another site shows a post in a frame, and nothing else of ours', async () => {
    const told = await (await fetch(`${server.base}/api/oembed?url=${encodeURIComponent(post.url)}`)).json()
    const blog = createServer((_, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<!doctype html><title>A blog</title>${told.html}<iframe id="whole" src="${post.url}"></iframe>`)
    }).listen(0, '127.0.0.1')
    await once(blog, 'listening')
    const page = await newPage(browser)
    await page.goto(`http://127.0.0.1:${blog.address().port}/`)
    await page.frameLocator('.mastodon-embed').locator('.text').waitFor()
    const whole = page.frameLocator('#whole').locator('.text').first()
    assert.equal(await whole.isVisible().catch(() => false), false)
    await page.context().close()
    blog.close()
    blog.closeAllConnections()
  })

  test('pages load nothing from elsewhere, break no rule of their own and set no cookie', async () => {
    for (const path of [`/@${alice.name}`, `/@${alice.name}/${post.id}`, '/tags/bees', '/about']) {
      const page = await newPage(browser)
      const foreign = []
      const complaints = []
      page.on('request', (request) => request.url().startsWith(server.base) || foreign.push(request.url()))
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
      await page.goto(server.base + path, { waitUntil: 'networkidle' })
      assert.deepEqual(foreign, [], path)
      assert.deepEqual(complaints, [], path)
      assert.deepEqual(await page.context().cookies(), [], path)
    }
  })

  test('on paper there are words and no buttons', async () => {
    const page = await open(`/@${alice.name}/${post.id}`)
    await page.emulateMedia({ media: 'print' })
    await page.screenshot({ path: new URL(`../../out/${named('paper')}.png`, import.meta.url).pathname, fullPage: true })
    assert.equal(await page.getByRole('link', { name: 'Sign in' }).isVisible(), false)
    assert.equal(await page.getByText('They tell each other').isVisible(), true)
    const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    assert.equal(background, 'rgb(255, 255, 255)')
  })

  test('a feed reader gets the posts', async () => {
    const answer = await fetch(`${server.base}/@${alice.name}.rss`)
    assert.match(answer.headers.get('content-type'), /application\/rss\+xml/)
    const feed = await answer.text()
    assert.match(feed, /<title>Alice of the Bees<\/title>/)
    const again = await fetch(`${server.base}/@${alice.name}.rss`, {
      headers: { 'if-none-match': answer.headers.get('etag') },
    })
    assert.equal(again.status, 304)
  })
})
