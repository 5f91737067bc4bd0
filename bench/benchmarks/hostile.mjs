import { setTimeout as sleep } from 'node:timers/promises'
import { servers } from '../lib/contest.mjs'
import { Result } from '../lib/report.mjs'
import { Database, percentile } from '../lib/server.mjs'

const now = () => performance.timeOrigin + performance.now()

export default {
  about: 'latency of an ordinary client beside one with 1,000 of the most expensive filters that are accepted',
  readers: true,
  server: true,
  async run(options) {
    const database = await Database.start()
    const [server] = await servers(database, options, ['debezium'])
    const latencies = []
    await server.client(({ record }) => latencies.push(now() - Number(record.author) * 1000), 'room_id=eq.watched')
    const run = async () => {
      latencies.length = 0
      const began = performance.now()
      for (let i = 0; i < (options.quick ? 100 : 500); i++) {
        await sleep(Math.max(0, began + i * 10 - performance.now()))
        await server.db.query(`insert into messages (room_id, author, body)
          values ('watched', extract(epoch from clock_timestamp())::text, repeat('ab', 3000))`)
      }
      await sleep(500)
      return [percentile(latencies, 0.5), percentile(latencies, 0.99)]
    }
    await run()
    const before = await run()
    let ended = 0
    const answered = await server.manyFilters(1000, n => `body=match.(ab|ba)*(a|b|ab)*${n}(a*)*\\1$`, () => ended++)
    const during = await run()
    const result = new Result('beside 1,000 hostile filters', [`100 changes a second over bodies of 6 kB; ${answered} channels of 200 such filters answered, ${ended} messages of trouble.`])
    for (const [who, [p50, p99]] of [['alone', before], ['beside 1,000 hostile filters', during]]) {
      result.add('commit → client, p50', 'ms', who, p50)
      result.add('commit → client, p99', 'ms', who, p99)
    }
    return result
  },
}
