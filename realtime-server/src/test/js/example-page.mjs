// As example.mjs, in a real browser: the module is the text given. Its way to the server leads through here, so that it can be cut.
import chromium from '@sparticuz/chromium'
import { chromium as playwright } from 'playwright-core'
import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const url = process.env.WALCAST_URL
const { hostname, port } = new URL(url)
const say = message => process.stdout.write(JSON.stringify(message) + '\n')
const args = [...chromium.args, '--disable-quic', '--no-first-run', '--disable-background-networking']

const ways = new Set()
let offline = false
const relay = createServer(from => {
  if (offline) return from.destroy()
  const to = connect(port, hostname)
  const close = () => [from, to].forEach(end => ways.delete(end.destroy()))
  for (const end of [from, to]) ways.add(end.on('error', close).on('close', close))
  from.pipe(to).pipe(from)
}).listen(0, hostname)
await once(relay, 'listening')
const origin = `http://${hostname}:${relay.address().port}`

const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args, headless: true })
const page = await browser.newPage()
page.on('pageerror', error => say({ event: 'failure', message: error.message }))
await page.exposeFunction('say', say)
await page.goto(origin + '/livez')
await page.evaluate(key => {
  window.key = key
  console.log = (...args) => window.say({ event: 'log', args })
  console.warn = (...args) => window.say({ event: 'warn', args })
}, process.env.ANON_KEY)
await page.addScriptTag({ content: process.argv[2].replaceAll(url, origin), type: 'module' })

for await (const line of createInterface({ input: process.stdin })) {
  offline = JSON.parse(line).cmd === 'offline'
  if (offline) ways.forEach(end => end.destroy())
}
