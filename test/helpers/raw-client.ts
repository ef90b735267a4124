import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Options of {@link frame} besides opcode and payload. */
export interface FrameOptions {
  fin?: boolean;
  masked?: boolean;
  /** The three reserved bits. */
  reserved?: number;
  /** A length other than that of the payload, in 64 bits. */
  declaredLength?: bigint;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One WebSocket frame, valid or invalid as the test wants it (RFC 6455, section 5.2). */
export function frame(opcode: number, payload: string | Buffer = '', options: FrameOptions = {}): Buffer {
  const { fin = true, masked = true, reserved = 0, declaredLength } = options;
  const data = Buffer.from(payload as string);
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const maskBit = masked ? 0x80 : 0;
  let header: Buffer;
  if (declaredLength !== undefined || data.length > 0xffff) {
    header = Buffer.alloc(10);
    header[1] = maskBit | 127;
    header.writeBigUInt64BE(declaredLength ?? BigInt(data.length), 2);
  } else if (data.length > 125) {
    header = Buffer.alloc(4);
    header[1] = maskBit | 126;
    header.writeUInt16BE(data.length, 2);
  } else {
    header = Buffer.from([0, maskBit | data.length]);
  }
  header[0] = first;
  if (!masked) return Buffer.concat([header, data]);
  const mask = randomBytes(4);
  return Buffer.concat([header, mask, data.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]);
}

/** A close frame. */
export function closeFrame(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return frame(OPCODE.close, payload);
}

/** A frame from a server, which is not masked. */
export interface ReceivedFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** What {@link RawClient.open} takes. */
export interface RawOptions {
  path?: string;
  method?: string;
  /** Headers that replace those of a valid handshake; `undefined` omits a header. */
  headers?: Record<string, string | undefined>;
  /** Bytes sent in the same packet as the request. */
  head?: Buffer;
  /** The address of the client; any of 127.0.0.0/8. */
  localAddress?: string | undefined;
}

/** The bytes of a handshake request. */
export function handshake(
  port: number,
  { path = '/ws/agent', method = 'GET', headers = {}, head }: RawOptions,
): Buffer {
  const all: Record<string, string | undefined> = {
    Host: `127.0.0.1:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  const text = `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(text), head ?? Buffer.alloc(0)]);
}

/** A TCP client that sends as much WebSocket as the test wants, and answers nothing by itself. */
export class RawClient {
  readonly socket: Socket;
  /** Resolves when the TCP connection is gone. */
  readonly closed: Promise<void>;
  #chunks: Buffer[] = [];

  constructor(port: number, localAddress?: string) {
    this.socket = connect({ port, host: '127.0.0.1', ...(localAddress !== undefined && { localAddress }) });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk: Buffer) => void this.#chunks.push(chunk));
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    onTestFinished(() => void this.socket.destroy());
  }

  /** Sends a handshake and waits for the answer's headers. */
  static async open(port: number, options: RawOptions = {}): Promise<RawClient> {
    const client = new RawClient(port, options.localAddress);
    client.socket.write(handshake(port, options));
    await client.headers();
    return client;
  }

  /** All received bytes, joined when they are read. */
  get #received(): Buffer {
    const whole = this.#chunks.length === 1 ? this.#chunks[0] : undefined;
    if (whole !== undefined) return whole;
    const received = Buffer.concat(this.#chunks);
    this.#chunks = [received];
    return received;
  }

  /** Waits for the complete head of the answer. */
  async headers(): Promise<string> {
    for (;;) {
      const received = this.#received;
      const end = received.indexOf('\r\n\r\n');
      if (end >= 0) return received.subarray(0, end).toString();
      if (this.socket.closed) throw new Error(`Closed before an answer; got ${received.toString()}`);
      await Promise.race([once(this.socket, 'data'), this.closed]);
    }
  }

  /** The HTTP status of the answer. */
  async status(): Promise<number> {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(await this.headers())?.[1]);
  }

  /** The complete frames so far. */
  get frames(): ReceivedFrame[] {
    const received = this.#received;
    const frames: ReceivedFrame[] = [];
    let at = received.indexOf('\r\n\r\n') + 4;
    while (at + 2 <= received.length) {
      const opcode = (received[at] ?? 0) & 0x0f;
      let length = (received[at + 1] ?? 0) & 0x7f;
      let start = at + 2;
      if (length === 126) length = received.readUInt16BE((start += 2) - 2);
      else if (length === 127) length = Number(received.readBigUInt64BE((start += 8) - 8));
      if (start + length > received.length) break;
      frames.push({ opcode, payload: received.subarray(start, start + length) });
      at = start + length;
    }
    return frames;
  }

  /** The messages so far. */
  get messages(): Record<string, unknown>[] {
    return this.frames
      .filter(({ opcode }) => opcode === OPCODE.text)
      .map(({ payload }) => JSON.parse(payload.toString()) as Record<string, unknown>);
  }

  /** Code and reason of the close frame, if one has arrived. */
  get close(): { code: number; reason: string } | undefined {
    const payload = this.frames.find(({ opcode }) => opcode === OPCODE.close)?.payload;
    if (payload === undefined) return undefined;
    return { code: payload.length < 2 ? 1005 : payload.readUInt16BE(), reason: payload.subarray(2).toString() };
  }
}
