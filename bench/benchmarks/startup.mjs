import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Program } from '../lib/processes.mjs'
import { Result } from '../lib/report.mjs'
import { Database, Server } from '../lib/server.mjs'

const ARCHIVES = '../realtime-server/target/startup'

export default {
  about: 'from the command until it is ready: walcast dev and walcast serve, with and without the archive of classes',
  readers: true,
  server: false,
  minutes: 8,
  async run(options) {
    const [reader] = options.readers ?? ['debezium']
    const rounds = options.quick ? 1 : 5
    const result = new Result('walcast', [`Built, reader ${reader}, ${rounds} of each in turns. Ready is for dev the last line it prints, for serve that /readyz says 200. The first start of dev makes its database; serve has one that runs, and its slot.`])
    const database = await Database.start()
    rmSync(ARCHIVES, { recursive: true, force: true })
    await makeArchive('dev', () => inFolder(folder => dev(folder, reader, 'on')))
    await makeArchive('serve', () => serve(database, reader, 'on'))
    for (let round = 0; round < rounds; round++) {
      for (const archive of ['on', 'off']) {
        const who = archive === 'on' ? 'walcast' : 'without the archive'
        await inFolder(async folder => {
          result.add('dev, an empty folder', 's', who, await dev(folder, reader, archive), { target: { max: 4 } })
          result.add('dev, again', 's', who, await dev(folder, reader, archive))
        })
        const { seconds, cpu, megabytes } = await serve(database, reader, archive)
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

async function dev(folder, reader, archive) {
  const began = performance.now()
  const program = await Program.start('../walcast', ['dev', '--port', '0', '--data', folder, '--reader', reader], { ready: /Ctrl-C stops/, env: { WALCAST_ARCHIVE: archive } })
  const seconds = secondsSince(began)
  await program.end()
  return seconds
}

async function serve(database, reader, archive) {
  const began = performance.now()
  const { program, port } = await Server.start(database, reader, {}, archive)
  while ((await fetch(`http://127.0.0.1:${port}/readyz`)).status !== 200) await sleep(5)
  const used = { seconds: secondsSince(began), cpu: program.cpuSeconds(), megabytes: program.residentKilobytes() / 1024 }
  await program.end()
  return used
}

const hasArchive = command =>
  existsSync(ARCHIVES) && readdirSync(ARCHIVES).some(name => name.startsWith(`${command}-`) && name.endsWith('.jsa'))

async function makeArchive(command, start) {
  await start()
  for (let i = 0; i < 600 && !hasArchive(command); i++) await sleep(100)
  if (!hasArchive(command)) throw new Error(`no archive was made for ${command}`)
  await sleep(1000)
}
