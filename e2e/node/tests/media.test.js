// Pictures on their way from an app to a page: uploaded through masto, seen in a browser.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { MastoHttpError } from 'masto'
import { launch, newPage } from '../lib/chromium.js'
import { person, PASSWORD } from '../lib/people.js'
import { colourAt, jpeg, turned } from '../lib/pictures.js'
import { onEachEngine } from '../lib/server.js'
import { made, playsFromItsMiddle } from '../lib/films.js'

onEachEngine('pictures', (server) => {
  let browser
  let alice
  let drawn

  before(async () => {
    browser = await launch()
    alice = await person(server, 'alice')
    const page = await newPage(browser)
    drawn = await jpeg(page, 800, 400)
    await page.context().close()
  })
  after(() => browser?.close())

  const upload = (file, more = {}) => alice.masto.v2.media.create({ file: new Blob([file], { type: 'image/jpeg' }), ...more })

  test('a picture is seen the right way up, with what there is to see in words', async () => {
    // Six: to be turned a quarter to the right. The white corner goes to the upper right.
    const media = await upload(turned(drawn, 6), { description: 'A flag on its side', focus: '0.2,0.4' })
    assert.equal(media.type, 'image')
    assert.deepEqual([media.meta.original.width, media.meta.original.height], [400, 800])
    const kept = Buffer.from(await (await fetch(media.url)).arrayBuffer())
    assert.ok(!kept.includes('secret place'))
    const post = await alice.masto.v1.statuses.create({ status: 'Look!', mediaIds: [media.id] })
    assert.deepEqual(post.mediaAttachments[0].meta.focus, { x: 0.2, y: 0.4 })
    const page = await newPage(browser)
    await page.goto(post.url)
    const image = page.getByAltText('A flag on its side')
    const seen = []
    for (const place of [[0.97, 0.03], [0.03, 0.03], [0.97, 0.97], [0.03, 0.97]]) seen.push(await colourAt(image, ...place))
    assert.deepEqual(seen, ['white', 'blue', 'red', 'blue'])
    // The picture itself, opened alone, may do nothing.
    const [alone] = await Promise.all([page.waitForNavigation(), image.click()])
    assert.equal(alone.headers()['content-type'], 'image/jpeg')
    assert.match(alone.headers()['content-security-policy'], /sandbox/)
    await page.goto(`${server.base}/@${alice.name}/media`)
    await page.getByAltText('A flag on its side').waitFor()
    await page.context().close()
  })

  test('an AVIF that is turned in its boxes is seen the right way up', async () => {
    const file = await readFile(new URL('../../../fuzz/corpus/pictures/turned.avif', import.meta.url))
    const media = await upload(file, { description: 'A flag in boxes' })
    assert.deepEqual([media.type, media.meta.original.width, media.meta.original.height], ['image', 60, 120])
    const post = await alice.masto.v1.statuses.create({ status: 'In boxes', mediaIds: [media.id] })
    const page = await newPage(browser)
    await page.goto(post.url)
    const image = page.getByAltText('A flag in boxes')
    // A quarter to the left: the white corner goes to the lower left, blue comes above.
    const seen = []
    for (const place of [[0.05, 0.97], [0.8, 0.8], [0.8, 0.1]]) seen.push(await colourAt(image, ...place))
    assert.deepEqual(seen, ['white', 'red', 'blue'])
    await page.context().close()
  })

  test('sensitive pictures are seen when they are asked for', async () => {
    const media = await upload(drawn, { description: 'Not for everybody' })
    const post = await alice.masto.v1.statuses.create({ mediaIds: [media.id], sensitive: true })
    const page = await newPage(browser, { javaScriptEnabled: false })
    await page.goto(post.url)
    assert.equal(await page.getByAltText('Not for everybody').isVisible(), false)
    await page.getByText('Sensitive media').click()
    assert.equal(await page.getByAltText('Not for everybody').isVisible(), true)
    await page.context().close()
  })

  test('a film plays in the browser, and from its middle', async () => {
    const file = await readFile(new URL('../../../fuzz/corpus/film/a.mp4', import.meta.url))
    const media = await upload(file, { description: 'A test card that moves' })
    assert.equal(media.type, 'video')
    const post = await alice.masto.v1.statuses.create({ status: 'Play it', mediaIds: [media.id] })
    const page = await newPage(browser)
    await page.goto(post.url)
    const played = await playsFromItsMiddle(page.locator('video'))
    assert.deepEqual(played.size, [media.meta.original.width, media.meta.original.height])
    assert.ok(played.from >= 0.2 && played.goesOn, JSON.stringify(played))
    await page.context().close()
  })

  test('films that no browser plays become ones that it does', async () => {
    for (const [ending, how] of [['mp4', '-c:v libx265 -x265-params log-level=none -c:a aac'], ['avi', '-c:v mpeg4 -c:a libmp3lame']]) {
      const media = await upload(await made(ending, how), { description: `It came as ${ending}` })
      assert.equal(media.type, 'video')
      assert.match(media.url, /\.mp4$/)
      const post = await alice.masto.v1.statuses.create({ status: 'Play it', mediaIds: [media.id] })
      const page = await newPage(browser)
      await page.goto(post.url)
      const played = await playsFromItsMiddle(page.locator('video'))
      assert.deepEqual(played.size, [160, 120])
      assert.ok(played.from >= 0.2 && played.goesOn, JSON.stringify(played))
      assert.equal(await page.locator('video').getAttribute('poster') !== null, true)
      await page.context().close()
    }
  })

  test('a moving GIF plays by itself, as a film', async () => {
    const media = await upload(await made('gif', '-map 0:v'), { description: 'It moves' })
    assert.equal(media.type, 'gifv')
    const post = await alice.masto.v1.statuses.create({ status: 'It moves', mediaIds: [media.id] })
    const page = await newPage(browser)
    await page.goto(post.url)
    const film = page.locator('video[autoplay][loop]')
    await film.evaluate((video) => new Promise((resolve, reject) => {
      if (video.currentTime > 0) resolve()
      video.addEventListener('timeupdate', () => video.currentTime > 0 && resolve())
      setTimeout(() => reject(new Error('it stands still')), 10_000)
    }))
    await page.context().close()
  })

  test('what is no picture is refused in words', async () => {
    await assert.rejects(upload(Buffer.from('<html>')), (error) => {
      assert.ok(error instanceof MastoHttpError)
      assert.equal(error.statusCode, 422)
      assert.match(error.message, /File content type is invalid/)
      return true
    })
  })

  test('a person chooses their picture on the settings page, without scripts', async () => {
    const page = await newPage(browser, { javaScriptEnabled: false })
    await page.goto(`${server.base}/auth/sign_in`)
    await page.getByLabel(/E-mail address or name/).fill(alice.email)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.goto(`${server.base}/settings/profile`)
    const file = { name: 'me.jpg', mimeType: 'image/jpeg', buffer: drawn }
    const mine = page.getByRole('group', { name: 'Your picture' })
    await mine.getByLabel('Choose a picture').setInputFiles(file)
    await mine.getByLabel('What there is to see').fill('Alice in a hat')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Your profile is saved.').waitFor()
    const account = await alice.masto.v1.accounts.verifyCredentials()
    assert.equal(account.avatarDescription, 'Alice in a hat')
    assert.equal((await fetch(account.avatar)).headers.get('content-type'), 'image/jpeg')
    const broken = { name: 'me.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') }
    await mine.getByLabel('Another picture').setInputFiles(broken)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('content type is invalid').waitFor()
    await mine.getByLabel('Take this picture down').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Your profile is saved.').waitFor()
    assert.match((await alice.masto.v1.accounts.verifyCredentials()).avatar, /missing/)
    await page.context().close()
  })
})
