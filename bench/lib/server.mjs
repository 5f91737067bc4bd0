// A Postgres of our own in a temporary folder, and Walcast servers on it.
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import WebSocket from 'ws'
import { Program, java } from './processes.mjs'

const CHANGES = [{ event: '*', schema: 'public', table: 'messages' }]

/** The launcher's environment, with or without the AOT cache. */
export const javaOptions = cache => ({ WALCAST_JAVA_OPTS: `${cache ? '' : '-XX:AOTMode=off '}${process.env.WALCAST_JAVA_OPTS ?? ''}` })

export const TIME = `'t=' || (extract(epoch from clock_timestamp()) * 1000000)::bigint`

export class Database {
  static async start() {
    const database = new Database()
    database.folder = mkdtempSync(join(tmpdir(), 'walcast-bench-'))
    process.on('exit', () => rmSync(database.folder, { recursive: true, force: true }))
    database.program = await java('Database', [database.folder], { ready: /(\{.*\})\n/, quiet: true })
    database.keys = JSON.parse(database.program.match[1])
    database.db = await database.connect()
    return database
  }

  async connect() {
    const client = new pg.Client(this.keys.superuserUrl)
    client.on('error', () => {})
    await client.connect()
    return client
  }

  /** URL of another database in it, made for the purpose. */
  async another(name) {
    await this.db.query(`create database ${name}`)
    return String(Object.assign(new URL(this.keys.superuserUrl), { pathname: `/${name}` }))
  }

  /** A token of a user of his own. */
  userToken(number) {
    const part = value => Buffer.from(JSON.stringify(value)).toString('base64url')
    const sub = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
    const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ role: 'authenticated', sub, aud: 'authenticated',
      email: `user${number}@example.com`, exp: Math.floor(Date.now() / 1000) + 7200 })}`
    return `${body}.${createHmac('sha256', this.keys.jwtSecret).update(body).digest('base64url')}`
  }

  async end() {
    await this.db.end()
    await this.program.end()
  }
}

export class Server {
  /**
   * @param settings names of docs/settings.md; an unknown one is refused by the server
   * @param cache    whether it uses the AOT cache (docs/start.md), which holds profiles of another run
   */
  static async start(database, reader, settings = {}, cache = false) {
    const server = new Server()
    const file = join(database.folder, `${reader}.settings`)
    const all = { DATABASE_URL: database.keys.serverUrl, JWT_SECRET: database.keys.jwtSecret, HOST: '127.0.0.1', PORT: '0',
      SLOT_NAME: `bench_${reader}`, READER: reader, MAX_MESSAGES_PER_SECOND: '1000000',
      // all clients of a benchmark come from one address
      MAX_CONNECTIONS_PER_ADDRESS: '0', CLIENT_SHARE: '100', ...settings }
    writeFileSync(file, Object.entries(all).map(([name, value]) => `${name}=${value}\n`).join(''))
    const { PATH, HOME, JAVA_HOME } = process.env
    const began = performance.now()
    server.program = new Program((await import('node:child_process')).spawn('../walcast', ['serve', '--config', file],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH, HOME, JAVA_HOME, ...javaOptions(cache) } }))
    server.port = Number((await server.program.says(/listening on port (\d+)/, 90))[1])
    server.startedInSeconds = (performance.now() - began) / 1000
    server.reader = reader
    server.name = `Walcast ${reader}`
    server.database = database
    server.db = database.db
    return server
  }

  get path() {
    return `/realtime/v1/websocket?vsn=2.0.0&apikey=${this.database.keys.anonKey}`
  }

  /** What the load client needs to open a socket that has joined a topic, live for changes when there are bindings. */
  joined({ topic = 'realtime:bench', changes = [], token, ...more } = {}) {
    const join = JSON.stringify(['1', '1', topic, 'phx_join', { config: { postgres_changes: changes }, access_token: token }])
    return { port: this.port, path: this.path, hello: [join], ready: changes.length ? '"Subscribed to PostgreSQL"' : '"phx_reply"', ...more }
  }

  listening() {
    return this.joined({ changes: CHANGES })
  }

  /** A socket of `ws`, joined, live for the table messages. */
  async client(onChange, filter) {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}${this.path}`, { perMessageDeflate: false })
    const changes = [{ ...CHANGES[0], ...(filter && { filter }) }]
    await new Promise((resolve, reject) => {
      socket.on('error', reject)
      socket.on('open', () =>
        socket.send(JSON.stringify(['1', '1', 'realtime:bench', 'phx_join', { config: { postgres_changes: changes } }])))
      socket.on('message', data => {
        const [, , , event, payload] = JSON.parse(data)
        if (event === 'postgres_changes') onChange(payload.data)
        else if (event === 'system') resolve()
      })
    })
    return socket
  }

  /** A socket that is live for the table messages, from a position when one is given, and keeps count. */
  async resumer(position) {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}${this.path}`, { perMessageDeflate: false })
    const binding = { ...CHANGES[0], ...(position && { resume: position }) }
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
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}${this.path}`, { perMessageDeflate: false })
    await new Promise(resolve => socket.on('open', resolve))
    const answers = []
    const answered = new Promise(resolve => socket.on('message', data => {
      const [, , , event, payload] = JSON.parse(data)
      if (event !== 'system') return
      if (answers.length < count / 200 && answers.push(payload.message) >= count / 200) resolve()
      else if (payload.status === 'error') onTrouble(payload.message)
    }))
    for (let channel = 0; channel < count / 200; channel++) {
      const bindings = Array.from({ length: 200 }, (_, n) => ({ ...CHANGES[0], filter: filter(channel * 200 + n) }))
      socket.send(JSON.stringify([`${channel}`, `${channel}`, `realtime:h${channel}`, 'phx_join', { config: { postgres_changes: bindings } }]))
    }
    await answered
    return answers.filter(message => message === 'Subscribed to PostgreSQL').length
  }
}

export function percentile(values, share) {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]
}
