// The EventSource of a real browser on two streams, changes and broadcasts. Says what it sees as JSON lines.
import chromium from '@sparticuz/chromium'
import { chromium as playwright } from 'playwright-core'

const { page: blank, url, broadcast } = JSON.parse(process.argv[2])
const say = message => process.stdout.write(JSON.stringify(message) + '\n')
const args = [...chromium.args, '--disable-quic', '--no-first-run', '--disable-background-networking']

const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args, headless: true })
const page = await browser.newPage()
page.on('pageerror', error => say({ event: 'failure', message: error.message }))
await page.exposeFunction('say', say)
await page.goto(blank)
await page.evaluate(
  ({ url, broadcast, token }) => {
    const waiting = new Set(['system', 'open'])
    const ready = what => waiting.delete(what) && waiting.size === 0 && window.say({ event: 'ready' })
    const changes = new EventSource(`${url}&apikey=${token}`)
    changes.onmessage = ({ data }) => window.say({ event: 'change', change: JSON.parse(data) })
    changes.addEventListener('system', ({ data }) => {
      window.say({ event: 'system', message: JSON.parse(data) })
      ready('system')
    })
    changes.onerror = () => window.say({ event: 'broken', state: changes.readyState })
    const news = new EventSource(`${broadcast}&apikey=${token}`)
    news.onopen = () => ready('open')
    news.onmessage = ({ data }) => window.say({ event: 'broadcast', message: JSON.parse(data) })
  },
  { url, broadcast, token: process.env.TOKEN },
)
await new Promise(resolve => process.stdin.resume().on('close', resolve))
await browser.close()
process.exit(0)
