// Starts, watches (through /proc), pauses and ends the benchmarks' own programs. Other programs are not touched.
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const CLASSES = ['../realtime-server/target/dist/*', 'target/classes', 'target/lib/*'].join(':')
const running = new Set()
const pausedPids = new Set()

process.on('exit', () => {
  resumePids()
  running.forEach(one => one.signal('SIGKILL'))
})

/** For processes of the benchmark's Postgres, which are not child processes. */
export function pausePid(pid) {
  process.kill(pid, 'SIGSTOP')
  pausedPids.add(pid)
}

export function resumePid(pid) {
  if (pausedPids.delete(pid)) process.kill(pid, 'SIGCONT')
}

function resumePids() {
  for (const pid of pausedPids) {
    try {
      resumePid(pid)
    } catch {
      // it has ended
    }
  }
}

export class Program {
  /** @param ready the pattern in its output that shows that it has started */
  static async start(command, args, { ready = /\n/, env, seconds = 60, quiet = false } = {}) {
    const program = new Program(spawn(command, args, {
      stdio: ['pipe', 'pipe', quiet ? 'pipe' : 'inherit'], env: { ...process.env, ...env },
    }))
    program.match = await program.says(ready, seconds)
    return program
  }

  constructor(child) {
    this.child = child
    this.output = ''
    this.errors = ''
    this.waiting = []
    child.stdin.on('error', () => {})
    child.stdout.on('data', chunk => {
      this.output += chunk
      this.check()
    })
    child.stderr?.on('data', chunk => (this.errors = (this.errors + chunk).slice(-4000)))
    child.on('exit', () => {
      running.delete(this)
      this.check()
    })
    running.add(this)
  }

  /** The first match in what it has printed and will print; each call begins where the last match ended. */
  says(pattern, seconds = 60) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.child.spawnargs.join(' ').slice(-120)} does not say ${pattern}: ${this.output.slice(-2000)}`)), seconds * 1000)
      this.waiting.push({ pattern, reject, resolve: match => (clearTimeout(timer), resolve(match)) })
      this.check()
    })
  }

  check() {
    while (this.waiting.length > 0) {
      const match = this.waiting[0].pattern.exec(this.output)
      if (match) {
        this.output = this.output.slice(match.index + match[0].length)
        this.waiting.shift().resolve(match)
      } else {
        if (this.child.exitCode !== null) this.waiting.shift().reject(new Error(`${this.child.spawnfile} has ended: ${this.output.slice(-2000)}${this.errors}`))
        return
      }
    }
  }

  say(line) {
    this.child.stdin.write(line + '\n')
  }

  get pid() {
    return this.child.pid
  }

  /** Processor seconds of all its threads. */
  cpuSeconds() {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  }

  residentKilobytes() {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1])
  }

  /** The number of platform threads. */
  threads() {
    return Number(/Threads:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1])
  }

  signal(name) {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(name)
  }

  /** Pauses it until `resume`. */
  pause() {
    this.signal('SIGSTOP')
  }

  resume() {
    this.signal('SIGCONT')
  }

  async end() {
    const gone = () => this.child.exitCode !== null || this.child.signalCode !== null
    this.resume()
    this.signal('SIGTERM')
    for (let i = 0; i < 300 && !gone(); i++) await sleep(50)
    this.signal('SIGKILL')
  }
}

/** A program of bench/java. */
export function java(name, args = [], { heap = '1g', flags = [], ...how } = {}) {
  return Program.start(`${process.env.JAVA_HOME}/bin/java`, [`-Xmx${heap}`, '-XX:+UseSerialGC', '-Duser.timezone=UTC',
    '-Dlogback.statusListenerClass=ch.qos.logback.core.status.NopStatusListener', '--enable-native-access=ALL-UNNAMED',
    '--sun-misc-unsafe-memory-access=allow', ...flags, '-cp', CLASSES, name.startsWith('org.') ? name : `dev.walcast.bench.${name}`, ...args], how)
}

/** A program of bench/lib that prints its port. */
export async function node(file, args = []) {
  const program = await Program.start(process.execPath, [new URL(file, import.meta.url).pathname, ...args], { ready: /(\d+)\n/ })
  program.port = Number(program.match[1])
  return program
}

/** A program of bench/java that prints its port. */
export async function javaServer(name, args = []) {
  const program = await java(name, args, { ready: /(\d+)\n/ })
  program.port = Number(program.match[1])
  return program
}

/** Ends all programs that still run, the last first. */
export async function endAll() {
  resumePids()
  for (const one of [...running].reverse()) await one.end()
}

/** Runs a program of bench/java that reports measurements, and prints the rest of its output. */
export async function measured(name, args, { quick }) {
  const program = await java(name, args, { heap: '2g', flags: quick ? ['-Dquick=true'] : [], ready: /^/ })
  const found = []
  try {
    for (;;) {
      const [, line] = await program.says(/(.*)\n/, 600)
      const [measure, unit, who, value] = line.startsWith('@') ? line.slice(1).split('|') : []
      if (measure) found.push({ measure, unit, who, value: Number(value) })
      console.log(measure ? `  ${measure}: ${who} ${value} ${unit}` : `  ${line}`)
    }
  } catch (error) {
    if (program.child.exitCode !== 0) throw error
  }
  return found
}
