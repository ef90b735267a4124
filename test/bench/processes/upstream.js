// An OpenAI-compatible upstream (POST /v1/chat/completions, streamed) that costs next to nothing: raw HTTP over
// net, every answer made of buffers built once, one shared wheel of 1 ms slots for the pace of all streams.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { answerCalls } from '../lib/answer-calls.js';
import { LoadWatch, now } from '../lib/clock.js';
import { percentile } from '../lib/numbers.js';
import { tlsFixture } from '../lib/tls-fixture.js';
import { planIn, TOKENS } from '../lib/vocabulary.js';

const IDS = 16;
const SLOTS = 4096;
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n';
const END = '0\r\n\r\n';

const chunked = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

function event(id, delta, finishReason = null) {
  const body = {
    id: `chatcmpl-bench${id}`,
    object: 'chat.completion.chunk',
    created: 1_760_000_000,
    model: 'bench-model',
    system_fingerprint: 'fp_0123456789',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
  };
  return `data: ${JSON.stringify(body)}\n\n`;
}

function usageEvent(id, tokens) {
  const body = {
    id: `chatcmpl-bench${id}`,
    object: 'chat.completion.chunk',
    created: 1_760_000_000,
    model: 'bench-model',
    system_fingerprint: 'fp_0123456789',
    choices: [],
    usage: { prompt_tokens: 12, completion_tokens: tokens, total_tokens: 12 + tokens },
  };
  return `data: ${JSON.stringify(body)}\n\n`;
}

const packets = new Map();
/** The packet of `count` tokens from `position` on. */
function packet(id, position, count, ownChunks) {
  const key = ((id * TOKENS.length + position) * 64 + count) * 2 + (ownChunks ? 1 : 0);
  let bytes = packets.get(key);
  if (bytes === undefined) {
    const events = Array.from({ length: count }, (_, i) =>
      event(id, { content: TOKENS[(position + i) % TOKENS.length] }),
    );
    bytes = Buffer.from(ownChunks ? events.map(chunked).join('') : chunked(events.join('')));
    packets.set(key, bytes);
  }
  return bytes;
}

const heads = Array.from({ length: IDS }, (_, id) =>
  Buffer.from(HEAD + chunked(event(id, { role: 'assistant', content: '' }))),
);

const wheel = Array.from({ length: SLOTS }, () => []);
const epoch = now();
let clockSlot = 0;
let paced = 0;
let ticking = null;
let lateness = [];
let aborts = [];
/** Of each stream, when it was asked for and when each token went out; `null` if nobody wants to know. */
let sends = null;

const slotNow = () => Math.floor(now() - epoch);

function schedule(answer) {
  wheel[answer.dueSlot % SLOTS].push(answer);
}

function tick() {
  const target = slotNow();
  for (; clockSlot <= target; clockSlot++) {
    const due = wheel[clockSlot % SLOTS];
    if (due.length === 0) continue;
    wheel[clockSlot % SLOTS] = [];
    // How late this slot is served: the pace the servers get is as good as this.
    lateness.push(now() - epoch - clockSlot - 1);
    for (const answer of due) answer.step();
  }
}

function startTicking() {
  paced++;
  if (ticking !== null) return;
  clockSlot = slotNow();
  ticking = setInterval(tick, 1);
}

function stopTicking() {
  paced--;
  if (paced > 0) return;
  clearInterval(ticking);
  ticking = null;
}

/** One streamed answer on one connection. */
class Answer {
  dueSlot = 0;
  done = false;
  #sent = 0;

  constructor(socket, plan, withUsage) {
    this.socket = socket;
    this.plan = plan;
    this.id = plan.stream % IDS;
    this.withUsage = withUsage;
    this.times = sends === null ? null : new Float64Array(plan.tokens);
    sends?.set(plan.stream, { askedAt: now(), times: this.times });
  }

