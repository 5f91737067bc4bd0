// Opens the demo page in a real browser, uses it, and looks at what it shows. Screenshots go to the folder given.
import chromium from '@sparticuz/chromium'
import { chromium as playwright } from 'playwright-core'
import { strict as assert } from 'node:assert'

const folder = process.argv[2]
const origin = process.env.WALCAST_URL
const browser = await playwright.launch({
  executablePath: await chromium.executablePath(),
  args: [...chromium.args, '--disable-quic', '--no-first-run', '--disable-background-networking'],
  headless: true,
})

try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  const complaints = []
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => {
    const { protocol, host } = new URL(request.url())
    if (protocol !== 'data:' && host !== new URL(origin).host) complaints.push(`left the origin: ${request.url()}`)
  })

  await page.goto(origin)
  const alice = page.locator('article[data-client=Alice]')
  const bob = page.locator('article[data-client=Bob]')
  const live = panel => panel.locator('.state[data-state=live]').waitFor()
  const newest = (panel, kind, text) =>
    panel.locator('li').first().filter({ hasText: kind }).filter({ hasText: text }).waitFor()
  await live(alice)
  await live(bob)

  await page.fill('#body', 'first words')
  await page.click('#insert')
  await newest(alice, 'INSERT', 'first words')
  await newest(bob, 'INSERT', 'first words')
  await page.click('#update')
  await newest(alice, 'UPDATE', 'first words (edited)')
  await newest(bob, 'UPDATE', 'first words (edited)')
  assert.match(await page.textContent('#latency'), /^\d+ ms$/)
  await page.screenshot({ path: `${folder}/page-light.png` })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.screenshot({ path: `${folder}/page-dark.png` })

  await page.click('#delete')
  await newest(alice, 'DELETE', '#')
  await bob.locator('.wave').click()
  await newest(alice, 'WAVE', 'Bob waves')

  await bob.locator('select').selectOption('random')
  await live(bob)
  await page.fill('#body', 'only for general')
  await page.click('#insert')
  await newest(alice, 'INSERT', 'only for general')
  await page.selectOption('#room', 'random')
  await page.fill('#body', 'for random')
  await page.click('#insert')
  await newest(alice, 'INSERT', 'for random')
  await newest(bob, 'INSERT', 'for random')
  assert.equal(await bob.locator('li').count(), 1)

  // The picture of README.md.
  const rows = [['general', 'Good morning'], ['random', 'Lunch at noon?'], ['random', 'Noon it is'], ['general', 'Build 7 passes']]
  for (const [room, text] of rows) {
    await page.selectOption('#room', room)
    await page.fill('#body', text)
    await page.click('#insert')
    await newest(alice, 'INSERT', text)
  }
  await page.click('#update')
  await newest(alice, 'UPDATE', 'Build 7 passes (edited)')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1000, height: 560 })
  await page.screenshot({ path: `${folder}/demo.png` })

  await page.setViewportSize({ width: 390, height: 844 })
  await page.emulateMedia({ colorScheme: 'light' })
  await page.screenshot({ path: `${folder}/page-mobile.png`, fullPage: true })
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'scrolls sideways on a phone')
  assert.deepEqual(complaints, [])
  console.log(JSON.stringify({ event: 'done' }))
} finally {
  await browser.close()
}
