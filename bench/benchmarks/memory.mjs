import { execFileSync } from 'node:child_process'
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
    const result = new Result(undefined, [`Growth of the resident set over ${count.toLocaleString('en')} connections, after ${warm} to warm up: once for each, what was freed would be used again. One server at a time.`,
      'Live objects: what the heap loses when the connections are closed again. The byte arrays are 8,192 for the read buffer that Helidon gives each connection, and what is left of the request.'])
    for (const start of [async () => walcast((await servers(database, options, ['native']))[0]), () => writer(true), plainWs, socketIo]) {
      const one = await start()
      result.ours ??= one.name
      await measure(one, load, warm, count, result)
      if (one.name === result.ours) await liveObjects(one, load, count, result)
      await load.close(`${one.name} warm`)
      await load.close(one.name)
      await one.program.end()
    }
    return result
  },
}

/** Its sockets are closed afterwards: the next one's would be too many for one load client beside them. */
async function measure({ name, program, target }, load, warm, count, result) {
  await load.open(`${name} warm`, warm, target)
  await sleep(2000)
  const [kilobytes, threads] = [program.residentKilobytes(), program.threads()]
  await load.open(name, count, target)
  await sleep(3000)
  result.add('resident memory of a connection', 'KB', name, (program.residentKilobytes() - kilobytes) / count, { target: { max: 16 } })
  result.add('more threads of the operating system', '', name, program.threads() - threads)
}

/** Bytes of live objects in the heap of a JVM, of all classes and by class. */
function heap(pid) {
  const lines = execFileSync(`${process.env.JAVA_HOME}/bin/jcmd`, [pid, 'GC.class_histogram'], { maxBuffer: 1 << 26, encoding: 'utf8' })
  const bytes = { all: 0 }
  for (const [, , size, type] of lines.matchAll(/^ *\d+: +(\d+) +(\d+) +(\S+)/gm)) {
    bytes[type] = Number(size)
    bytes.all += Number(size)
  }
  return bytes
}

async function liveObjects({ name, program }, load, count, result) {
  const open = heap(program.pid)
  await load.close(name)
  await sleep(3000)
  const closed = heap(program.pid)
  for (const [who, type] of [['all', 'all'], ['byte arrays', '[B'], ['stack of its virtual thread', 'jdk.internal.vm.StackChunk']]) {
    result.add('live objects of a connection of Walcast', 'KB', who, (open[type] - (closed[type] ?? 0)) / count / 1024, { ours: 'all' })
  }
}
