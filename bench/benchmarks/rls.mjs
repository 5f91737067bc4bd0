import pg from 'pg'
import { measured } from '../lib/processes.mjs'
import { Result } from '../lib/report.mjs'
import { Database } from '../lib/server.mjs'

export default {
  about: 'judging a change by row-level security for 1 to 10,000 viewers, beside one prepared check for each of them',
  async run(options) {
    const database = await Database.start()
    const url = new URL(await database.another('bench'))
    const db = new pg.Client(String(url))
    await db.connect()
    await db.query(`create schema auth; grant usage on schema auth, public to authenticated;
      create function auth.uid() returns uuid language sql stable as
        $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$`)
    await db.end()
    const jdbc = `jdbc:postgresql://${url.host}/bench?user=${url.username}&password=${url.password}`
    const result = new Result('Walcast', ['Index, guard and oracle without sockets, on a Postgres of its own. One check for each: a prepared select exists(…) for each viewer, its claims set before, in one transaction.'])
    const found = await measured('Policies', [jdbc], options)
    for (const { measure, unit, who, value } of found) result.add(measure, unit, who, value)
    const owner = viewers => found.find(({ measure, who }) => who === 'Walcast' && measure.startsWith('auth.uid() = user_id') && measure.includes(` ${viewers} viewers`))?.value
    if (owner('10,000')) {
      const what = { ours: '10,000 viewers', target: { of: '10 viewers', max: 1.2 } }
      result.add('auth.uid() = user_id, a change', 'ms', '10 viewers', owner('10'), what)
      result.add('auth.uid() = user_id, a change', 'ms', '10,000 viewers', owner('10,000'), what)
    }
    return result
  },
}
