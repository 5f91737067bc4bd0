import pg from 'pg'
import WebSocket from 'ws'
import { charged, servers } from '../lib/contest.mjs'
import { Result } from '../lib/report.mjs'
import { Database } from '../lib/server.mjs'

export default {
  about: 'a table of 100,000 rows as a snapshot, beside a plain SELECT of the same rows by node-postgres',
  readers: true,
  server: true,
  async run(options) {
    const [rounds, rows] = options.quick ? [2, 10_000] : [7, 100_000]
    const database = await Database.start()
    const [server] = await servers(database, options, ['native'])
    await database.db.query(`insert into messages (body) select 'row ' || n || repeat('x', 80) from generate_series(1, ${rows}) n`)
    await database.db.query('vacuum analyze messages')
    const result = new Result('snapshot', [])
    for (let round = -1; round < rounds; round++) {
      const [taken, cpu] = await charged(server.program, () => take(server))
      const plain = await select(database)
      if (taken.rows !== rows || plain.rows !== rows) throw new Error('rows are missing')
      if (round < 0) continue
      result.add('time', 'ms', 'snapshot', taken.ms)
      result.add('time', 'ms', 'SELECT', plain.ms)
      result.add('rows a second', '/s', 'snapshot', rows / taken.ms * 1000)
      result.add('rows a second', '/s', 'SELECT', rows / plain.ms * 1000)
      result.add('first chunk after', 'ms', 'snapshot', taken.firstMs)
      result.add('server CPU for each row', 'µs', 'snapshot', cpu / rows * 1e6)
      result.add('size', 'MB', 'snapshot', taken.bytes / 1e6)
    }
    result.notes.push(`${rows.toLocaleString('en')} rows; the client of both is Node.js.`)
    return result
  },
}

/** Joins, takes the rows and waits until the binding is live. */
function take(server) {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${server.path}`, { perMessageDeflate: false })
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
        if (payload.snapshot.first) taken.rows = taken.bytes = 0 // anew, when the window let go of what the rows need
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

async function select(database) {
  const client = new pg.Client(database.keys.superuserUrl)
  const began = performance.now()
  await client.connect()
  const { rows } = await client.query('select * from messages')
  await client.end()
  return { rows: rows.length, ms: performance.now() - began }
}
