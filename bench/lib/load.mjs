// The Java load client: thousands of sockets in one process, the same for every server.
import { java } from './processes.mjs'

export class Load {
  static async start() {
    const load = new Load()
    load.program = await java('load.LoadClient', [], { heap: '3g', ready: /^/ })
    load.last = Promise.resolve()
    return load
  }

  /** One command after the other; see LoadClient.java. */
  ask(command) {
    const answer = this.last.then(async () => {
      this.program.say(JSON.stringify(command))
      const [, line] = await this.program.says(/(.*)\n/, 180)
      const found = JSON.parse(line)
      if (found.error) throw new Error(`${command.do} ${command.group ?? command.to}: ${found.error}`)
      return found
    })
    this.last = answer.catch(() => {})
    return answer
  }

  open(group, count, target) {
    return this.ask({ do: 'open', group, count, ...target })
  }

  /** Sends as fast as the receivers read. */
  saturate(from, to, text, count, window = 64) {
    return this.ask({ do: 'pump', from, to, text, count, window })
  }

  pace(from, to, text, count, perSecond) {
    return this.ask({ do: 'pump', from, to, text, count, perSecond })
  }

  reset(group) {
    return this.ask({ do: 'reset', group })
  }

  /** Waits until the group has received this many frames with a time since its reset. */
  frames(group, frames) {
    return this.ask({ do: 'await', group, frames })
  }

  stats(group) {
    return this.ask({ do: 'stats', group })
  }

  reading(group, on) {
    return this.ask({ do: 'reading', group, on })
  }

  close(group) {
    return this.ask({ do: 'close', group })
  }
}
