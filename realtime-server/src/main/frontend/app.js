import { createClient } from '@supabase/supabase-js'

const LATENCIES_KEPT = 50
const EVENTS_KEPT = 100

const byId = id => document.getElementById(id)
const latencies = []
let last = null

/** One client: its own socket, its own channel, its own list. */
class Panel {
  constructor(name, settings) {
    const fragment = byId('client').content.cloneNode(true)
    this.root = fragment.querySelector('article')
    this.list = fragment.querySelector('ol')
    this.state = fragment.querySelector('.state')
    this.problem = fragment.querySelector('.problem')
    this.room = fragment.querySelector('select')
    fragment.querySelector('h2').textContent = name
    fragment.querySelector('.wave').onclick = () =>
      this.channel.send({ type: 'broadcast', event: 'wave', payload: { from: name } })
    this.room.onchange = () => this.listen()
    this.root.dataset.client = name
    this.client = createClient(settings.url, settings.anonKey, {
      auth: { persistSession: false, autoRefreshToken: false, storageKey: `walcast-${name}` },
    })
    byId('clients').append(fragment)
    this.listen()
  }

  async listen() {
    this.show('connecting')
    this.empty('Waiting for a change …')
    if (this.channel) await this.client.removeChannel(this.channel)
    const room = this.room.value
    const binding = { event: '*', schema: 'public', table: 'messages' }
    if (room) binding.filter = `room_id=eq.${room}`
    this.channel = this.client
      .channel('demo')
      .on('postgres_changes', binding, change => this.onChange(change))
      .on('broadcast', { event: 'wave' }, ({ payload }) => this.add('WAVE', `${payload.from} waves`, ''))
      .on('system', {}, message => this.onSystem(message))
      .subscribe(status => status === 'SUBSCRIBED' || status === 'CLOSED' || this.show('connecting'))
  }

  /** Changes flow only once the server says so; that the channel is joined does not mean it yet. */
  onSystem({ extension, status, message }) {
    if (extension !== 'postgres_changes') return
    this.show(status === 'ok' ? 'live' : 'error', status === 'ok' ? '' : message)
  }

  onChange(change) {
    const milliseconds = Math.max(0, Date.now() - Date.parse(change.commit_timestamp))
    measure(milliseconds)
    this.add(change.eventType, describe(change), `${milliseconds} ms`)
  }

  add(kind, text, note) {
    this.list.querySelector('.hint')?.remove()
    const item = document.createElement('li')
    for (const [className, content] of [['kind', kind], ['what', text], ['ms', note]]) {
      const cell = document.createElement('span')
      cell.className = className
      cell.textContent = content
      item.append(cell)
    }
    item.querySelector('.kind').dataset.kind = kind
    this.list.prepend(item)
    while (this.list.children.length > EVENTS_KEPT) this.list.lastChild.remove()
  }

  empty(text) {
    const hint = document.createElement('li')
    hint.className = 'hint'
    hint.textContent = text
    this.list.replaceChildren(hint)
  }

  show(state, problem = '') {
    this.state.textContent = state
    this.state.dataset.state = state
    this.problem.textContent = problem
    this.problem.hidden = !problem
  }
}

function describe({ eventType, new: row, old }) {
  if (eventType === 'DELETE') return `#${old.id}`
  return `#${row.id} in ${row.room_id}: ${row.body}`
}

function measure(milliseconds) {
  latencies.push(milliseconds)
  if (latencies.length > LATENCIES_KEPT) latencies.shift()
  const sorted = [...latencies].sort((a, b) => a - b)
  byId('latency').textContent = `${sorted[Math.floor(sorted.length / 2)]} ms`
}

async function write(method, path, body) {
  const response = await fetch(`/demo/messages${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  const answer = response.status === 204 ? {} : await response.json()
  byId('problem').textContent = answer.error ?? ''
  byId('problem').hidden = !answer.error
  return response.ok ? answer : null
}

function remember(id) {
  last = id
  byId('update').disabled = byId('delete').disabled = id === null
}

byId('insert').onclick = async () => {
  const row = { room_id: byId('room').value, author: 'page', body: byId('body').value }
  const answer = await write('POST', '', row)
  if (answer) remember(answer.id)
}
byId('update').onclick = () => write('PATCH', `/${last}`, { body: `${byId('body').value} (edited)` })
byId('delete').onclick = async () => {
  await write('DELETE', `/${last}`)
  remember(null)
}

async function start() {
  const config = await (await fetch('/demo/config')).json()
  byId('snippet').textContent = `import { createClient } from '@supabase/supabase-js'

const walcast = createClient('${config.url}', '${config.anonKey}')
walcast.channel('demo')
  .on('postgres_changes', { event: '*', schema: 'public', table: 'messages' }, console.log)
  .subscribe()`
  new Panel('Alice', config)
  new Panel('Bob', config)
}

start().catch(error => {
  byId('problem').textContent = `The page cannot reach its server: ${error.message}`
  byId('problem').hidden = false
})
