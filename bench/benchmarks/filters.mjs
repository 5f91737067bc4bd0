import { measured } from '../lib/processes.mjs'
import { Result } from '../lib/report.mjs'

export default {
  about: 'the filter index alone: one change against up to 100,000 subscriptions, on one core',
  async run(options) {
    const result = new Result('N = 10', ['No database, no sockets.'])
    for (const { measure, unit, who, value } of await measured('Filters', [], options)) {
      const many = measure.startsWith('one of N')
      result.add(measure, unit, who, value, many ? { ours: 'N = 100,000', target: { of: 'N = 10', max: 1.3 } } : {})
    }
    return result
  },
}
