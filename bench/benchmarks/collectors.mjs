import { setTimeout as sleep } from 'node:timers/promises'
import { walcast } from '../lib/contest.mjs'
import { Load } from '../lib/load.mjs'
import { Result } from '../lib/report.mjs'
import { Database, Server } from '../lib/server.mjs'

const COLLECTORS = { Serial: '-XX:+UseSerialGC', Parallel: '-XX:+UseParallelGC', G1: '-XX:+UseG1GC', ZGC: '-XX:+UseZGC' }
const HEAPS = ['128m', '512m', '2g']
const BASELINE = 'Serial'
const CLIENTS = 200
const PER_SECOND = 100
const IDLE_SECONDS = 5

export default {
  about: 'collectors, with and without compact object headers, at 128 MB, 512 MB and 2 GB of heap: latency, throughput, memory given back',
  readers: true,
  server: true,
  minutes: 15,
  async run(options) {
    const seconds = options.quick ? 3 : 8
    const reader = options.readers?.[0] ?? 'debezium'
    const database = await Database.start()
    const load = await Load.start()
    const result = new Result(BASELINE, [`Broadcasts of 200 bytes to ${CLIENTS} clients, ${PER_SECOND} a second for ${seconds} s, then as fast as they are received. `
      + `RSS is the resident set of the server right after the load, and ${IDLE_SECONDS} s later. Reader: ${reader}. One server at a time.`])
    const before = process.env.WALCAST_JAVA_OPTS
    try {
      for (const heap of HEAPS) {
        for (const [name, flag] of Object.entries(COLLECTORS)) {
          for (const compact of [false, true]) {
            process.env.WALCAST_JAVA_OPTS = `-XX:-UseSerialGC ${flag} -Xmx${heap} ${compact ? '-XX:+UseCompactObjectHeaders' : ''}`.trim()
            await measure(`${name}${compact ? ' compact' : ''}`, heap, { database, load, result, reader, seconds, options })
          }
        }
      }
    } finally {
      if (before === undefined) delete process.env.WALCAST_JAVA_OPTS
      else process.env.WALCAST_JAVA_OPTS = before
    }
    return result
  },
}

async function measure(name, heap, { database, load, result, reader, seconds, options }) {
  const who = `${name} ${heap}`
  const server = await Server.start(database, reader, options.settings)
  try {
    server.name = who
    const ours = walcast(server)
    await ours.open(load, CLIENTS)
    const text = ours.text(200)
    await load.pace(ours.sender, ours.receivers, text, PER_SECOND * 2, PER_SECOND)
    const cpu = server.program.cpuSeconds()
    const paced = await load.pace(ours.sender, ours.receivers, text, PER_SECOND * seconds, PER_SECOND)
    const used = server.program.cpuSeconds() - cpu
    const count = options.quick ? 2_000 : 10_000
    const began = performance.now()
    await load.saturate(ours.sender, ours.receivers, text, count)
    const perSecond = count * CLIENTS / ((performance.now() - began) / 1000)
    const loaded = server.program.residentKilobytes() / 1024
    await load.close(ours.receivers)
    await load.close(ours.sender)
    await sleep(IDLE_SECONDS * 1000)
    const idle = server.program.residentKilobytes() / 1024
    const add = (measure, unit, value) => result.add(`${measure}, ${heap}`, unit, name, value, { ours: BASELINE })
    add('p50', 'ms', paced.p50)
    add('p99', 'ms', paced.p99)
    add('server CPU at this rate', '% of a core', used / seconds * 100)
    add('most messages', '1/s', perSecond)
    add('RSS after load', 'MB', loaded)
    add('RSS after idle', 'MB', idle)
    console.log(`  ${who}: p99 ${paced.p99} ms, RSS ${Math.round(loaded)} → ${Math.round(idle)} MB`)
  } catch (error) {
    console.log(`  ${who} failed: ${error.message.slice(0, 300)}`)
  } finally {
    await server.program.end()
  }
}
