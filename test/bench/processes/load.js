// The clients. Two processes run this: one is the load, the other only pings meanwhile.
import { randomUUID } from 'node:crypto';
import { answerCalls } from '../lib/answer-calls.js';
import { audienceCalls } from '../lib/audience-load.js';
import { Client, frame, kindOf, openMany } from '../lib/client.js';
import { LoadWatch, now, sleep } from '../lib/clock.js';
import { echoCalls } from '../lib/echo-load.js';
import { askLibrary, openLibraryClients, summary } from '../lib/library-clients.js';
import { readInNaps } from '../lib/naps.js';
import { percentile } from '../lib/numbers.js';
import { roomCalls } from '../lib/room-load.js';
import { ask } from '../lib/streams.js';
import { question, UNITS_PER_TOKEN } from '../lib/vocabulary.js';

const watch = new LoadWatch();
const PING = frame({ type: 'ping' });
const CANCEL = frame({ type: 'cancel' });

const wrongOf = (replies) => replies.filter((reply) => !reply.exact()).length;
const closeAll = (clients) => clients.forEach((client) => client.close());

// Connections that do nothing.
let idle = [];

// Connections that ping at a pace.
let pacer = null;

// Connections that ask, and what they have been answered without a pause.
let asking = [];
let asks = null;

// Streams in progress.
let streaming = null;

// Answers to clients of the library in progress.
let library = null;

// A stream nobody reads.
let stalled = null;

/** Runs `streams` answers one after the other on every client, the first ones spread over `spreadMs`. */
async function stream(clients, { streams, spreadMs, plan }) {
  const count = clients.length;
  const replies = [];
  const begun = now();
  let done = false;
  readInNaps(() => done);
  await Promise.all(
    clients.map(async (client, index) => {
      await sleep((index / count) * spreadMs);
      for (let i = 0; i < streams; i++) {
        const reply = await ask(client, { ...plan, stream: index + i * count });
        replies.push(reply);
        if (!reply.complete) return;
      }
    }),
  );
  done = true;
  const tookMs = now() - begun;
  closeAll(clients);
  return { replies, tookMs };
}

/** Text received between two times, in tokens. */
function tokensBetween(replies, from, to) {
  let units = 0;
  for (const reply of replies) {
    const pieces = reply.pieces();
    pieces.forEach((piece, i) => {
      if (reply.times[i] >= from && reply.times[i] < to) units += piece.length;
    });
  }
  return units / UNITS_PER_TOKEN;
}

