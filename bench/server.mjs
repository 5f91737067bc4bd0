// A `walcast dev` of our own in a temporary folder, and what the operating system says about it.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import WebSocket from 'ws'

const TICKS_PER_SECOND = 100

export class Server {
  static async start(folder = mkdtempSync(join(tmpdir(), 'walcast-bench-'))) {
    const began = performance.now()
    const process = spawn('../walcast', ['dev', '--port', '0', '--data', folder, '--reader', globalThis.process.env.READER ?? 'debezium'], { stdio: ['ignore', 'pipe', 'inherit'] })
    globalThis.process.on('exit', () => process.kill('SIGTERM'))
    let output = ''
    process.stdout.on('data', chunk => (output += chunk))
    for (let i = 0; !output.includes('Ctrl-C stops'); i++) {
      if (i > 1200 || process.exitCode !== null) throw new Error(`walcast dev does not start: ${output}`)
      await sleep(50)
    }
    const server = new Server()
    server.folder = folder
    server.process = process
    server.startedInSeconds = (performance.now() - began) / 1000
    server.env = Object.fromEntries(readFileSync(join(folder, 'dev.env'), 'utf8').trim().split('\n')
      .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
    server.db = new pg.Client(server.env.DATABASE_URL)
    await server.db.connect()
    return server
  }

  /** Processor seconds the server process has used, of all its threads. */
  /** Of the operating system, not virtual ones. */
  threads() {
    return Number(/Threads:\s+(\d+)/.exec(readFileSync(`/proc/${this.process.pid}/status`, 'utf8'))[1])
  }

  cpuSeconds() {
    return cpuSeconds(this.process.pid)
  }

  residentKilobytes() {
    return residentKilobytes(this.process.pid)
  }

  /** A socket of version 2.0.0, joined, live for the table messages when asked. */
  async client(onChange, filter) {
    const url = `${this.env.WALCAST_URL.replace('http', 'ws')}/realtime/v1/websocket?vsn=2.0.0&apikey=${this.env.ANON_KEY}`
    const socket = new WebSocket(url, { perMessageDeflate: false })
    const bindings = onChange ? [{ event: '*', schema: 'public', table: 'messages', ...(filter && { filter }) }] : []
    await new Promise((resolve, reject) => {
      socket.on('error', reject)
      socket.on('open', () =>
        socket.send(JSON.stringify(['1', '1', 'realtime:bench', 'phx_join', { config: { postgres_changes: bindings } }])))
      socket.on('message', data => {
        const [, , , event, payload] = JSON.parse(data)
        if (event === 'postgres_changes') onChange(payload.data)
        else if (event === 'system' || !onChange) resolve()
      })
    })
    return socket
  }

  /** A socket that is live for the table messages, from a position when one is given, and keeps count. */
  async resumer(position) {
    const url = `${this.env.WALCAST_URL.replace('http', 'ws')}/realtime/v1/websocket?vsn=2.0.0&apikey=${this.env.ANON_KEY}`
    const socket = new WebSocket(url, { perMessageDeflate: false })
    const binding = { event: '*', schema: 'public', table: 'messages', ...(position && { resume: position }) }
    let count = 0
    let wanted = Infinity
    let enough
    await new Promise((resolve, reject) => {
      socket.on('error', reject)
      socket.on('open', () =>
        socket.send(JSON.stringify(['1', '1', 'realtime:bench', 'phx_join', { config: { postgres_changes: [binding] } }])))
      socket.on('message', data => {
        if (data.includes('"postgres_changes",{"ids"')) {
          socket.position = data.toString('latin1', data.indexOf('"position":"') + 12, data.indexOf('"position":"') + 50)
          if (++count >= wanted) enough()
        } else if (data.includes('"system"')) {
          const note = JSON.parse(data)[4]
          socket.position = note.position
          socket.replayed = note.resume?.[0].status === 'resumed' ? note.resume[0].replayed : note.resume?.[0].reason
          resolve()
        }
      })
    })
    socket.received = number => new Promise(resolve => {
      wanted = number
      enough = resolve
      if (count >= wanted) resolve()
    })
    return socket
  }

  /** One socket with many filters on the table messages; resolves when every channel has its answer. */
  async manyFilters(count, filter, onTrouble) {
    const url = `${this.env.WALCAST_URL.replace('http', 'ws')}/realtime/v1/websocket?vsn=2.0.0&apikey=${this.env.ANON_KEY}`
    const socket = new WebSocket(url, { perMessageDeflate: false })
    await new Promise(resolve => socket.on('open', resolve))
    const answers = []
    const answered = new Promise(resolve => socket.on('message', data => {
      const [, , , event, payload] = JSON.parse(data)
      if (event !== 'system') return
      if (answers.length < count / 200 && answers.push(payload.message) >= count / 200) resolve()
      else if (payload.status === 'error') onTrouble(payload.message)
    }))
    for (let channel = 0; channel < count / 200; channel++) {
      const bindings = Array.from({ length: 200 }, (_, n) =>
        ({ event: '*', schema: 'public', table: 'messages', filter: filter(channel * 200 + n) }))
      socket.send(JSON.stringify([`${channel}`, `${channel}`, `realtime:h${channel}`, 'phx_join', { config: { postgres_changes: bindings } }]))
    }
    await answered
    return answers.filter(message => message === 'Subscribed to PostgreSQL').length
  }

  async stop(keep = false) {
    await this.db.end()
    this.process.kill('SIGTERM')
    await new Promise(resolve => this.process.on('exit', resolve))
    if (!keep && existsSync(this.folder)) rmSync(this.folder, { recursive: true })
  }
}

export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

export function residentKilobytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])
}

export function percentile(values, share) {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]
}
