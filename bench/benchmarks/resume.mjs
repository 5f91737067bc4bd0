import { setTimeout as sleep } from 'node:timers/promises'
import { charged, servers } from '../lib/contest.mjs'
import { Result } from '../lib/report.mjs'
import { Database } from '../lib/server.mjs'

export default {
  about: '1,000 clients that missed 1,000 changes each reconnect at once, beside the same deliveries live',
  readers: true,
  server: true,
  async run(options) {
    const [rounds, clients, missed] = options.quick ? [1, 100, 200] : [2, 1000, 1000]
    const database = await Database.start()
    const [server] = await servers(database, options, ['native'])
    const insert = () => server.db.query(`insert into messages (body) select 'row ' || n from generate_series(1, ${missed}) n`)
    const result = new Result('replayed', [])
    const add = (who, seconds, cpu) => {
      result.add('time', 's', who, seconds)
      result.add('changes delivered a second', '/s', who, clients * missed / seconds)
      result.add('server CPU for each delivered change', 'µs', who, cpu / clients / missed * 1e6)
    }
    const told = new Set()
    for (let round = 0; round < rounds; round++) {
      const sockets = []
      for (let i = 0; i < clients; i++) sockets.push(await server.resumer())
      let began = performance.now()
      const live = async () => {
        await insert()
        await Promise.all(sockets.map(socket => socket.received(missed)))
      }
      const [, liveCpu] = await charged(server.program, live)
      add('live', (performance.now() - began) / 1000, liveCpu)
      const places = sockets.map(socket => socket.position)
      sockets.forEach(socket => socket.close())
      await insert()
      await sleep(2000)
      began = performance.now()
      const [back, cpu] = await charged(server.program, () => Promise.all(places.map(place => server.resumer(place))))
      add('replayed', (performance.now() - began) / 1000, cpu)
      back.forEach(socket => (told.add(socket.replayed), socket.close()))
    }
    result.notes.push(`${clients.toLocaleString('en')} clients, each on a socket of its own (of ws, in one Node.js process), replayed changes for each: ${[...told].join(' or ')}.`)
    return result
  },
}