answerCalls({
  watch: () => watch.take(),
  ...audienceCalls,
  ...echoCalls,
  ...roomCalls,

  async idleOpen({ port, count }) {
    idle = await openMany(port, count, { atOnce: 50 });
  },
  idleClose() {
    closeAll(idle);
    idle = [];
  },

  /** Pings on a schedule that does not wait for answers, so that a stall is seen by every ping that falls into it. */
  async pacerStart({ port, clients: count, everyMs }) {
    const clients = await openMany(port, count);
    const latencies = [];
    for (const client of clients) {
      client.state = [];
      client.onMessage = (_data, _from, _to, at) => latencies.push(at - client.state.shift());
    }
    let turn = 0;
    // One connection at a time: the pings spread over the period.
    const timer = setInterval(() => {
      const due = clients[turn++ % count];
      due.state.push(now());
      due.send(PING);
    }, everyMs / count);
    pacer = { clients, latencies, timer };
  },
  /** Forgets what was measured so far. */
  pacerReset() {
    pacer.latencies.length = 0;
  },
  /** What was measured since then. */
  pacerSeen: () => ({ p50: percentile(pacer.latencies, 50), p99: percentile(pacer.latencies, 99) }),
  async pacerStop() {
    clearInterval(pacer.timer);
    const { clients, latencies } = pacer;
    // What is still unanswered counts with the time it has waited.
    for (let i = 0; i < 50 && clients.some((client) => client.state.length > 0); i++) await sleep(20);
    for (const client of clients) for (const sentAt of client.state) latencies.push(now() - sentAt);
    closeAll(clients);
    return {
      count: latencies.length,
      p50: percentile(latencies, 50),
      p99: percentile(latencies, 99),
      max: percentile(latencies, 100),
    };
  },

  async asksOpen({ port, clients, tokens }) {
    asking = await openMany(port, clients, { tokens });
  },
  asksClose() {
    closeAll(asking);
    asking = [];
  },
  /** `repeat` times one query on each of `clients` connections at once; the next `pauseMs` after all are answered. */
  async askAtOnce({ clients = asking.length, repeat, pauseMs = 0, plan }) {
    const replies = [];
    for (let i = 0; i < repeat; i++) {
      const asked = asking.slice(0, clients).map((client, k) => ask(client, { ...plan, stream: i * clients + k }));
      replies.push(...(await Promise.all(asked)));
      if (pauseMs > 0) await sleep(pauseMs);
    }
    const first = replies.map((reply) => reply.firstMs);
    const p50 = percentile(first, 50);
    return {
      p50,
      p99: percentile(first, 99),
      outliers: (first.filter((ms) => ms > 10 * p50).length / first.length) * 100,
      wrong: wrongOf(replies),
    };
  },
  /** Every connection asks again as soon as it is answered. */
  asksStart({ plan }) {
    const run = { replies: [], ending: false };
    run.ended = Promise.all(
      asking.map(async (client, k) => {
        for (let stream = k; !run.ending; stream += asking.length) {
          const reply = await ask(client, { ...plan, stream });
          run.replies.push(reply);
          if (!reply.complete) return;
        }
      }),
    );
    asks = run;
  },
  asksCount: () => ({ answered: asks.replies.length, at: now() }),
  async asksStop() {
    const { replies, ended } = asks;
    asks.ending = true;
    await ended;
    asks = null;
    return { wrong: wrongOf(replies) };
  },

  /** Resolves when the connections are open and the first streams may start. */
  async streamsStart({ port, clients, ...params }) {
    streaming = stream(await openMany(port, clients), params);
    streaming.catch(() => {});
  },
  /** Waits for the streams to end and tells what came of them. */
  async streamsResult({ from = 0, to = 0, firstMs = 200, gapMs = 70 }) {
    const { replies, tookMs } = await streaming;
    streaming = null;
    const first = replies.map((reply) => reply.firstMs);
    const gaps = replies.map((reply) =>
      reply.times.reduce((most, time, i) => (i === 0 ? 0 : Math.max(most, time - reply.times[i - 1])), 0),
    );
    const share = (test) => replies.filter(test).length / replies.length;
    return {
      replies: replies.length,
      failure: replies.find((reply) => reply.failure !== null)?.failure ?? null,
      exact: share((reply) => reply.exact()),
      inTime: share((reply) => reply.inTime(firstMs, gapMs)),
      firstP50: percentile(first, 50),
      firstP99: percentile(first, 99),
      gapP99: percentile(gaps, 99),
      chunksPerToken:
        replies.reduce((sum, reply) => sum + reply.raw.length, 0) /
        replies.reduce((sum, reply) => sum + reply.plan.tokens, 0),
      windowTokens: to > 0 ? tokensBetween(replies, from, to) : 0,
      tookMs,
    };
  },

  /** One client of the library asks, again when it is answered. */
  async libraryAsks({ port, encrypted, repeat, plan }) {
    const clients = await openLibraryClients(port, 1, encrypted);
    const answers = [];
    for (let i = 0; i < repeat; i++) answers.push(await askLibrary(clients[0], plan));
    closeAll(clients);
    return summary(answers);
  },
  /** Every client of the library asks once. Resolves when they are connected. */
  async libraryStart({ port, encrypted, clients: count, spreadMs, plan }) {
    const clients = await openLibraryClients(port, count, encrypted);
    const ask = async (client, index) => {
      await sleep((index / count) * spreadMs);
      return askLibrary(client, { ...plan, stream: index });
    };
    library = Promise.all(clients.map(ask)).finally(() => closeAll(clients));
    library.catch(() => {});
  },
  libraryResult: async () => summary(await library),

  /** Starts an answer and stops reading after `readChunks` pieces. */
  async stallStart({ port, plan, readChunks }) {
    const client = await Client.open(port);
    let chunks = 0;
    await new Promise((resolve) => {
      client.onMessage = (data, from) => {
        if (kindOf(data, from) !== 'chunk' || ++chunks !== readChunks) return;
        client.pause();
        resolve();
      };
      client.send(frame({ type: 'streaming_query', query: question(plan) }));
    });
    stalled = client;
  },
  stallStop() {
    stalled.close();
    stalled = null;
  },

  /** On every client, `repeat` times: start an answer, drop the connection after some chunks, and read on over a new one. */
  async resume({ port, clients: count, repeat, plan, afterChunks }) {
    const times = [];
    let wrong = 0;
    const open = (index) => Client.open(port, index, { protocol: 'agent-ws.v1' });
    const one = async (index) => {
      const runId = randomUUID();
      const first = await open(index);
      let position = 0;
      // Applies a message; returns whether it is a chunk.
      const apply = (data, from, to) => {
        const message = JSON.parse(data.toString('utf8', from, to));
        if (message.seq === undefined) return message.type === 'resumed' ? message : null;
        if ((message.first_seq ?? message.seq) !== position + 1) wrong++;
        position = message.seq;
        return message;
      };
      await new Promise((resolve) => {
        let chunks = 0;
        first.onMessage = (data, from, to) => {
          if (apply(data, from, to)?.type === 'stream_chunk' && ++chunks === afterChunks) resolve();
        };
        first.send(frame({ type: 'streaming_query', query: question({ ...plan, stream: index }), run_id: runId }));
      });
      first.close();
      const second = await open(index);
      const begun = now();
      let head = Infinity;
      await new Promise((resolve) => {
        second.onMessage = (data, from, to, at) => {
          const message = apply(data, from, to);
          if (message?.type === 'resumed') head = message.head;
          else if (message?.type === 'stream_chunk' && message.seq > head) {
            head = Infinity;
            times.push(at - begun);
          } else if (message?.type === 'stream_end') resolve();
        };
        second.send(frame({ type: 'resume', run_id: runId, after: position }));
      });
      second.close();
    };
    for (let i = 0; i < repeat; i++) {
      await Promise.all(
        Array.from({ length: count }, async (_, index) => {
          await sleep((index / count) * 1_000);
          await one(index);
        }),
      );
    }
    return { p50: percentile(times, 50), p95: percentile(times, 95), wrong };
  },

  /** On every lane, `repeat` times: start an answer, cancel it after some chunks, watch what still comes. */
  async cancel({ port, lanes, repeat, plan, afterChunks, watchMs }) {
    const clients = await openMany(port, lanes);
    const cancels = [];
    await Promise.all(
      clients.map(async (client, lane) => {
        // The lanes must not cancel in step.
        await sleep((lane * watchMs) / lanes);
        for (let i = 0; i < repeat; i++) {
          const cancel = { stream: lane * repeat + i, sentAt: 0, answeredMs: Infinity, after: 0, replies: 0 };
          cancels.push(cancel);
          let chunks = 0;
          await new Promise((resolve) => {
            const giveUp = setTimeout(resolve, 5000);
            client.onMessage = (data, from, _to, at) => {
              const kind = kindOf(data, from);
              if (kind === 'cancelled') {
                cancel.replies++;
                cancel.answeredMs = at - cancel.sentAt;
                clearTimeout(giveUp);
                resolve();
              } else if (cancel.replies > 0) {
                cancel.after++;
              } else if (kind === 'chunk' && ++chunks === afterChunks) {
                cancel.sentAt = now();
                client.send(CANCEL);
              }
            };
            client.send(frame({ type: 'streaming_query', query: question({ ...plan, stream: cancel.stream }) }));
          });
          await sleep(watchMs);
        }
      }),
    );
    closeAll(clients);
    return cancels;
  },
});
