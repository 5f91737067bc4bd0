// The usual design with socket.io: an event of one client is broadcast to all others.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const http = createServer()
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false })
io.on('connection', socket => socket.on('tick', text => socket.broadcast.emit('tick', text)))
http.listen(0, '127.0.0.1', () => console.log(http.address().port))
