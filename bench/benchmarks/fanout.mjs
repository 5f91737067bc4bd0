import { charged, plainWs, servers, socketIo, walcast, writer } from '../lib/contest.mjs'
import { Load } from '../lib/load.mjs'
import { Result } from '../lib/report.mjs'
import { Database, TIME } from '../lib/server.mjs'

const CLIENTS = 1000
const BYTES = 200
const PER_SECOND = 50

export default {
  about: `messages of ${BYTES} bytes and row changes to ${CLIENTS.toLocaleString('en')} clients, beside ws, socket.io and bare writers`,
  readers: true,
  server: true,
  minutes: 6,
  async run(options) {
    const [rounds, seconds] = options.quick ? [2, 1] : [3, 3]
    const database = await Database.start()
    const [server] = await servers(database, options, ['native'])
    const ours = walcast(server)
    const all = [ours, await writer(true), await writer(false), await plainWs(), await socketIo()]
    const load = await Load.start()
    const result = new Result(ours.name, [`${CLIENTS.toLocaleString('en')} clients, frames of ${BYTES} bytes, ${rounds} rounds in turns; CPU is the server process's. Saturated: at most 64 messages that some client lacks; paced: ${PER_SECOND} a second.`])
    for (const one of all) {
      await one.open(load, CLIENTS)
      one.perSecond = await speed(load, one, one.text(BYTES))
    }
    for (let round = 0; round < rounds; round++) {
      for (const one of all) await saturated(load, one, seconds, result)
      for (const one of all) await paced(load, one, seconds, result)
    }
    await changes({ load, server, ours, result, rounds, seconds, quick: options.quick })
    return result
  },
}

/** Messages a second, after some to warm up. */
async function speed(load, one, text) {
  await load.saturate(one.sender, one.receivers, text, 100)
  const { seconds } = await load.saturate(one.sender, one.receivers, text, 100)
  return 100 / seconds
}

async function saturated(load, one, seconds, result) {
  const count = Math.max(50, Math.round(one.perSecond * seconds))
  const [run, cpu] = await charged(one.program, () => load.saturate(one.sender, one.receivers, one.text(BYTES), count))
  one.perSecond = count / run.seconds
  result.add('saturated: server CPU for each delivered message', 'µs', one.name, cpu / run.frames * 1e6,
    { target: [{ of: 'coalescing writer', max: 2 }, { of: 'ws', max: 0.2 }, { of: 'socket.io', max: 0.2 }] })
  result.add('saturated: delivered messages a second', '/s', one.name, run.frames / run.seconds)
}

async function paced(load, one, seconds, result) {
  const [run, cpu] = await charged(one.program, () =>
    load.pace(one.sender, one.receivers, one.text(BYTES), PER_SECOND * seconds, PER_SECOND))
  result.add('paced: server CPU for each delivered message', 'µs', one.name, cpu / run.frames * 1e6, { target: { of: 'plain writer', max: 1.3 } })
  result.add('paced: p50', 'ms', one.name, run.p50)
  result.add('paced: p99', 'ms', one.name, run.p99, { target: { of: 'ws', max: 1 } })
}

/** Row changes with one projection for all, beside broadcasts whose frames are as long. */
async function changes({ load, server, ours, result, rounds, seconds, quick }) {
  const group = 'change receivers'
  await load.open(group, CLIENTS, server.listening())
  const insert = rows => server.db.query(`insert into messages (body) select ${TIME} from generate_series(1, ${rows})`)
  const rows = quick ? 400 : 2000
  for (let round = -1; round < rounds; round++) {
    await load.reset(group)
    const began = performance.now()
    const [run, cpu] = await charged(server.program, async () => {
      for (let sent = 20; sent <= rows; sent += 20) {
        await insert(20)
        await load.frames(group, Math.max(0, sent - 100) * CLIENTS)
      }
      return load.frames(group, rows * CLIENTS)
    })
    const rate = rows * CLIENTS / (performance.now() - began) * 1000
    const bytes = Math.round(run.bytes / run.frames)
    const [same, cpuSame] = await charged(server.program, () =>
      load.saturate(ours.sender, ours.receivers, ours.text(bytes), Math.round(rows / 2)))
    if (round < 0) continue
    const what = { ours: 'row changes', target: { of: 'broadcasts as long', max: 1.2 } }
    const measure = `saturated, ${Math.round(bytes / 50) * 50} bytes: server CPU for each delivered`
    result.add(measure, 'µs', 'row changes', cpu / run.frames * 1e6, what)
    result.add(measure, 'µs', 'broadcasts as long', cpuSame / same.frames * 1e6, what)
    result.add('row changes delivered a second', '/s', ours.name, rate)
    await pacedChanges({ load, group, insert, server, result, count: PER_SECOND * seconds })
  }
}

async function pacedChanges({ load, group, insert, server, result, count }) {
  await load.reset(group)
  const began = performance.now()
  const [run, cpu] = await charged(server.program, async () => {
    for (let i = 0; i < count; i++) {
      await new Promise(resolve => setTimeout(resolve, began + i * 1000 / PER_SECOND - performance.now()))
      await insert(1)
    }
    return load.frames(group, count * CLIENTS)
  })
  result.add('row changes, paced: server CPU for each delivered', 'µs', server.name, cpu / run.frames * 1e6)
  result.add('row changes, paced: commit → client, p50', 'ms', server.name, run.p50)
  result.add('row changes, paced: commit → client, p99', 'ms', server.name, run.p99)
}
