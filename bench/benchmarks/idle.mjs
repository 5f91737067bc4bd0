import { setTimeout as sleep } from 'node:timers/promises'
import { alone, charged, servers } from '../lib/contest.mjs'
import { Load } from '../lib/load.mjs'
import { Result } from '../lib/report.mjs'
import { Database } from '../lib/server.mjs'

const CLIENTS = 1000

export default {
  about: `processor use with ${CLIENTS.toLocaleString('en')} clients joined for changes and nothing happening`,
  readers: true,
  server: true,
  minutes: 10,
  async run(options) {
    const { rounds, seconds, settle } = options.quick ? { rounds: 2, seconds: 3, settle: 2 } : { rounds: 3, seconds: 30, settle: 240 }
    const database = await Database.start()
    const load = await Load.start()
    const all = await servers(database, options, ['native', 'debezium'])
    for (const server of all) await load.open(server.name, CLIENTS, server.listening())
    const result = new Result(all[0].name, [
      `Settled: from ${settle} s after the last client joined, ${rounds} windows of ${seconds} s each in turns, the other server standing still; at first: one such window before, while the JVM still compiles what it runs once a second.`,
      'Heartbeats of clients are not sent, pings of the server are answered.'])
    const window = async (server, measure, how) => {
      alone(server.program, all.map(other => other.program))
      await sleep(1000)
      const [, cpu] = await charged(server.program, () => sleep(seconds * 1000))
      result.add(measure, '% of a core', server.name, cpu / seconds * 100, how)
    }
    await sleep(5000)
    for (const server of all) await window(server, 'idle CPU at first', {})
    all.forEach(server => server.program.resume())
    await sleep(settle * 1000)
    for (let round = 0; round < rounds; round++) {
      for (const server of all) {
        await window(server, 'idle CPU, settled', { target: [{ who: 'Walcast native', max: 1 }, { who: 'Walcast debezium', max: 15 }] })
      }
    }
    return result
  },
}
