// The unmodified phoenix client with an authToken over ws, which fails, as browsers do, when the server agrees to none of the
// protocols that it was offered. Says what happens as JSON lines.
import { Socket } from 'phoenix'
import WebSocket from 'ws'

const say = message => process.stdout.write(JSON.stringify(message) + '\n')
const socket = new Socket(process.env.SOCKET_URL, { authToken: process.env.AUTH_TOKEN, transport: WebSocket })
socket.onOpen(() => say({ event: 'open', protocol: socket.conn.protocol }))
socket.onError(() => say({ event: 'failed' }))
socket.connect()
socket.channel('realtime:auth-token', {}).join().receive('ok', () => say({ event: 'joined' }))
