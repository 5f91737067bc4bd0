// 500 clients join one room and track, all at once: until each has seen all others. The same clients against Walcast and
// against the plain way, a `ws` server on Node.js that tells every member of each join by itself.
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import { Server, cpuSeconds, percentile } from './server.mjs'

const MEMBERS = 500
const ROUNDS = 10
const PLAIN_ROUNDS = 2

export async function presence() {
  const server = await Server.start()
  const url = `${server.env.WALCAST_URL.replace('http', 'ws')}/realtime/v1/websocket?vsn=2.0.0&apikey=${server.env.ANON_KEY}`
  const ours = await rounds(url, () => server.cpuSeconds(), ROUNDS)
  report('Walcast', ours)
  await server.stop()
  const plain = spawn(process.execPath, ['plain-presence.mjs'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = Number(await new Promise(resolve => plain.stdout.once('data', resolve)))
  const theirs = await rounds(`ws://127.0.0.1:${port}`, () => cpuSeconds(plain.pid), PLAIN_ROUNDS)
  plain.kill()
  report('baseline, one message for each join and member', theirs)
  console.log(`ratio: ${(theirs.seconds / ours.seconds).toFixed(1)} in time, ${(theirs.cpu / ours.cpu).toFixed(1)} in CPU`)
  process.exit(0)
}

function report(name, { first, seconds, cpu, frames, bytes }) {
  console.log(`${name}: all ${MEMBERS} see all after ${seconds.toFixed(2)} s (the first time ${first.toFixed(2)} s), ` +
    `${cpu.toFixed(2)} us server CPU a pair, ${frames.toFixed(0)} messages of ${(bytes / frames / 1024).toFixed(1)} KB for each member`)
}

/** Each round in a room of its own; the first half warms up. */
async function rounds(url, cpuSeconds, count) {
  const sockets = []
  for (let i = 0; i < MEMBERS; i++) sockets.push(await open(url))
  const results = []
  for (let round = 0; round < count; round++) {
    await sleep(1000)
    results.push(await everybodySeesAll(sockets, `realtime:room${round}`, cpuSeconds))
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

async function everybodySeesAll(sockets, topic, cpuSeconds) {
  const cpu = cpuSeconds()
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
  const used = cpuSeconds() - cpu
  sockets.forEach(socket => socket.send(JSON.stringify(['join', 'leave', topic, 'phx_leave', {}])))
  return { seconds, cpu: used / sockets.length ** 2 * 1e6, frames: frames / sockets.length, bytes: bytes / sockets.length }
}
