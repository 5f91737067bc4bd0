// A table of 100,000 rows as a snapshot, beside a plain SELECT of the same rows by node-postgres: ratios of interleaved rounds.
// Alone: node snapshot.mjs; it starts its own server and ends it.
import pg from 'pg'
import WebSocket from 'ws'
import { Server } from './server.mjs'

const ROWS = 100_000
const ROUNDS = 7
const median = values => values.toSorted((a, b) => a - b)[values.length >> 1]

/** Joins, takes the rows and waits until the binding is live. */
function take(server) {
  const url = `${server.env.WALCAST_URL.replace('http', 'ws')}/realtime/v1/websocket?vsn=2.0.0&apikey=${server.env.ANON_KEY}`
  const socket = new WebSocket(url, { perMessageDeflate: false })
  const binding = { event: '*', schema: 'public', table: 'messages', snapshot: true }
  const taken = { rows: 0, bytes: 0, firstMs: 0, ms: 0 }
  const began = performance.now()
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('open', () =>
      socket.send(JSON.stringify(['1', '1', 'realtime:bench', 'phx_join', { config: { postgres_changes: [binding] } }])))
    socket.on('message', data => {
      const [, , , event, payload] = JSON.parse(data)
      if (event !== 'system') return
      if (payload.snapshot) {
        taken.firstMs ||= performance.now() - began
        taken.rows += payload.snapshot.rows.length
        taken.bytes += data.length
        return
      }
      taken.ms = performance.now() - began
      socket.close()
      if (payload.status === 'ok') resolve(taken)
      else reject(new Error(payload.message))
    })
  })
}

async function select(server) {
  const client = new pg.Client(server.env.DATABASE_URL)
  const began = performance.now()
  await client.connect()
  const { rows } = await client.query('select * from messages')
  await client.end()
  return { rows: rows.length, ms: performance.now() - began }
}

export async function snapshot() {
  const server = await Server.start()
  try {
    await server.db.query('truncate messages')
    await server.db.query(`insert into messages (body) select 'row ' || n || repeat('x', 80) from generate_series(1, ${ROWS}) n`)
    await server.db.query('vacuum analyze messages')
    await take(server)
    await select(server)
    const taken = []
    const plain = []
    const cpu = []
    for (let i = 0; i < ROUNDS; i++) {
      const before = server.cpuSeconds()
      taken.push(await take(server))
      cpu.push(server.cpuSeconds() - before)
      plain.push(await select(server))
    }
    if (taken.some(one => one.rows !== ROWS) || plain.some(one => one.rows !== ROWS)) throw new Error('rows are missing')
    const ms = median(taken.map(one => one.ms))
    const plainMs = median(plain.map(one => one.ms))
    console.log(`snapshot of ${ROWS} rows, ${(taken[0].bytes / 1e6).toFixed(1)} MB: ${ms.toFixed(0)} ms, first chunk after ${median(taken.map(one => one.firstMs)).toFixed(0)} ms, ${(ROWS / ms * 1000).toFixed(0)} rows/s, ${(median(cpu) / ROWS * 1e6).toFixed(1)} us CPU of the server for each`)
    console.log(`baseline, SELECT by node-postgres: ${plainMs.toFixed(0)} ms, ${(ROWS / plainMs * 1000).toFixed(0)} rows/s`)
    console.log(`ratio of the times: ${(ms / plainMs).toFixed(2)}`)
  } finally {
    await server.db.end()
    server.process.kill('SIGTERM')
  }
}

if (process.argv[1] === import.meta.filename) await snapshot()
