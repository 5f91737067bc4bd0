// An unmodified supabase-js client that listens to table changes. Says what happens as JSON lines; obeys commands, one JSON a
// line on standard input: {"cmd":"digest"}, {"cmd":"broadcast"}, {"cmd":"track","object":{}}, {"cmd":"untrack"},
// {"cmd":"token","token":"..."}, {"cmd":"ack"} (of the last change), {"cmd":"cut"}, {"cmd":"close"}. A binding's filter may be calls of the client's own filter
// builder: [["gt", "id", 1], ["not", "room", "like", "a%"]]. With {"resume":true} every binding says at each join where the last
// change was.
import { createClient, postgresChangesFilter } from '@supabase/supabase-js'
import { createInterface } from 'node:readline'
import WebSocket from 'ws'

const { bindings = [], quiet = false, resume = false, channel: name = 'test', presence } = JSON.parse(process.argv[2])
const say = message => process.stdout.write(JSON.stringify(message) + '\n')

let socket
let position

class Socket extends WebSocket {
  constructor(...args) {
    super(...args)
    socket = this
    this.on('message', text => {
      position = /"position":"([^"]+)"/.exec(text)?.[1] ?? position
    })
  }
}

const client = createClient(process.env.WALCAST_URL, process.env.ANON_KEY, {
  auth: { persistSession: false, autoRefreshToken: false },
  realtime: { transport: Socket },
})

const digest = { count: 0, first: null, last: null, ordered: true, distinct: 0 }
const seen = new Set()

let lastTimestamp

function onChange(change, binding) {
  lastTimestamp = change.commit_timestamp
  if (!quiet) return say({ event: 'change', change, binding })
  const { id } = change.new
  digest.first ??= id
  digest.ordered &&= digest.last === null || id > digest.last
  digest.last = id
  digest.count++
  seen.add(id)
}

const channel = client.channel(name, { config: { broadcast: { self: true, ack: true }, ...(presence && { presence: { key: presence } }) } })
const filter = calls => calls.reduce((builder, [method, ...args]) => builder[method](...args), postgresChangesFilter())
for (const binding of bindings) {
  if (resume) Object.defineProperty(binding, 'resume', { enumerable: true, get: () => lastTimestamp })
  const built = Array.isArray(binding.filter) ? { ...binding, filter: filter(binding.filter) } : binding
  channel.on('postgres_changes', built, change => onChange(change, binding.name))
}
if (presence) {
  channel
    .on('presence', { event: 'sync' }, () => say({ event: 'sync', state: channel.presenceState() }))
    .on('presence', { event: 'join' }, ({ key, newPresences }) => say({ event: 'join', key, newPresences }))
    .on('presence', { event: 'leave' }, ({ key, leftPresences }) => say({ event: 'leave', key, leftPresences }))
}
channel
  .on('broadcast', { event: '*' }, message => say({ event: 'broadcast', message }))
  .on('system', {}, message => say({ event: 'system', message }))
  .subscribe((status, error) => say({ event: 'status', status, error: error?.message }))

for await (const line of createInterface({ input: process.stdin })) {
  const { cmd, token, object } = JSON.parse(line)
  if (cmd === 'digest') say({ event: 'digest', ...digest, distinct: seen.size })
  if (cmd === 'broadcast') {
    const answer = await channel.send({ type: 'broadcast', event: 'greeting', payload: { text: 'héllo' } })
    say({ event: 'sent', answer })
  }
  if (cmd === 'track') say({ event: 'tracked', answer: await channel.track(object) })
  if (cmd === 'untrack') say({ event: 'untracked', answer: await channel.untrack() })
  if (cmd === 'ack') {
    const answer = await channel.send({ type: 'postgres_changes', event: 'ack', payload: { position } })
    say({ event: 'acked', answer })
  }
  if (cmd === 'cut') socket.terminate()
  if (cmd === 'token') await client.realtime.setAuth(token)
  if (cmd === 'close') break
}
await client.removeAllChannels()
process.exit(0)
