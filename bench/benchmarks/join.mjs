import { charged, plainWs, servers, socketIo } from '../lib/contest.mjs'
import { Load } from '../lib/load.mjs'
import { Result } from '../lib/report.mjs'
import { Database } from '../lib/server.mjs'

const TOPIC = 'realtime:t=0000000000000001'

export default {
  about: 'CPU of a connection and of a join with the check of its token, beside connections to ws and socket.io',
  readers: true,
  server: true,
  async run(options) {
    const [rounds, count] = options.quick ? [2, 300] : [5, 1500]
    const database = await Database.start()
    const load = await Load.start()
    const [server] = await servers(database, options, ['native'], { MAX_JOINS_PER_SECOND: '1000000' })
    const values = Array.from({ length: count }, (_, n) => database.userToken(n))
    const ours = { name: server.name, program: server.program, target: { ...server.joined({ token: '$VALUE' }), values } }
    const all = [ours, await plainWs(), await socketIo()]
    const result = new Result(server.name, [`${count.toLocaleString('en')} clients at once, each with a token of its own; connection means TCP, upgrade, and for Walcast the join with its token and its reply, for socket.io its connect. Of ws there is nothing but the upgrade.`])
    for (let round = -1; round < rounds; round++) {
      for (const one of all) {
        const [{ seconds }, cpu] = await charged(one.program, () => load.open(one.name, count, one.target))
        if (round >= 0) {
          result.add('server CPU for each connection', 'ms', one.name, cpu / count * 1000)
          result.add('connections a second', '/s', one.name, count / seconds)
        }
        if (one === ours) await secondJoin(load, ours, count, round, result)
        await load.close(one.name)
      }
    }
    return result
  },
}

/** On sockets that are open already; the topic looks like a time, so that the load client counts the replies. */
async function secondJoin(load, ours, count, round, result) {
  const token = ours.target.values[0]
  const text = JSON.stringify(['2', '2', TOPIC, 'phx_join', { config: {}, access_token: token }])
  const began = performance.now()
  const [, cpu] = await charged(ours.program, async () => {
    await load.ask({ do: 'send', group: ours.name, text })
    return load.frames(ours.name, count)
  })
  if (round < 0) return
  result.add('server CPU for each join with token', 'ms', ours.name, cpu / count * 1000, { target: { max: 0.3 } })
  result.add('joins a second', '/s', ours.name, count / (performance.now() - began) * 1000)
}
