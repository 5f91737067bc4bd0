import { setTimeout as sleep } from 'node:timers/promises'
import { plainWs, servers, socketIo, walcast, writer } from '../lib/contest.mjs'
import { Load } from '../lib/load.mjs'
import { Result } from '../lib/report.mjs'
import { Database } from '../lib/server.mjs'

export default {
  about: 'resident memory of an idle joined connection, 5,000 of them, beside ws, socket.io and a bare writer',
  readers: true,
  server: true,
  async run(options) {
    const [warm, count] = options.quick ? [100, 500] : [500, 5000]
    const database = await Database.start()
    const load = await Load.start()
    const [server] = await servers(database, options, ['native'])
    const all = [walcast(server), await writer(true), await plainWs(), await socketIo()]
    const result = new Result(all[0].name, [`Growth of the resident set over ${count.toLocaleString('en')} connections, after ${warm} to warm up: once for each, what was freed would be used again.`])
    for (const one of all) {
      await load.open(`${one.name} warm`, warm, one.target)
      await sleep(2000)
      const [kilobytes, threads] = [one.program.residentKilobytes(), one.program.threads()]
      await load.open(one.name, count, one.target)
      await sleep(3000)
      result.add('resident memory of a connection', 'KB', one.name, (one.program.residentKilobytes() - kilobytes) / count, { target: { max: 16 } })
      result.add('more threads of the operating system', '', one.name, one.program.threads() - threads)
    }
    return result
  },
}