  start() {
    const first = this.#next();
    this.socket.write(Buffer.concat([heads[this.id], first]));
    if (this.#sent >= this.plan.tokens) return this.#finish();
    if (this.plan.intervalMs === 0) return this.pump();
    startTicking();
    this.dueSlot = slotNow() + this.plan.intervalMs;
    schedule(this);
  }

  #next() {
    const { stream, tokens, perPacket, ownChunks } = this.plan;
    const count = Math.min(perPacket, tokens - this.#sent);
    const bytes = packet(this.id, (stream + this.#sent) % TOKENS.length, count, ownChunks);
    this.times?.fill(now(), this.#sent, this.#sent + count);
    this.#sent += count;
    return bytes;
  }

  /** The next packet of a paced answer. */
  step() {
    if (this.done) return;
    this.socket.write(this.#next());
    if (this.#sent >= this.plan.tokens) {
      stopTicking();
      this.#finish();
      return;
    }
    this.dueSlot += this.plan.intervalMs;
    // A stall of this process must not be made up for by a burst in the past of the wheel.
    if (this.dueSlot <= clockSlot) this.dueSlot = clockSlot + 1;
    schedule(this);
  }

  /** An answer without pace: as fast as the reader takes it. */
  pump() {
    while (!this.done && this.#sent < this.plan.tokens) {
      if (!this.socket.write(this.#next())) {
        this.socket.once('drain', () => this.pump());
        return;
      }
    }
    if (!this.done) this.#finish();
  }

  #finish() {
    this.done = true;
    const usage = this.withUsage ? usageEvent(this.id, this.plan.tokens) : '';
    const last = chunked(`${event(this.id, {}, 'stop')}${usage}data: [DONE]\n\n`);
    this.socket.write(this.plan.lateEnd ? last : last + END);
    if (this.plan.lateEnd) setImmediate(() => this.socket.write(END));
  }

  /** The reader went away. */
  abandon() {
    if (this.done) return;
    this.done = true;
    aborts.push({ stream: this.plan.stream, at: now(), sent: this.#sent });
    if (this.plan.intervalMs > 0) stopTicking();
  }
}

function serve(socket) {
  let received = '';
  let answer = null;
  const gone = () => {
    answer?.abandon();
    answer = null;
  };
  socket.on('data', (bytes) => {
    received += bytes.latin1Slice(0, bytes.length);
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, headEnd + 2));
    if (!length) {
      socket.end('HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const bodyEnd = headEnd + 4 + Number(length[1]);
    if (received.length < bodyEnd) return;
    const body = received.slice(headEnd + 4, bodyEnd);
    received = received.slice(bodyEnd);
    const plan = planIn(body);
    if (!plan) {
      socket.write('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    answer = new Answer(socket, plan, body.includes('"include_usage":true'));
    answer.start();
  });
  socket.on('end', gone);
  socket.on('error', gone);
  socket.on('close', gone);
}

const secureSockets = new Set();
let secured = { connections: 0, resumed: 0 };

const plain = net.createServer({ noDelay: true }, serve);
const cert = readFileSync(tlsFixture('cert'));
const secure = tls.createServer({ noDelay: true, cert, key: readFileSync(tlsFixture('key')) }, (socket) => {
  secured.connections++;
  if (socket.isSessionReused()) secured.resumed++;
  secureSockets.add(socket);
  socket.on('close', () => secureSockets.delete(socket));
  serve(socket);
});

const watch = new LoadWatch();

const listening = (server) =>
  new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => resolve(server.address().port));
  });

const [port, securePort] = await Promise.all([plain, secure].map(listening));
answerCalls(
  {
    /** As in the load processes; how late the paced packets went out counts too. */
    watch() {
      const seen = watch.take();
      seen.lateP99 = Math.max(seen.lateP99, percentile(lateness, 99) || 0);
      lateness = [];
      return seen;
    },
    /** The answers whose reader went away, since the last call. */
    aborts() {
      const seen = aborts;
      aborts = [];
      return seen;
    },
    /** Records from now on what {@link sends} tells. */
    recordSends() {
      sends = new Map();
    },
    /** When each stream was asked for and its tokens went out, by its number; records no more. */
    sends() {
      const seen = sends;
      sends = null;
      return seen;
    },
    /** The connections over TLS and how many of them resumed a session, since the last call. */
    secured() {
      const seen = secured;
      secured = { connections: 0, resumed: 0 };
      return seen;
    },
    /** Ends all connections over TLS, as an upstream does with idle ones. */
    async endSecure() {
      const closed = [...secureSockets].map((socket) => once(socket, 'close'));
      for (const socket of secureSockets) socket.end();
      await Promise.all(closed);
    },
  },
  { port, securePort },
);
