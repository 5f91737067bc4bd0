import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Program } from '../lib/processes.mjs'
import { Result } from '../lib/report.mjs'
import { Database, Server } from '../lib/server.mjs'

export default {
  about: 'from the command to the line that says it is ready: walcast dev and walcast serve',
  readers: true,
  server: false,
  async run(options) {
    const [reader] = options.readers ?? ['debezium']
    const rounds = options.quick ? 1 : 3
    const result = new Result(`walcast dev`, [`Built, reader ${reader}. The first start of dev makes its database; serve has one that runs.`])
    for (let round = 0; round < rounds; round++) {
      const folder = mkdtempSync(join(tmpdir(), 'walcast-bench-'))
      result.add('first start, an empty folder', 's', 'walcast dev', await dev(folder, reader), { target: { max: 4 } })
      result.add('started again', 's', 'walcast dev', await dev(folder, reader))
      rmSync(folder, { recursive: true })
    }
    const database = await Database.start()
    for (let round = 0; round < rounds; round++) {
      const server = await Server.start(database, reader)
      result.add('until it listens', 's', 'walcast serve', server.startedInSeconds, { ours: 'walcast serve', target: { max: 1.5 } })
      await server.program.end()
    }
    return result
  },
}

async function dev(folder, reader) {
  const began = performance.now()
  const program = await Program.start('../walcast', ['dev', '--port', '0', '--data', folder, '--reader', reader], { ready: /Ctrl-C stops/ })
  const seconds = (performance.now() - began) / 1000
  await program.end()
  return seconds
}
