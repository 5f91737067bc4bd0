import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { servers, walcast } from '../lib/contest.mjs'
import { Load } from '../lib/load.mjs'
import { Result } from '../lib/report.mjs'
import { Database } from '../lib/server.mjs'

const CLIENTS = 990
const STALLED = 10
const PER_SECOND = 50
const WRITE_TIMEOUT_SECONDS = 5

export default {
  about: `${STALLED} clients that read nothing among 1,000: latency of the others, cost, time until they are closed`,
  readers: true,
  server: true,
  async run(options) {
    const [rounds, seconds] = options.quick ? [1, 4] : [3, 8]
    const database = await Database.start()
    const load = await Load.start()
    const [server] = await servers(database, options, ['native'], { WRITE_TIMEOUT: `${WRITE_TIMEOUT_SECONDS}s` })
    const ours = walcast(server)
    await ours.open(load, CLIENTS)
    await load.open('flooder', 1, server.joined({ topic: 'realtime:flood' }))
    const result = new Result('beside stalled ones', [`The stalled clients are in the same room and get 64 KB 20 times a second in another, until the operating system takes no more. WRITE_TIMEOUT is ${WRITE_TIMEOUT_SECONDS} s.`])
    await load.pace(ours.sender, ours.receivers, ours.text(200), PER_SECOND * 3, PER_SECOND)
    for (let round = 0; round < rounds; round++) {
      const run = () => load.pace(ours.sender, ours.receivers, ours.text(200), PER_SECOND * seconds, PER_SECOND)
      add(result, 'alone', await run())
      const before = server.program.residentKilobytes()
      const closed = await stall(load, server)
      add(result, 'beside stalled ones', await run())
      result.add('growth of the resident set', 'MB', 'beside stalled ones', (server.program.residentKilobytes() - before) / 1024)
      result.add('stalled clients closed', '', 'beside stalled ones', (await closed).count, { target: { min: STALLED } })
      result.add('closed after, from the beginning of the flood', 's', 'beside stalled ones', (await closed).seconds)
    }
    return result
  },
}

function add(result, who, { p50, p99 }) {
  result.add('p50 of the others', 'ms', who, p50)
  result.add('p99 of the others', 'ms', who, p99, { target: { of: 'alone', max: 1.2 } })
}

/** Begins the flood. @return when the server has closed them, seen in the kernel's table of connections */
async function stall(load, server) {
  const rooms = ['realtime:bench', 'realtime:flood'].flatMap((topic, n) => server.joined({ topic }).hello.map(text => text.replace('["1","1"', `["${n}","${n}"`)))
  const target = { ...server.joined(), hello: rooms, readyTimes: 2, receiveBuffer: 4096 }
  const open = connections(server.port)
  await load.open('stalled', STALLED, target)
  await load.reading('stalled', false)
  const began = performance.now()
  const flood = (async () => {
    for (let i = 0; i < 20 * 4; i++) {
      await load.ask({ do: 'send', group: 'flooder', text: JSON.stringify(['1', '9', 'realtime:flood', 'broadcast',
        { type: 'broadcast', event: 'flood', payload: { v: 'x'.repeat(65_000) } }]) })
      await sleep(50)
    }
  })()
  await flood
  return (async () => {
    const late = performance.now() + 30_000
    while (connections(server.port) > open && performance.now() < late) await sleep(100)
    return { count: STALLED - Math.max(0, connections(server.port) - open), seconds: (performance.now() - began) / 1000 }
  })()
}

/** Established connections to the server's port. */
function connections(port) {
  const near = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['tcp', 'tcp6'].flatMap(name => readFileSync(`/proc/net/${name}`, 'utf8').split('\n'))
    .filter(line => {
      const fields = line.trim().split(/\s+/)
      return fields[1]?.endsWith(near) && fields[3] === '01'
    }).length
}
