import { measured } from '../lib/processes.mjs'
import { Result } from '../lib/report.mjs'
import { Database } from '../lib/server.mjs'

export default {
  about: 'both readers of the log alone, no sockets and no subscribers, beside pg_recvlogical',
  minutes: 8,
  async run(options) {
    const database = await Database.start()
    const url = await database.another('readers')
    const result = new Result('native', ['Every reading has a slot of its own and they take turns; the time includes connecting.'])
    for (const { measure, unit, who, value } of await measured('Readers', [url], options)) result.add(measure, unit, who, value)
    return result
  },
}
