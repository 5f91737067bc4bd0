// 500 clients join one room and track, all at once: until each has seen all others. The same clients against Walcast and
// against a plain `ws` server on Node.js that sends each join to every member by itself.
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import { servers } from '../lib/contest.mjs'
import { node } from '../lib/processes.mjs'
import { Result } from '../lib/report.mjs'
import { Database, percentile } from '../lib/server.mjs'

export default {
  about: 'clients join one room and track, all at once, until each has seen all others; beside one message for each join and member',
  readers: true,
  server: true,
  async run(options) {
    const [members, ours, theirs] = options.quick ? [100, 4, 1] : [500, 10, 2]
    const database = await Database.start()
    const [server] = await servers(database, options, ['native'])
    const plain = await node('plain-presence.mjs')
    const result = new Result(server.name, [`${members} sockets; ${ours} rounds of which the first half warms up, ${theirs} of the baseline, a ws server that tells every member of each join by itself.`])
    report(result, server.name, await rounds(`ws://127.0.0.1:${server.port}${server.path}`, server.program, members, ours))
    report(result, 'plain ws', await rounds(`ws://127.0.0.1:${plain.port}`, plain, members, theirs))
    return result
  },
}

function report(result, name, { first, seconds, cpu, frames, bytes }) {
  result.add('until all see all', 's', name, seconds)
  result.add('the first time', 's', name, first)
  result.add('server CPU for each pair of members', 'µs', name, cpu)
  result.add('messages for each member', '', name, frames)
  result.add('their size', 'KB', name, bytes / frames / 1024)
}

/** Each round in a room of its own; the first half warms up. */
async function rounds(url, program, members, count) {
  const sockets = []
  for (let i = 0; i < members; i++) sockets.push(await open(url))
  const results = []
  for (let round = 0; round < count; round++) {
    await sleep(1000)
    results.push(await allSeeAll(sockets, `realtime:room${round}`, program))
  }
  sockets.forEach(socket => socket.terminate())
  const later = results.slice(Math.ceil(count / 2))
  const median = of => percentile(later.map(of), 0.5)
  return { first: results[0].seconds, seconds: median(r => r.seconds), cpu: median(r => r.cpu), frames: median(r => r.frames), bytes: median(r => r.bytes) }
}

async function open(url) {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
  return socket
}

async function allSeeAll(sockets, topic, program) {
  const cpu = program.cpuSeconds()
  const began = performance.now()
  let frames = 0
  let bytes = 0
  const members = sockets.map((socket, i) => new Promise((resolve, reject) => {
    const seen = new Set()
    socket.removeAllListeners('message')
    socket.on('message', data => {
      const [, ref, of, event, payload] = JSON.parse(data)
      if (of !== topic) return
      frames++
      bytes += data.length
      if (payload.status === 'error') reject(new Error(JSON.stringify(payload)))
      if (event === 'phx_reply' && ref === 'join') {
        socket.send(JSON.stringify(['join', 'track', topic, 'presence', { type: 'presence', event: 'track', payload: { name: `member ${i}`, at: i } }]))
      }
      for (const key in event === 'presence_state' ? payload : payload.joins ?? {}) seen.add(key)
      if (seen.size === sockets.length) resolve()
    })
    const config = { presence: { key: `key-${i}`, enabled: true } }
    socket.send(JSON.stringify(['join', 'join', topic, 'phx_join', { config }]))
  }))
  await Promise.all(members)
  const seconds = (performance.now() - began) / 1000
  await sleep(100)
  const used = program.cpuSeconds() - cpu
  sockets.forEach(socket => socket.send(JSON.stringify(['join', 'leave', topic, 'phx_leave', {}])))
  return { seconds, cpu: used / sockets.length ** 2 * 1e6, frames: frames / sockets.length, bytes: bytes / sockets.length }
}
