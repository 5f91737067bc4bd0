import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { java } from '../lib/processes.mjs'
import { Result } from '../lib/report.mjs'
import { Database } from '../lib/server.mjs'

export default {
  about: 'JMH: the cost of decoding, matching, guarding, encoding and framing a change, each by itself',
  async run(options) {
    const database = await Database.start()
    const file = join(database.folder, 'jmh.json')
    const rounds = options.quick ? ['-f', '1', '-wi', '1', '-i', '1', '-w', '500ms', '-r', '500ms'] : ['-f', '2', '-wi', '3', '-i', '5', '-w', '1s', '-r', '1s']
    const url = `-Dwalcast.bench.url=${database.keys.superuserUrl}`
    const program = await java('org.openjdk.jmh.Main', ['-bm', 'avgt', '-tu', 'ns', '-prof', 'gc', '-rf', 'json', '-rff', file, '-v', 'SILENT',
      '-jvmArgsAppend', url, ...rounds], { ready: /^/ })
    if (program.child.exitCode === null) await new Promise(resolve => program.child.once('exit', resolve))
    if (program.child.exitCode !== 0) throw new Error('JMH failed')
    const result = new Result('a change', [`One thread, ${options.quick ? 1 : 2} forks. A frame is one receiver's; all else is done once for a change, or once for a viewer.`])
    for (const { benchmark, primaryMetric, secondaryMetrics } of JSON.parse(readFileSync(file, 'utf8'))) {
      const step = benchmark.split('.').at(-1)
      result.add(`${step}: time`, 'ns', 'a change', primaryMetric.score)
      result.add(`${step}: time`, 'ns', 'error of it', primaryMetric.scoreError === 'NaN' ? 0 : primaryMetric.scoreError)
      const allocated = Object.entries(secondaryMetrics).find(([name]) => name.endsWith('gc.alloc.rate.norm'))?.[1]
      if (allocated) result.add(`${step}: allocated`, 'bytes', 'a change', allocated.score)
    }
    return result
  },
}
