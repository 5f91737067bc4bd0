import { Load } from '../lib/load.mjs'
import { Program, java } from '../lib/processes.mjs'
import { Result } from '../lib/report.mjs'
import { Readers, charged, servers } from '../lib/contest.mjs'
import { Database, TIME } from '../lib/server.mjs'

const CHANNELS = 100
const BINDINGS = 200
const TRANSACTION = 1000

export default {
  about: 'rows a second through 100,000 filters that no row matches, and to one client, beside the readers alone and pg_recvlogical',
  readers: true,
  server: true,
  minutes: 8,
  async run(options) {
    const [rounds, rows, sockets] = options.quick ? [1, 20_000, 1] : [3, 200_000, 5]
    const database = await Database.start()
    const load = await Load.start()
    const walcasts = await servers(database, options, ['native', 'debezium'], { MAX_JOINS_PER_SECOND: '1000000', MAX_CLIENT_JOINS_PER_SECOND: '1000000' })
    const readers = []
    for (const server of walcasts) {
      readers.push(await filtered(load, server, sockets), await alone(database, server.reader))
    }
    const all = new Readers(database, readers)
    const result = new Result(readers[0].name, [`${rows.toLocaleString('en')} rows in transactions of ${TRANSACTION.toLocaleString('en')}, written while no reader runs, walsenders included; then one after the other reads the same log.`])
    const targets = [{ who: 'Walcast native', of: 'pg_recvlogical', min: 0.8 }, { who: 'Walcast debezium', of: 'debezium alone', min: 0.9 }]
    const filters = (sockets * CHANNELS * BINDINGS).toLocaleString('en')
    for (let round = -1; round < rounds; round++) {
      await contest({ database, all, rows: round < 0 ? Math.min(rows, 40_000) : rows }, (who, rate, micros) => {
        if (round < 0) return
        result.add(`${filters} filters, no match`, 'rows/s', who, rate, { target: targets })
        if (micros) result.add(`${filters} filters, no match: CPU for a row`, 'µs', who, micros)
      })
    }
    await toOne({ database, load, walcasts, rows, rounds, result })
    return result
  },
}

/** All participants read the same rows, one after the other. */
async function contest({ database, all, rows }, found) {
  const plain = await PlainReading.prepare(database)
  await all.pauseAll()
  await write(database.db, rows)
  await plain.end()
  for (const one of all.all) {
    const began = performance.now()
    const before = one.program.cpuSeconds()
    all.resume(one)
    await one.read()
    found(one.name, rows / (performance.now() - began) * 1000, (one.program.cpuSeconds() - before) / rows * 1e6)
    all.pause(one)
  }
  found('pg_recvlogical', rows / await plain.seconds())
  all.resumeAll()
}

/** The last row is for the one client that waits for it. */
async function write(db, rows) {
  for (let i = 0; i < rows; i += TRANSACTION) {
    await db.query(`insert into messages (room_id, body) select 'elsewhere', 'row ' || n from generate_series(1, ${TRANSACTION}) n`)
  }
  await db.query(`insert into messages (room_id, body) values ('end', ${TIME})`)
}

async function filtered(load, server, sockets) {
  for (let socket = 0; socket < sockets; socket++) {
    const hello = Array.from({ length: CHANNELS }, (_, channel) => JSON.stringify([`${channel}`, `${channel}`, `realtime:c${channel}`, 'phx_join',
      { config: { postgres_changes: Array.from({ length: BINDINGS }, (_, n) => ({ event: '*', schema: 'public', table: 'messages',
        filter: `room_id=eq.room-${(socket * CHANNELS + channel) * BINDINGS + n}` })) } }]))
    await load.open(`${server.name} ${socket}`, 1, { ...server.listening(), hello, readyTimes: CHANNELS })
  }
  const group = `${server.name} end`
  await load.open(group, 1, server.joined({ changes: [{ event: '*', schema: 'public', table: 'messages', filter: 'room_id=eq.end' }] }))
  return { name: server.name, program: server.program, slot: `bench_${server.reader}`,
    read: async () => {
      await load.frames(group, 1)
      await load.reset(group)
    } }
}

async function alone(database, reader) {
  const program = await java('ReaderAlone', [reader, database.keys.superuserUrl, `alone_${reader}`], { ready: /reading\n/ })
  return { name: `${reader} alone`, program, slot: `alone_${reader}`, read: () => program.says(/rows \d+\n/, 120) }
}

/** pg_recvlogical with a slot of its own. */
class PlainReading {
  static async prepare(database) {
    await database.db.query(`select pg_create_logical_replication_slot('bench_recvlogical', 'pgoutput')`)
    return Object.assign(new PlainReading(), { database })
  }

  async end() {
    this.lsn = (await this.database.db.query('select pg_current_wal_flush_lsn() as lsn')).rows[0].lsn
    await this.database.db.query(`select pg_logical_emit_message(false, 'end', '')`)
  }

  async seconds() {
    const began = performance.now()
    const program = await Program.start('pg_recvlogical', ['-d', this.database.keys.superuserUrl, '--slot', 'bench_recvlogical', '--start',
      '-f', '/dev/null', '--endpos', this.lsn, '-o', 'proto_version=1', '-o', 'publication_names=supabase_realtime'], { ready: /^/ })
    if (program.child.exitCode === null) await new Promise(resolve => program.child.once('exit', resolve))
    const seconds = (performance.now() - began) / 1000
    if (program.child.exitCode !== 0) throw new Error('pg_recvlogical failed')
    await this.database.db.query(`select pg_drop_replication_slot('bench_recvlogical')`)
    return seconds
  }
}

/** Counted at the receiver: every row in its own frame. */
async function toOne({ database, load, walcasts, rows, rounds, result }) {
  const all = new Readers(database, walcasts.map(server => ({ name: `${server.name} one`, server, program: server.program, slot: `bench_${server.reader}` })))
  for (const { name, server } of all.all) await load.open(name, 1, server.listening())
  for (let round = -1; round < rounds; round++) {
    await all.pauseAll()
    for (let i = 0; i < rows; i += TRANSACTION) {
      await database.db.query(`insert into messages (body) select ${TIME} from generate_series(1, ${TRANSACTION})`)
    }
    for (const one of all.all) {
      const began = performance.now()
      const [, cpu] = await charged(one.program, () => {
        all.resume(one)
        return load.frames(one.name, rows)
      })
      const seconds = (performance.now() - began) / 1000
      await load.reset(one.name)
      all.pause(one)
      if (round < 0) continue
      result.add('every row to one client', 'rows/s', one.server.name, rows / seconds)
      result.add('every row to one client: CPU for a row', 'µs', one.server.name, cpu / rows * 1e6)
    }
    all.resumeAll()
  }
}
