// Every page there is, with something on it: found in the table of routes, reached as a person reaches it. Each works
// without scripts, is small, can be printed, has nothing axe complains of in light or dark, and has its picture taken.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { codeOf } from '../lib/authenticator.js'
import { launch, look, newPage } from '../lib/chromium.js'
import { Mailbox } from '../lib/mailbox.js'
import { PASSWORD, SCOPES, newApp, person } from '../lib/people.js'
import { jpeg } from '../lib/pictures.js'
import { engines, onEachEngine } from '../lib/server.js'

const ROUTES = new URL('../../../crates/api/src/routes.rs', import.meta.url)
/** Bytes of a page with its styles and its script, before any picture and before compression. */
const MOST_BYTES = 30_000
const OUT_OF_BAND = 'urn:ietf:wg:oauth:2.0:oob'
/** Routes of the same kinds that are no pages: feeds, and an address of old that leads elsewhere. */
const NO_PAGES = ['/@{acct}/with_replies.rss', '/@{acct}/media.rss', '/users/{acct}']

const mailbox = new Mailbox()
const smtp = { SMTP_SERVER: '127.0.0.1', SMTP_PORT: `${await mailbox.open()}`, SMTP_ENABLE_STARTTLS: 'never', SMTP_AUTH_METHOD: 'none' }
after(() => mailbox.close())

