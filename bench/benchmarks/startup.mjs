import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Program } from '../lib/processes.mjs'
import { Result } from '../lib/report.mjs'
import { Database, Server, javaOptions } from '../lib/server.mjs'

const DIST = '../realtime-server/target/dist'
const CACHE = `${DIST}/walcast-server.aot`

export default {
  about: 'from the command until it is ready: walcast dev and walcast serve, with and without the AOT cache',
  readers: true,
  server: false,
  minutes: 8,
  async run(options) {
    const [reader] = options.readers ?? ['debezium']
    const rounds = options.quick ? 1 : 5
    const result = new Result('walcast', [`Built, reader ${reader}, ${rounds} of each in turns. Ready is for dev the last line it prints, for serve that /readyz says 200. The first start of dev makes its database; serve has one that runs, and its slot.`])
    makeCache(result)
    const database = await Database.start()
    await serve(database, reader, false)
    for (let round = 0; round < rounds; round++) {
      for (const cache of [true, false]) {
        const who = cache ? 'walcast' : 'without the cache'
        await inFolder(async folder => {
          result.add('dev, an empty folder', 's', who, await dev(folder, reader, cache), { target: { max: 4 } })
          result.add('dev, again', 's', who, await dev(folder, reader, cache))
        })
        const { seconds, cpu, megabytes } = await serve(database, reader, cache)
        result.add('serve', 's', who, seconds, { target: { max: 1.5 } })
        result.add('serve: CPU until then', 's', who, cpu)
        result.add('serve: resident then', 'MB', who, megabytes)
      }
    }
    return result
  },
}

async function inFolder(action) {
  const folder = mkdtempSync(join(tmpdir(), 'walcast-bench-'))
  try {
    await action(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const secondsSince = began => (performance.now() - began) / 1000

/** As the build makes it. */
function makeCache(result) {
  const began = performance.now()
  execFileSync(`${process.env.JAVA_HOME}/bin/java`, [`@${DIST}/java.options`, '-jar', `${DIST}/walcast-server.jar`,
    'rehearse', `--jar=${DIST}/walcast-server.jar`, `--cache=${CACHE}`], { stdio: 'inherit' })
  if (!existsSync(CACHE)) throw new Error('no cache was made')
  result.add('making the cache', 's', 'walcast', secondsSince(began))
  result.add('the cache', 'MB', 'walcast', statSync(CACHE).size / 1e6)
}

async function dev(folder, reader, cache) {
  const began = performance.now()
  const program = await Program.start('../walcast', ['dev', '--port', '0', '--data', folder, '--reader', reader], { ready: /Ctrl-C stops/, env: javaOptions(cache) })
  const seconds = secondsSince(began)
  await program.end()
  return seconds
}

async function serve(database, reader, cache) {
  const began = performance.now()
  const { program, port } = await Server.start(database, reader, {}, cache)
  while ((await fetch(`http://127.0.0.1:${port}/readyz`)).status !== 200) await sleep(5)
  const used = { seconds: secondsSince(began), cpu: program.cpuSeconds(), megabytes: program.residentKilobytes() / 1024 }
  await program.end()
  return used
}
