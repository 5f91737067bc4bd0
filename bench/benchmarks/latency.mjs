import { alone, charged, servers } from '../lib/contest.mjs'
import { Load } from '../lib/load.mjs'
import { javaServer } from '../lib/processes.mjs'
import { Result } from '../lib/report.mjs'
import { Database, TIME, percentile } from '../lib/server.mjs'

const PER_SECOND = 100

export default {
  about: `from the commit to the client at ${PER_SECOND} changes a second, beside a bare relay of the log`,
  readers: true,
  server: true,
  async run(options) {
    const [rounds, count] = options.quick ? [2, 100] : [3, 1000]
    const database = await Database.start()
    const load = await Load.start()
    const walcasts = await servers(database, options, ['native', 'debezium'])
    const relay = await javaServer('baseline.BareRelay', [database.keys.superuserUrl, 'bench_relay', 'supabase_realtime'])
    const all = walcasts.map(server => ({ name: server.name, program: server.program, target: server.listening() }))
    all.push({ name: 'bare relay', program: relay, target: { port: relay.port } })
    for (const one of all) await load.open(one.name, 1, one.target)
    const result = new Result(all[0].name, ['From clock_timestamp() in the INSERT, before its commit, to the client; one clock. One reader runs at a time, the others stand still.'])
    const feed = new Feed(database.db, load, all)
    await feed.turn(all[0], 200)
    for (let round = 0; round < rounds; round++) {
      for (const one of all) {
        await feed.turn(one, options.quick ? 100 : 200)
        const [{ run, statements, seconds }, cpu] = await charged(one.program, () => feed.turn(one, count))
        const target = (native, debezium) => [{ who: 'Walcast native', max: native }, { who: 'Walcast debezium', max: debezium }]
        result.add('commit → client, p50', 'ms', one.name, run.p50, { target: target(1.5, 8) })
        result.add('commit → client, p99', 'ms', one.name, run.p99, { target: target(8, 25) })
        result.add('the INSERT alone, p50', 'ms', one.name, percentile(statements, 0.5))
        result.add('server CPU at this rate', '% of a core', one.name, cpu / seconds * 100)
      }
    }
    return result
  },
}

class Feed {
  constructor(db, load, all) {
    Object.assign(this, { db, load, all, missed: new Map(all.map(one => [one, 0])) })
  }

  /** Only this one runs; it catches up first. */
  async turn(one, count) {
    alone(one.program, this.all.map(other => other.program))
    await this.load.frames(one.name, this.missed.get(one))
    await this.load.reset(one.name)
    this.missed.set(one, 0)
    const statements = []
    const began = performance.now()
    for (let i = 0; i < count; i++) {
      await new Promise(resolve => setTimeout(resolve, began + i * 1000 / PER_SECOND - performance.now()))
      const before = performance.now()
      await this.db.query(`insert into messages (body) values (${TIME})`)
      statements.push(performance.now() - before)
    }
    const run = await this.load.frames(one.name, count)
    const seconds = (performance.now() - began) / 1000
    for (const other of this.all) if (other !== one) this.missed.set(other, this.missed.get(other) + count)
    await this.load.reset(one.name)
    return { run, statements, seconds }
  }
}
