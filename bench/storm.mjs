// Everybody comes back at once: after a cut, and after a restart of the server.
import { setTimeout as sleep } from 'node:timers/promises'
import { Server } from './server.mjs'

const CLIENTS = Number(process.env.CLIENTS ?? 5000)
const MISSED = 20

/** What pg_stat_database has counted; backends that became idle tell at the latest after ten seconds. */
async function transactions(server) {
  await sleep(11_000)
  const { rows } = await server.db.query(
    `select sum(xact_commit + xact_rollback)::int as count from pg_stat_database where datname = current_database()`)
  return { count: rows[0].count, at: performance.now() }
}

async function idleRate(server) {
  const first = await transactions(server)
  const second = await transactions(server)
  return (second.count - first.count) / (second.at - first.at)
}

async function comeBack(server, title, places, idle) {
  const before = await transactions(server)
  const cpu = server.cpuSeconds()
  const began = performance.now()
  const sockets = await Promise.all(places.map(place => server.resumer(place)))
  const seconds = (performance.now() - began) / 1000
  const used = server.cpuSeconds() - cpu
  const after = await transactions(server)
  const asked = after.count - before.count - idle * (after.at - before.at)
  const told = new Set(sockets.map(socket => socket.replayed ?? 'no'))
  console.log(`${title}: ${sockets.length} clients live in ${seconds.toFixed(1)} s, each told that ${[...told].join(' or ')} changes were replayed`)
  console.log(`  ${Math.max(0, asked).toFixed(0)} database transactions beyond the idle ${(idle * 1000).toFixed(1)}/s, ${(used / sockets.length * 1000).toFixed(2)} ms CPU a client`)
  return sockets
}

export async function storm() {
  let server = await Server.start()
  const insert = () => server.db.query(`insert into messages (body) select 'row ' || n from generate_series(1, ${MISSED}) n`)
  await server.resumer() // rights and policies are only looked up for somebody
  const idle = await idleRate(server)
  let sockets = await comeBack(server, 'baseline, joining live', Array(CLIENTS).fill(undefined), idle)
  for (const restart of [false, true]) {
    const places = sockets.map(socket => socket.position)
    sockets.forEach(socket => socket.terminate())
    await insert()
    if (restart) {
      const { folder } = server
      await server.stop(true)
      server = await Server.start(folder)
    }
    sockets = await comeBack(server, restart ? 'after a restart' : 'after a cut', places, idle)
  }
  sockets.forEach(socket => socket.terminate())
  await server.stop()
  process.exit(0)
}
