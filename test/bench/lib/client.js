import net from 'node:net';
import { now } from './clock.js';

// One buffer for all sockets: libuv fills it and calls back before it reads from the next socket.
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
const SOURCES = 8;

/** A text frame as a client sends it. The masking key is zero, which is legal and saves the load side the masking. */
export const frame = (message) => textFrame(JSON.stringify(message));

/** The same of a text that is no JSON. */
export function textFrame(text) {
  const payload = Buffer.from(text);
  if (payload.length > 65_535) throw new Error('message too long for a benchmark');
  const short = payload.length < 126;
  const header = Buffer.alloc(short ? 6 : 8);
  header[0] = 0x81;
  header[1] = 0x80 | (short ? payload.length : 126);
  if (!short) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/** What a message is, by the one or two bytes of its `type` that tell. */
export function kindOf(data, from) {
  // {"type":"stream_chunk"
  switch (data[from + 9]) {
    case 0x73: // s
      switch (data[from + 16]) {
        case 0x63:
          return 'chunk';
        case 0x65:
          return 'end';
        default:
          return 'start';
      }
    case 0x70:
      // The messages of a room say who is there in `presence`.
      return data[from + 10] === 0x6f ? 'pong' : 'presence';
    case 0x61:
      return 'accepted';
    case 0x72:
      // What is said of a run, and what of a room.
      if (data[from + 10] !== 0x6f) return 'run';
      return data[from + 14] === 0x65 ? 'room-event' : 'room';
    case 0x63:
      return data[from + 10] === 0x61 ? 'cancelled' : 'connected';
    default:
      return 'error';
  }
}

const isConnected = (data, from) => kindOf(data, from) === 'connected';

/**
 * How a client connects: the subprotocol it offers, the token it shows, the address it comes from, and how the first
 * message of a server that is not agent-ws begins.
 * @typedef {{ protocol?: string, token?: string, localAddress?: string, path?: string, isGreeting?: typeof isConnected }} Manner
 */

/**
 * A WebSocket client that does just what the load needs: it reads unmasked frames in place and leaves
 * the JSON for later, because the load side must cost less than the server.
 */
export class Client {
  /** Called for every text message with the bytes (valid during the call only), from, to and the time of the read. */
  onMessage = () => {};
  /** Called when the connection ends though nobody here closed it. */
  onLost = () => {};
  /** Whatever the user of the client keeps with it. */
  state = null;
  #socket;
  #isGreeting;
  #rest = null;
  #shaken = false;
  #opened;
  #closing = false;
  #paused = false;

  /**
   * Resolves with the client once it has read `connected`.
   * @param {number} port
   * @param {number} index selects the source address, and is the name of the user
   * @param {Manner} manner
   */
  static open(port, index = 0, manner = {}) {
    return new Promise((resolve, reject) => new Client(port, index, manner, resolve, reject));
  }

  constructor(port, index, manner, resolve, reject) {
    const { protocol, token, localAddress, path = '/ws/agent', isGreeting = isConnected } = manner;
    this.#opened = resolve;
    this.#isGreeting = isGreeting;
    this.#socket = net.connect({
      host: '127.0.0.1',
      port,
      // The ports of one source address do not last for tens of thousands of connections.
      localAddress: localAddress ?? `127.0.0.${1 + (index % SOURCES)}`,
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback: (length, buffer) => this.#read(length, buffer) },
    });
    this.#socket.on('error', reject);
    this.#socket.on('close', () => {
      if (this.#opened) reject(new Error('connection closed during the handshake'));
      else if (!this.#closing) this.onLost();
    });
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-User: ${index}\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YmVuY2gtYmVuY2gtYmVuYw==\r\n' +
        (protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`) +
        (token === undefined ? '\r\n' : `Authorization: Bearer ${token}\r\n\r\n`),
    );
  }

  send(bytes) {
    this.#socket.write(bytes);
  }

  /** Stops reading: the kernel's buffers fill, then the server's. */
  pause() {
    this.#paused = true;
    this.#socket.pause();
  }

  close() {
    this.#closing = true;
    this.#socket.destroy();
  }

  #read(length, buffer) {
    const at = now();
    let data = buffer;
    let start = 0;
    let end = length;
    if (this.#rest) {
      data = Buffer.concat([this.#rest, buffer.subarray(0, length)]);
      end = data.length;
      this.#rest = null;
    }
    if (!this.#shaken) {
      const headEnd = data.subarray(0, end).indexOf('\r\n\r\n');
      if (headEnd >= 0) {
        if (!data.toString('latin1', 0, 12).endsWith('101')) {
          this.#socket.destroy(new Error(`handshake refused: ${data.toString('latin1', 0, headEnd)}`));
          return false;
        }
        this.#shaken = true;
        start = headEnd + 4;
      }
    }
    while (this.#shaken && end - start >= 2) {
      const opcode = data[start];
      let size = data[start + 1];
      let header = 2;
      if (size === 126) {
        if (end - start < 4) break;
        size = data.readUInt16BE(start + 2);
        header = 4;
      } else if (size === 127) {
        if (end - start < 10) break;
        size = Number(data.readBigUInt64BE(start + 2));
        header = 10;
      }
      const from = start + header;
      const to = from + size;
      if (to > end) break;
      start = to;
      if (opcode === 0x81) this.#message(data, from, to, at);
      else if (opcode === 0x89) this.#socket.write(PONG);
      else if (opcode !== 0x88 && opcode !== 0x8a) throw new Error(`unexpected frame 0x${opcode.toString(16)}`);
    }
    if (start < end) this.#rest = Buffer.from(data.subarray(start, end));
    return !this.#paused;
  }

  #message(data, from, to, at) {
    if (this.#opened) {
      if (!this.#isGreeting(data, from)) throw new Error(`not connected: ${data.toString('utf8', from, to)}`);
      this.#opened(this);
      this.#opened = null;
      return;
    }
    this.onMessage(data, from, to, at);
  }
}

/**
 * Opens many connections, some at a time.
 * @param port - or several ports, which get the same number of connections
 * @param {{ atOnce?: number, tokens?: readonly string[] } & Manner} options `tokens`: one for each connection
 */
export async function openMany(port, count, { atOnce = 100, tokens, ...manner } = {}) {
  const ports = [port].flat();
  const open = (index) => Client.open(ports[index % ports.length], index, { ...manner, token: tokens?.[index] });
  const clients = [];
  for (let i = 0; i < count; i += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, count - i) }, (_, k) => open(i + k));
    clients.push(...(await Promise.all(batch)));
  }
  return clients;
}
