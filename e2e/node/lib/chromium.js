// Debian's Chromium by Playwright: people with a window, pictures of what they see, and axe's opinion of it.

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import axe from 'axe-core'
import { chromium } from 'playwright-core'

const PICTURES = fileURLToPath(new URL('../../out/', import.meta.url))
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } }

export async function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })
}

/** A person's own window, with nobody else's cookies. */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ locale: 'en', ...options })
  context.setDefaultTimeout(10_000)
  return context.newPage()
}

/**
 * Looks at a page on a phone and on a desktop, light and dark: takes a picture each, wants nothing wider than the
 * window and no complaint from axe.
 */
export async function look(page, name) {
  await mkdir(PICTURES, { recursive: true })
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport)
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.screenshot({ path: `${PICTURES}${name}-${size}-${colorScheme}.png`, fullPage: true })
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      assert.ok(overflow <= 0, `${name} on a ${size} is ${overflow} pixels too wide`)
      await page.evaluate(axe.source)
      // Of all rules only those about colours can find something in the dark that they do not find in the light.
      const which = colorScheme === 'dark' ? { runOnly: ['color-contrast', 'link-in-text-block'] } : {}
      const { violations } = await page.evaluate((options) => window.axe.run(options), which)
      assert.deepEqual(violations.map(complaint), [], `${name} on a ${size}, ${colorScheme}`)
    }
  }
}

function complaint({ id, help, nodes }) {
  return `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`
}