onEachEngine('every page', (server) => {
  let browser
  let world
  /** The paths a browser was at, to be held against the table of routes. */
  const visited = new Set()

  before(async () => {
    browser = await launch()
    world = await garden(server, browser)
  })
  after(() => browser?.close())

  /** A window of somebody: nobody in particular, or alice, who is signed in. */
  async function window(options = {}) {
    const page = await newPage(browser, options)
    page.on('response', (answer) => answer.request().isNavigationRequest() && visited.add(new URL(answer.url()).pathname))
    return page
  }

  /** Reaches a page twice: without scripts, where it is looked through, and with them, where its picture is taken. */
  async function see(name, reach, { status = 200, as, isPublic = false, has } = {}) {
    const arrive = async (page) => {
      const answer = typeof reach === 'string' ? await page.goto(server.base + reach) : await reach(page, world)
      assert.equal(answer.status(), status, `${name}: ${page.url()}`)
      if (has) await page.getByText(has).first().waitFor()
      return answer
    }
    const storageState = as && world.cookies
    const plain = await window({ storageState, javaScriptEnabled: false })
    const answer = await arrive(plain)
    await hold(name, plain, await answer.text())
    if (isPublic) await holdPublic(name, plain, answer)
    await plain.context().close()
    // What is shown does not depend on what keeps the data.
    if (server.engine !== engines[0]) return
    const page = await window({ storageState })
    await arrive(page)
    await look(page, `page-${name}`)
    await page.context().close()
  }

  test('pages for people without an account', async () => {
    const { alice, bob, post, plain } = world
    const pages = {
      landing: '/',
      profile: `/@${alice.name}`,
      'profile-older': `/@${alice.name}?max_id=${post.id}`,
      'profile-replies': `/@${alice.name}/with_replies`,
      'profile-media': `/@${alice.name}/media`,
      'post-pictures': `/@${alice.name}/${world.pictures.id}`,
      'profile-tagged': `/@${alice.name}/tagged/bees`,
      'profile-bare': `/@${plain.name}`,
      post: `/@${alice.name}/${post.id}`,
      'post-poll': `/@${alice.name}/${world.poll.id}`,
      'post-quote': `/@${bob.name}/${world.quote.id}`,
      embed: `/@${alice.name}/${post.id}/embed`,
      tag: '/tags/bees',
      about: '/about',
      privacy: '/privacy-policy',
      terms: '/terms-of-service',
      'terms-of-a-day': '/terms-of-service/2026-01-01',
    }
    for (const [name, path] of Object.entries(pages)) await see(name, path, { isPublic: true })
  })

  test('pages on the way to an account', async () => {
    await see('sign-up', '/auth/sign_up')
    await see('sign-up-refused', async (page) => {
      await page.goto(`${server.base}/auth/sign_up`)
      return signUp(page, { name: world.alice.name, email: world.alice.email, password: 'password' })
    }, { status: 422, has: 'already' })
    await see('sign-up-done', async (page) => {
      await page.goto(`${server.base}/auth/sign_up`)
      return signUp(page, newcomer())
    }, { has: 'We have sent you a mail' })
    await see('confirmation', async (page) => page.goto(await confirmation(page)))
    await see('confirmation-done', async (page) => {
      await page.goto(await confirmation(page))
      return pressed(page, 'Confirm my address')
    }, { has: 'Thank you' })
    await see('confirmation-used', '/auth/confirmation?confirmation_token=used', { status: 404 })
    await see('owner-link', async (page) => page.goto(await server.cli('account', 'owner-link', world.alice.name)))
    await see('owner-link-used', '/owner/used', { status: 404 })
  })

  test('pages for who lost their password', async () => {
    await see('password-lost', '/auth/password/new')
    await see('password-mail', (page) => lost(page, world.alice), { has: 'a mail is on its way' })
    const link = async (page) => {
      const someone = await person(server, 'dora')
      await lost(page, someone)
      return mailbox.link(someone.email, '/auth/password/edit')
    }
    await see('password-new', async (page) => page.goto(await link(page)))
    await see('password-refused', async (page) => {
      await page.goto(await link(page))
      await page.getByLabel('New password').evaluate((field) => field.removeAttribute('minlength'))
      await page.getByLabel('New password').fill('short')
      return pressed(page, 'Set it')
    }, { status: 422, has: 'This password' })
    await see('password-done', async (page) => {
      await page.goto(await link(page))
      await page.getByLabel('New password').fill(PASSWORD)
      return pressed(page, 'Set it')
    }, { has: 'Your new password is set' })
    await see('password-link-used', '/auth/password/edit?reset_password_token=used', { status: 404 })
  })

  test('pages to sign in, and to let an app in', async () => {
    const app = await newApp(server, OUT_OF_BAND, 'A Very Nice App')
    const authorize = `/oauth/authorize?${new URLSearchParams({
      response_type: 'code', client_id: app.client_id, redirect_uri: OUT_OF_BAND, scope: SCOPES,
    })}`
    await see('sign-in', '/auth/sign_in')
    await see('sign-in-refused', async (page) => {
      await page.goto(`${server.base}/auth/sign_in`)
      return signIn(page, world.alice, 'not my password')
    }, { status: 422 })
    await see('home', '/', { as: 'alice' })
    await see('sign-out', '/auth/sign_out', { as: 'alice' })
    const met = (uri) => `/authorize_interaction?${new URLSearchParams({ uri })}`
    await see('met-person', met(`@${world.plain.name}`), { as: 'alice' })
    await see('met-post', met(world.quote.url), { as: 'alice', has: 'This is how I learned it' })
    await see('met-nobody', met('@nobody'), { as: 'alice', status: 404 })
    await see('consent', authorize, { as: 'alice' })
    await see('consent-refused', '/oauth/authorize?response_type=code&client_id=nobody', { as: 'alice', status: 401 })
    await see('code', async (page) => {
      await page.goto(server.base + authorize)
      return pressed(page, 'Authorize')
    }, { as: 'alice', has: 'Your code' })
  })

  test('pages where somebody decides about their account', async () => {
    const pages = {
      profile: '/settings/profile',
      preferences: '/settings/preferences',
      filters: '/filters',
      'filter-new': '/filters/new',
      filter: `/filters/${world.filter.id}/edit`,
      'filter-posts': `/filters/${world.filter.id}/statuses`,
      email: '/settings/email',
      delete: '/settings/delete',
      password: '/auth/edit',
      'second-factor': '/settings/two_factor',
      passkeys: '/settings/passkeys',
      apps: '/oauth/authorized_applications',
      doctor: '/settings/doctor',
    }
    for (const [name, path] of Object.entries(pages)) await see(`settings-${name}`, path, { as: 'alice' })
    await see('settings-profile-saved', (page) => saved(page, '/settings/profile', 'Save'), { as: 'alice', has: 'is saved' })
    await see('settings-email-pending', async (page) => {
      await page.goto(`${server.base}/settings/email`)
      await page.getByLabel('New address').fill(`${randomWord()}@example.org`)
      await page.getByLabel('Current password').fill(PASSWORD)
      return pressed(page, 'Send the confirmation')
    }, { as: 'alice', has: 'A mail is on its way' })
    await see('settings-password-refused', async (page) => {
      await page.goto(`${server.base}/auth/edit`)
      await page.getByLabel('Current password').fill('not my password')
      await page.getByLabel('New password').fill(PASSWORD)
      return pressed(page, 'Change the password')
    }, { as: 'alice', status: 422 })
    await see('settings-deleted', async (page) => {
      await page.goto(`${server.base}/auth/sign_in`)
      await signIn(page, await person(server, 'fay'))
      await page.goto(`${server.base}/settings/delete`)
      await page.getByLabel('Current password').fill(PASSWORD)
      return pressed(page, 'Delete my account')
    }, { has: 'Your account is deleted' })
  })

  test('pages of the second factor', async () => {
    const begin = async (page, someone) => {
      await page.goto(`${server.base}/auth/sign_in`)
      await signIn(page, someone)
      await page.goto(`${server.base}/settings/two_factor`)
      await page.getByLabel('Current password').fill(PASSWORD)
      return pressed(page, 'Set it up')
    }
    const finish = async (page, someone) => {
      await begin(page, someone)
      await page.getByLabel('The code').fill(codeOf(await page.locator('p.code').textContent()))
      return pressed(page, 'Turn it on')
    }
    const somebody = () => person(server, 'dora')
    await see('second-factor-setup', async (page) => begin(page, await somebody()))
    await see('second-factor-refused', async (page) => {
      await begin(page, await somebody())
      await page.getByLabel('The code').fill('000000')
      return pressed(page, 'Turn it on')
    }, { status: 422 })
    await see('recovery-codes', async (page) => finish(page, await somebody()), { has: 'Recovery codes' })
    await see('second-factor-on', async (page) => {
      await finish(page, await somebody())
      return page.goto(`${server.base}/settings/two_factor`)
    }, { has: 'Turn it off' })
    await see('sign-in-code', async (page) => {
      const someone = await somebody()
      await finish(page, someone)
      await page.context().clearCookies()
      await page.goto(`${server.base}/auth/sign_in`)
      return signIn(page, someone)
    }, { has: 'One more step' })
  })

  test('pages that say no', async () => {
    await see('not-found', '/no/such/page', { status: 404 })
    await see('not-found-profile', '/@nobody', { status: 404 })
    await see('not-found-post', `/@${world.alice.name}/1`, { status: 404 })
    await see('gone', `/@${world.gone.name}`, { status: 410 })
    await see('stale-form', async (page) => {
      await page.goto(`${server.base}/auth/sign_in`)
      await page.context().clearCookies()
      return signIn(page, world.alice)
    }, { status: 422 })
    // What /about reads at each request; rules and the like are kept for a minute.
    await server.sql('alter table terms_of_service rename to terms_away')
    try {
      await see('broken', '/about', { status: 500 })
    } finally {
      await server.sql('alter table terms_away rename to terms_of_service')
    }
  })

  test('no page of the table of routes was left out', async () => {
    const lines = (await readFile(ROUTES, 'utf8')).matchAll(/^ +GET "([^"]+)" +(Browser|Visitor|Reader) /gm)
    const routes = [...lines].map(([, path]) => path).filter((path) => !NO_PAGES.includes(path))
    assert.ok(routes.length > 25, `${routes.length} routes`)
    const isVisited = (route) => {
      const form = new RegExp(`^${route.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`)
      return [...visited].some((path) => form.test(path))
    }
    assert.deepEqual(routes.filter((route) => !isVisited(route)), [])
  })

  /** What every page is: small, in a language, with one heading, without anything that runs, fit for paper. */
  async function hold(name, page, html) {
    const { files, scripts, told } = await page.evaluate(() => ({
      files: [...document.querySelectorAll('link[rel=stylesheet], script')].map((one) => one.href ?? one.src),
      scripts: [...document.scripts].map(({ src, text }) => text || new URL(src).pathname),
      told: {
        language: document.documentElement.lang,
        headings: document.querySelectorAll('h1').length,
        mains: document.querySelectorAll('main').length,
        isNamed: document.title.length > 3,
        scheme: document.querySelector('meta[name=color-scheme]')?.content,
      },
    }))
    assert.deepEqual(told, { language: 'en', headings: 1, mains: 1, isNamed: true, scheme: 'light dark' }, name)
    for (const path of scripts) assert.match(path, /^\/packs\/passkeys-[0-9a-f]+\.js$/, name)
    let bytes = Buffer.byteLength(html)
    for (const file of files) bytes += (await (await fetch(file)).arrayBuffer()).byteLength
    assert.ok(bytes < MOST_BYTES, `${name} has ${bytes} bytes`)
    weights.push([bytes, name])

    await page.emulateMedia({ media: 'print' })
    const paper = await page.evaluate(() => ({
      background: getComputedStyle(document.documentElement).backgroundColor,
      colour: getComputedStyle(document.body).color,
      pressed: [...document.querySelectorAll('button, .button, nav')].filter((one) => one.offsetParent).length,
      words: document.querySelector('main').innerText.trim().length,
    }))
    assert.deepEqual({ ...paper, words: paper.words > 10 }, {
      background: 'rgb(255, 255, 255)', colour: 'rgb(0, 0, 0)', pressed: 0, words: true,
    }, `${name} on paper`)
    await page.emulateMedia({ media: null })
  }

  /** What a public page tells machines: its one address, what previews show, and what IndieWeb readers look for. */
  async function holdPublic(name, page, answer) {
    const told = await page.evaluate(() => ({
      canonical: document.querySelector('link[rel=canonical]')?.href,
      properties: Object.fromEntries([...document.querySelectorAll('meta[property]')].map((m) => [m.getAttribute('property'), m.content])),
      entries: document.querySelectorAll('.h-entry').length,
      whole: [...document.querySelectorAll('.h-entry')].every((entry) =>
        ['.p-author.h-card[href]', '.e-content', '.u-url[href]', 'time.dt-published[datetime]'].every((part) => entry.querySelector(part))),
      own: ['dd a[rel~=me]', 'link[rel=me]'].map((which) => document.querySelector(which)?.href),
      card: ['.p-name', '.u-photo', '.u-url[rel=me]'].every((part) => document.querySelector(`.profile.h-card ${part}`)),
    }))
    const canonical = new URL(told.canonical)
    const expected = new URL(page.url()).pathname.replace(/\/embed$/, '')
    assert.equal(canonical.origin, server.base, name)
    assert.equal(canonical.pathname.replace(/\/\d{4}-\d\d-\d\d$/, ''), expected.replace(/\/\d{4}-\d\d-\d\d$/, ''), name)
    assert.ok(told.whole, `${name}: an h-entry lacks a part`)
    if (name === 'embed') return
    for (const property of ['og:site_name', 'og:type', 'og:title', 'og:url']) {
      assert.ok(told.properties[property], `${name} has no ${property}`)
    }
    assert.equal(told.properties['og:url'], told.canonical, name)
    if (/^(profile|post)/.test(name)) assert.ok(told.properties['og:image'], `${name} has no og:image`)
    if (/^post/.test(name)) assert.equal(told.properties['og:type'], 'article', name)
    if (/^profile/.test(name)) {
      assert.equal(told.properties['og:type'], 'profile', name)
      assert.ok(told.card, `${name}: the h-card lacks a part`)
    }
    const own = 'https://alice.example.org/bees'
    if (name === 'profile') assert.deepEqual(told.own, [own, own], name)
    if (/^(profile|post|tag|landing)$/.test(name)) assert.ok(told.entries > 0, `${name} has no h-entry`)
    // The same address is another server's way to the thing itself: no page is sent to who wants that.
    if (name === 'landing') return
    assert.match(await answer.headerValue('vary'), /accept/i, name)
    const data = await fetch(page.url(), { headers: { accept: 'application/activity+json' }, redirect: 'manual' })
    assert.doesNotMatch(data.headers.get('content-type') ?? '', /html/, name)
    assert.match(data.headers.get('vary') ?? '', /accept/i, name)
  }

  const weights = []
  after(() => {
    const [bytes, name] = weights.sort(([a], [b]) => b - a)[0] ?? []
    if (name) console.log(`${weights.length} pages; the largest is ${name}: ${bytes} bytes with styles and script`)
  })

  async function confirmation(page) {
    const someone = newcomer()
    await page.goto(`${server.base}/auth/sign_up`)
    await signUp(page, someone)
    return mailbox.link(someone.email, '/auth/confirmation')
  }

  async function lost(page, { email }) {
    await page.goto(`${server.base}/auth/password/new`)
    await page.getByLabel('E-mail address').fill(email)
    return pressed(page, 'Send the link')
  }

  async function saved(page, path, name) {
    await page.goto(server.base + path)
    return pressed(page, name)
  }
}, smtp)

