// The reader of docs/tutorial.md at a real browser. Obeys JSON lines on standard input, and answers each with one:
// {"cmd":"open","page":NAME,"link":URL}, {"cmd":"press","page":NAME,"button":TEXT}, {"cmd":"look","page":NAME}
import chromium from '@sparticuz/chromium'
import { chromium as playwright } from 'playwright-core'
import { createInterface } from 'node:readline'

const say = message => process.stdout.write(JSON.stringify(message) + '\n')
const args = [...chromium.args, '--disable-quic', '--no-first-run', '--disable-background-networking']
const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args, headless: true })
const pages = new Map()

const commands = {
  async open({ page: name, link }) {
    const page = await browser.newPage()
    page.on('pageerror', error => say({ event: 'failure', message: error.message }))
    await page.goto(link)
    pages.set(name, page)
    say({ event: 'open' })
  },
  async press({ page, button }) {
    await pages.get(page).click(`button:text-is("${button}")`)
    say({ event: 'press' })
  },
  async look({ page }) {
    const [here, state, notes] = await Promise.all(
      ['here', 'state', 'notes'].map(id => pages.get(page).locator(`#${id}`).innerText()),
    )
    say({ event: 'look', seen: { here, state, notes } })
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  await commands[command.cmd](command)
}
