// The participants of a benchmark of sockets, and how their resource use is measured.
import { setTimeout as sleep } from 'node:timers/promises'
import { javaServer, node, pausePid, resumePid } from './processes.mjs'
import { Server } from './server.mjs'

export const SOCKET_IO_PATH = '/socket.io/?EIO=4&transport=websocket'

/**
 * A participant whose clients are groups of the load client.
 *
 * @param target what a socket needs to connect
 * @param text a message that arrives at the others in a frame of the given size, with the time in it
 */
class Contestant {
  constructor(name, program, target, text) {
    Object.assign(this, { name, program, target, text })
  }

  get receivers() {
    return `${this.name} receivers`
  }

  get sender() {
    return `${this.name} sender`
  }

  async open(load, count) {
    await load.open(this.receivers, count, this.target)
    await load.open(this.sender, 1, this.target)
  }
}

/** Eighteen characters of time take the place of one. */
const padded = (before, after, bytes, envelope = '') =>
  before + '@' + 'x'.repeat(Math.max(0, bytes - envelope.length - before.length - 18 - after.length)) + after

export function walcast(server) {
  const [before, after] = ['{"type":"broadcast","event":"tick","payload":{"v":"', '"}}']
  const [to, from] = ['["1","9","realtime:bench","broadcast",', '[null,null,"realtime:bench","broadcast",]']
  return new Contestant(server.name, server.program, server.joined(), bytes => `${to}${padded(before, after, bytes, from)}]`)
}

export async function writer(coalescing) {
  const program = await javaServer('baseline.PlainWriter', coalescing ? ['coalescing'] : [])
  return new Contestant(coalescing ? 'coalescing writer' : 'plain writer', program, { port: program.port }, bytes => padded('', '', bytes))
}

export async function plainWs() {
  const program = await node('plain-ws.mjs')
  return new Contestant('ws', program, { port: program.port }, bytes => padded('', '', bytes))
}

export async function socketIo() {
  const program = await node('plain-socket-io.mjs')
  const target = { port: program.port, path: SOCKET_IO_PATH, hello: ['40'], ready: '40{' }
  return new Contestant('socket.io', program, target, bytes => padded('42["tick","', '"]', bytes))
}

/** The servers of a benchmark: one for each reader that was asked for. */
export async function servers(database, options, usual, settings) {
  const all = []
  for (const reader of options.readers ?? usual) {
    all.push(await Server.start(database, reader, { ...settings, ...options.settings }))
  }
  return all
}

/** The CPU seconds that the server's process used during an action, and the result of the action. */
export async function charged(program, action) {
  const before = program.cpuSeconds()
  const result = await action()
  return [result, program.cpuSeconds() - before]
}

/** Resumes this one and pauses all others. */
export function alone(one, all) {
  for (const other of all) if (other !== one) other.pause()
  one.resume()
}

/** The readers of one database's slots: each is a program and its walsender, which would continue without it. */
export class Readers {
  /** @param all { program, slot } and more */
  constructor(database, all) {
    Object.assign(this, { database, all })
  }

  /** No client reads until it is resumed. */
  async pauseAll() {
    for (const one of this.all) one.sender = await this.senderOf(one.slot)
    for (const one of this.all) {
      pausePid(one.sender)
      one.program.pause()
    }
  }

  async senderOf(slot) {
    for (let i = 0; i < 300; i++) {
      const { rows } = await this.database.db.query('select active_pid from pg_replication_slots where slot_name = $1', [slot])
      if (rows[0]?.active_pid) return rows[0].active_pid
      await sleep(100)
    }
    throw new Error(`no process reads the slot ${slot}`)
  }

  resume(one) {
    resumePid(one.sender)
    one.program.resume()
  }

  pause(one) {
    pausePid(one.sender)
    one.program.pause()
  }

  resumeAll() {
    this.all.forEach(one => this.resume(one))
  }
}
