// One member of the scenarios in ClientMatrixTest, over a client named by the first argument: an unmodified package from npm.
// Says what happens as JSON lines; obeys one JSON a line on standard input.
import { createClient } from '@supabase/supabase-js'
import { RealtimeClient } from 'realtime-js-2-11'
import { Presence, Socket } from 'phoenix'
import { createInterface } from 'node:readline'
import WebSocket from 'ws'

const url = process.env.WALCAST_URL
const token = process.env.ANON_KEY
const say = message => process.stdout.write(JSON.stringify(message) + '\n')
const refused = reason => say({ event: 'refused', reason })

// What supabase-js and the realtime-js of before have in common.
function joinRealtime(client, { topic, bindings = [], isPrivate = false, presence }) {
  const config = { private: isPrivate, broadcast: { self: false, ack: true } }
  const channel = client.channel(topic, { config: presence ? { ...config, presence: { key: presence } } : config })
  for (const binding of bindings) {
    channel.on('postgres_changes', binding, ({ eventType, new: now, old }) => say({ event: 'change', type: eventType, new: now, old }))
  }
  if (presence) channel.on('presence', { event: 'sync' }, () => say({ event: 'presence', names: Object.values(channel.presenceState()).flat().map(meta => meta.name) }))
  channel
    .on('broadcast', { event: '*' }, message => say({ event: 'broadcast', name: message.event, payload: message.payload }))
    .on('system', {}, message => say({ event: 'system', message }))
    .subscribe((status, error) => {
      if (status === 'SUBSCRIBED') say({ event: 'joined' })
      if (status === 'CHANNEL_ERROR' && error) refused(error.message)
    })
  return {
    send: async (event, payload) => (await channel.send({ type: 'broadcast', event, payload })) === 'ok',
    track: async state => (await channel.track(state)) === 'ok',
    leave: () => client.removeChannel(channel),
  }
}

function supabaseJs() {
  const client = createClient(url, token, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: WebSocket },
  })
  return {
    join: options => joinRealtime(client, options),
    token: fresh => client.realtime.setAuth(fresh),
    post: async (topic, event, payload) => (await client.channel(topic).httpSend(event, payload)).success,
  }
}

function realtimeJs211() {
  // Given a transport, this version never listens to it; it finds ws by itself.
  const client = new RealtimeClient(url.replace('http', 'ws') + '/realtime/v1', { params: { apikey: token } })
  client.setAuth(token)
  return {
    join: options => joinRealtime(client, options),
    token: fresh => client.setAuth(fresh),
    post: async (topic, event, payload) => (await client.channel(topic).send({ type: 'broadcast', event, payload })) === 'ok',
  }
}

const answered = push =>
  new Promise(resolve => push.receive('ok', () => resolve(true)).receive('error', () => resolve(false)).receive('timeout', () => resolve(false)))

function phoenix() {
  const socket = new Socket(url.replace('http', 'ws') + '/realtime/v1', { params: { apikey: token }, transport: WebSocket })
  socket.connect()
  let channel
  return {
    join({ topic, bindings = [], isPrivate = false, presence }) {
      const config = { private: isPrivate, broadcast: { self: false, ack: true }, postgres_changes: bindings }
      channel = socket.channel('realtime:' + topic, { config: { ...config, presence: { key: presence ?? '', enabled: !!presence } } })
      channel.on('postgres_changes', ({ data }) => say({ event: 'change', type: data.type, new: data.record, old: data.old_record }))
      channel.on('broadcast', message => say({ event: 'broadcast', name: message.event, payload: message.payload }))
      channel.on('system', message => say({ event: 'system', message }))
      if (presence) {
        const members = new Presence(channel)
        members.onSync(() => say({ event: 'presence', names: members.list((_, { metas }) => metas).flat().map(meta => meta.name) }))
      }
      channel.join().receive('ok', () => say({ event: 'joined' })).receive('error', ({ reason }) => refused(reason))
      return {
        send: (event, payload) => answered(channel.push('broadcast', { type: 'broadcast', event, payload })),
        track: state => answered(channel.push('presence', { type: 'presence', event: 'track', payload: state })),
        leave: () => answered(channel.leave()),
      }
    },
    token: fresh => channel.push('access_token', { access_token: fresh }),
  }
}

const client = { 'supabase-js': supabaseJs, 'realtime-js': realtimeJs211, phoenix }[process.argv[2]]()
let channel
for await (const line of createInterface({ input: process.stdin })) {
  const { cmd, ...command } = JSON.parse(line)
  if (cmd === 'join') channel = client.join(command)
  if (cmd === 'send') say({ event: 'sent', ok: await channel.send(command.event, command.payload) })
  if (cmd === 'post') say({ event: 'posted', ok: await client.post(command.topic, command.event, command.payload) })
  if (cmd === 'track') say({ event: 'tracked', ok: await channel.track(command.state) })
  if (cmd === 'token') await client.token(command.token)
  if (cmd === 'leave') say({ event: 'left', ok: await channel.leave() })
}
process.exit(0)