/** Presses a button and gives the answer of the page it leads to. */
async function pressed(page, name) {
  const arrived = page.waitForResponse((answer) => answer.request().isNavigationRequest() && ![302, 303].includes(answer.status()))
  await page.getByRole('button', { name, exact: true }).click()
  const answer = await arrived
  await page.waitForLoadState()
  return answer
}

async function signIn(page, someone, password = PASSWORD) {
  await page.getByLabel('E-mail address or name').fill(someone.email)
  await page.getByLabel('Password').fill(password)
  return pressed(page, 'Sign in')
}

async function signUp(page, { name, email, password }) {
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByLabel('Why do you want to join?').fill('I keep two hives and would like to talk about them.')
  await page.getByLabel('I have read the rules').check()
  return pressed(page, 'Sign up')
}

const randomWord = () => `w${Math.random().toString(36).slice(2, 10)}`

function newcomer() {
  const name = randomWord()
  return { name, email: `${name}@example.org`, password: PASSWORD }
}

/** People who wrote about bees, as much as profiles hold, and a server with something to say about itself. */
async function garden(server, browser) {
  const [alice, bob, plain, gone] = [
    await person(server, 'alice', '--role', 'owner'), await person(server, 'bob'), await person(server, 'plain'),
    await person(server, 'gone'),
  ]
  await alice.masto.v1.accounts.updateCredentials({
    displayName: 'Alice of the Bees',
    note: 'Keeps bees on a roof in the middle of town, and writes about what they do all day.\n\nHoney in July. #bees',
    fieldsAttributes: [
      { name: 'Home', value: 'https://alice.example.org/bees' },
      { name: 'Pronouns', value: 'she/her' },
      { name: 'A label that is rather long', value: 'And what it labels takes more than a line on every phone there is' },
      { name: 'Hives', value: 'two, and a half' },
    ],
  })
  const say = (who, status, more = {}) => who.masto.v1.statuses.create({ status, language: 'en', ...more })
  for (let n = 1; n <= 24; n += 1) await say(alice, `Day ${n} on the roof. ${'The bees fly, and I count them. '.repeat(n % 5)}#bees`)
  const first = await say(bob, 'Does anybody here know why bees dance? #bees')
  const post = await say(
    alice,
    `@${bob.name} They tell each other where the flowers are: how far, and in which direction from the sun.\n\n`
      + 'There is a film about it at https://films.example.org/a-very-long-address/that-goes-on/dance #bees #dance',
    { inReplyToId: first.id },
  )
  await say(alice, 'And the ones that watch count the turns.', { inReplyToId: post.id })
  await say(bob, `@${alice.name} Thank you! That is lovely.`, { inReplyToId: post.id })
  await say(alice, 'The queen did not survive the winter after all.', { spoilerText: 'Sad news about the hive' })
  const poll = await say(alice, 'Where shall the third hive go?', {
    poll: { options: ['On the roof', 'Under the old apple tree behind the house'], expiresIn: 86_400 },
  })
  await bob.masto.v1.polls.$select(poll.poll.id).votes.create({ choices: [1] })
  const easel = await newPage(browser)
  const upload = async (width, height, description) => alice.masto.v2.media.create(
    { file: new Blob([await jpeg(easel, width, height)]), description },
  )
  const media = [await upload(800, 500, 'The roof, red, with a white box'), await upload(500, 500, 'The same from above')]
  const pictures = await say(alice, 'The roof today', { mediaIds: media.map((one) => one.id) })
  await alice.masto.v1.accounts.updateCredentials({
    avatar: new Blob([await jpeg(easel, 400, 400)]), header: new Blob([await jpeg(easel, 900, 300)]),
  })
  await easel.context().close()
  const quote = await say(bob, 'This is how I learned it:', { quotedStatusId: post.id })
  const pinned = await say(alice, 'Hello! I am Alice. Ask me anything about bees, hives, and swarms in chimneys.')
  await alice.masto.v1.statuses.$select(pinned.id).pin()
  await alice.masto.v1.statuses.$select(first.id).reblog()
  await bob.masto.v1.statuses.$select(post.id).favourite()
  await bob.masto.v1.accounts.$select(alice.id).follow()
  const filter = await alice.masto.v2.filters.create({
    title: 'Wasps',
    context: ['home', 'public'],
    filterAction: 'warn',
    expiresIn: 604_800,
    keywordsAttributes: [{ keyword: 'wasp', wholeWord: true }, { keyword: 'hornet', wholeWord: false }],
  })
  await alice.masto.v2.filters.$select(filter.id).statuses.create({ statusId: quote.id })

  const settings = {
    title: 'The Bee Garden',
    description: 'A small server for people who like bees.',
    extended_description: '<h2>Who we are</h2><p>We meet on <strong>Thursdays</strong>.</p><ul><li>Bring bread.</li><li>We have honey.</li></ul>',
    contact_username: alice.name,
    contact_email: 'bees@example.org',
    privacy_policy: '<h2>What we keep</h2><p>What you write, and nothing else.</p>',
    registrations: 'approval',
  }
  for (const [key, value] of Object.entries(settings)) await server.cli('settings', 'set', key, value)
  const translations = JSON.stringify({ de: { text: 'Sei freundlich.', hint: 'Auch zu Wespen.' } })
  await server.sql(`insert into rules (id, position, text, hint, translations, created_at) values
    (1, 1, 'Be kind.', 'Also to wasps.', '${translations}', 0), (2, 2, 'No honey that is not yours.', '', '{}', 0)`)
  await server.sql(`insert into terms_of_service (effective_date, text, created_at) values
    ('2026-01-01', '<p>Bring your own smoker.</p>', 0), ('2026-06-01', '<h2>Smoke</h2><p>Smokers are here.</p>', 0)`)
  await server.cli('account', 'delete', gone.name, '--yes')

  const page = await newPage(browser)
  await page.goto(`${server.base}/auth/sign_in`)
  await signIn(page, alice)
  const cookies = await page.context().storageState()
  await page.context().close()
  return { alice, bob, plain, gone, post, poll, quote, pictures, filter, cookies }
}
