// Presence without Walcast: a client that joins gets the list, and all others get each join by itself.
import { WebSocketServer } from 'ws'

const rooms = new Map()
const meta = (key, payload) => ({ [key]: { metas: [{ phx_ref: key, ...payload }] } })

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () => console.log(server.address().port))
server.on('connection', socket => socket.on('message', data => {
  const [joinRef, ref, topic, event, payload] = JSON.parse(data)
  if (!rooms.has(topic)) rooms.set(topic, { members: new Map(), state: {} })
  const room = rooms.get(topic)
  const reply = () => socket.send(JSON.stringify([joinRef, ref, topic, 'phx_reply', { status: 'ok', response: {} }]))
  if (event === 'phx_join') {
    reply()
    socket.send(JSON.stringify([joinRef, null, topic, 'presence_state', room.state]))
    room.members.set(socket, payload.config.presence.key)
  }
  if (event === 'presence') {
    const joins = meta(room.members.get(socket), payload.payload)
    Object.assign(room.state, joins)
    reply()
    const diff = JSON.stringify([null, null, topic, 'presence_diff', { joins, leaves: {} }])
    for (const member of room.members.keys()) member.send(diff)
  }
  if (event === 'phx_leave') room.members.delete(socket)
}))
