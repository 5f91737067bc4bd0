// A user in a real browser with an unmodified supabase-js. Says what they see as JSON lines; obeys commands, one JSON a line on
// standard input: {"cmd":"token","token":"..."}, {"cmd":"close"}.
import chromium from '@sparticuz/chromium'
import { chromium as playwright } from 'playwright-core'
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'

const { url, page: blank, table } = JSON.parse(process.argv[2])
const token = process.env.TOKEN
const say = message => process.stdout.write(JSON.stringify(message) + '\n')
const bundle = createRequire(import.meta.url).resolve('@supabase/supabase-js').replace(/index\.cjs$/, 'umd/supabase.js')
const args = [...chromium.args, '--disable-quic', '--no-first-run', '--disable-background-networking']

const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args, headless: true })
const page = await browser.newPage()
page.on('pageerror', error => say({ event: 'failure', message: error.message }))
await page.exposeFunction('say', say)
await page.goto(blank)
await page.addScriptTag({ path: bundle })
await page.evaluate(
  ({ url, token, table }) => {
    window.client = window.supabase.createClient(url, token, { auth: { persistSession: false, autoRefreshToken: false } })
    window.client
      .channel('mine')
      .on('postgres_changes', { event: '*', schema: 'public', table }, change => window.say({ event: 'change', change }))
      .on('system', {}, message => window.say({ event: 'system', message }))
      .subscribe(status => window.say({ event: 'status', status }))
  },
  { url, token, table },
)

for await (const line of createInterface({ input: process.stdin })) {
  const { cmd, token } = JSON.parse(line)
  if (cmd === 'token') await page.evaluate(token => window.client.realtime.setAuth(token), token)
  if (cmd === 'close') break
}
await browser.close()
process.exit(0)
