import { setTimeout as sleep } from 'node:timers/promises'
import { charged, servers } from '../lib/contest.mjs'
import { Result } from '../lib/report.mjs'
import { Database } from '../lib/server.mjs'

const MISSED = 20

export default {
  about: '5,000 clients reconnect at once, after a cut and after a restart of the server; beside joining live',
  readers: true,
  server: true,
  minutes: 8,
  async run(options) {
    const clients = options.quick ? 300 : 5000
    const database = await Database.start()
    const start = async () => (await servers(database, options, ['native']))[0]
    let server = await start()
    await server.resumer() // rights and policies are only looked up for a client
    const result = new Result('joining live')
    const idle = await idleRate(database)
    let sockets = await comeBack({ database, server, idle, result }, 'joining live', Array(clients).fill(undefined))
    for (const restart of [false, true]) {
      const places = sockets.map(socket => socket.position)
      sockets.forEach(socket => socket.terminate())
      await database.db.query(`insert into messages (body) select 'row ' || n from generate_series(1, ${MISSED}) n`)
      if (restart) {
        await server.program.end()
        server = await start()
      }
      sockets = await comeBack({ database, server, idle, result }, restart ? 'after a restart' : 'after a cut', places)
    }
    sockets.forEach(socket => socket.terminate())
    result.notes.unshift(`${clients.toLocaleString('en')} clients, each missed ${MISSED} changes; once each, a second storm would find everything warm. ${(idle * 1000).toFixed(1)} transactions a second when idle are taken off.`)
    return result
  },
}

/** The counters of pg_stat_database. Backends that became idle report within ten seconds. */
async function transactions(database) {
  await sleep(11_000)
  const { rows } = await database.db.query(
    `select sum(xact_commit + xact_rollback)::int as count from pg_stat_database where datname = current_database()`)
  return { count: rows[0].count, at: performance.now() }
}

async function idleRate(database) {
  const first = await transactions(database)
  const second = await transactions(database)
  return (second.count - first.count) / (second.at - first.at)
}

async function comeBack({ database, server, idle, result }, who, places) {
  const before = await transactions(database)
  const began = performance.now()
  const [[sockets, seconds], cpu] = await charged(server.program, async () => {
    const back = await Promise.all(places.map(place => server.resumer(place)))
    return [back, (performance.now() - began) / 1000]
  })
  const after = await transactions(database)
  const told = new Set(sockets.map(socket => socket.replayed ?? 'no'))
  result.add('until all are live', 's', who, seconds)
  result.add('server CPU for each client', 'ms', who, cpu / sockets.length * 1000)
  result.add('database transactions', '', who, Math.max(0, after.count - before.count - idle * (after.at - before.at)))
  result.notes.push(`${who}: each received the number of replayed changes: ${[...told].join(' or ')}.`)
  return sockets
}
