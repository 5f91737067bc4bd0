// Stands around a block of the documents: Example.java puts both together. Says what happens as JSON lines, also what the block
// prints; obeys one JSON a line on standard input: {"cmd":"offline"}, {"cmd":"online"}, and what `commands` has besides.
import { createClient } from '@supabase/supabase-js'
import { createInterface } from 'node:readline'
import WebSocket from 'ws'

export const url = process.env.WALCAST_URL
export const key = process.env.ANON_KEY
export const token = process.env.TOKEN
export const say = message => process.stdout.write(JSON.stringify(message) + '\n')
export const client = () => createClient(url, key, { realtime: { reconnectAfterMs: () => 100 } })

/** Says what the channel's system messages are, once the block has heard them. */
export const overhear = channel => channel.on('system', {}, message => say({ event: 'system', message }))

let offline = false
let socket

export const commands = {
  offline() {
    offline = true
    socket.terminate()
    say({ event: 'offline' })
  },
  online() {
    offline = false
  },
}

/** Stands in for the browser's, which Node.js 20 lacks. */
globalThis.WebSocket = class extends WebSocket {
  constructor(address, ...more) {
    super(offline ? 'ws://127.0.0.1:9' : address, ...more)
    socket = this
  }
}

console.log = (...args) => say({ event: 'log', args })
createInterface({ input: process.stdin }).on('line', line => commands[JSON.parse(line).cmd]())
