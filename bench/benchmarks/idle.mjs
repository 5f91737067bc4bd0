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
  minutes: 6,
  async run(options) {
    const [rounds, seconds] = options.quick ? [2, 3] : [3, 30]
    const database = await Database.start()
    const load = await Load.start()
    const all = await servers(database, options, ['native', 'debezium'])
    for (const server of all) await load.open(server.name, CLIENTS, server.listening())
    await sleep(options.quick ? 2000 : 60_000)
    const result = new Result(all[0].name, [`${rounds} windows of ${seconds} s each in turns, from a minute after the last client joined; the other server stands still. Heartbeats of clients are not sent, pings of the server are answered.`])
    for (let round = 0; round < rounds; round++) {
      for (const server of all) {
        alone(server.program, all.map(other => other.program))
        await sleep(1000)
        const [, cpu] = await charged(server.program, () => sleep(seconds * 1000))
        result.add('idle CPU', '% of a core', server.name, cpu / seconds * 100,
          { target: [{ who: 'Walcast native', max: 1 }, { who: 'Walcast debezium', max: 15 }] })
      }
    }
    return result
  },
}
