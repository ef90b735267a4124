// A store in Redis without a server: writes entries of many logs at a pace, or follows them.
import { answerCalls } from '../lib/answer-calls.js';
import { now, sleep } from '../lib/clock.js';
import { percentile } from '../lib/numbers.js';

const [, , url, keyPrefix] = process.argv;
const { createRedisStore } = await import(new URL('../../../dist/redis.js', import.meta.url).href);
const store = await createRedisStore({ url, keyPrefix });

/** What is not measured at the beginning and at the end, in entries. */
const SETTLE = 25;
const ownerOf = (index) => `user ${index}`;

let logs = [];
let latencies = [];
let seen = Promise.resolve();
let cpu = 0;

/** Notes how late each entry of the logs is published here. Resolves when all have so many. */
function watch(entries) {
  latencies = [];
  let left = logs.length;
  return new Promise((resolve) => {
    for (const log of logs) {
      let at = 0;
      log.onPublished(() => {
        const fresh = log.read(at);
        // Entries that are not in memory any more are left out.
        if (!Array.isArray(fresh)) return;
        for (const { timestamp, seq } of fresh) {
          if (seq > SETTLE && seq <= entries - SETTLE) latencies.push(now() - timestamp);
          at = seq;
        }
        if (at === entries && --left === 0) resolve();
      });
    }
  });
}

const times = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

answerCalls({
  sample: () => ({ cpu: times() }),
  /** Begins runs to write. */
  async create({ ids }) {
    const created = ids.map((id, index) =>
      store.runs.create({
        owner: ownerOf(index),
        id,
        kind: 'streaming_query',
        requestHash: 'x',
        createdAt: Date.now(),
      }),
    );
    logs = (await Promise.all(created)).map(({ log }) => log);
  },
  /** Follows runs of another process. */
  async follow({ ids, entries }) {
    const opened = await Promise.all(ids.map((id, index) => store.runs.open(ownerOf(index), id)));
    logs = opened.map(({ log }) => log);
    seen = watch(entries);
    await sleep(500);
    cpu = times();
  },
  /** Writes so many entries into each log, one every `intervalMs`, and waits until they are published. */
  async write({ entries, intervalMs }) {
    seen = watch(entries);
    cpu = times();
    const begun = now();
    const total = logs.length * entries;
    const dueAt = (count) => begun + (count / logs.length) * intervalMs;
    for (let count = 0; count < total;) {
      for (; count < total && dueAt(count) <= now(); count++) {
        const seq = Math.floor(count / logs.length) + 1;
        logs[count % logs.length].append({
          type: 'stream_chunk',
          seq,
          timestamp: now(),
          content: 'a piece of text of words',
        });
      }
      await sleep(1);
    }
    await seen;
    return { tookMs: now() - begun };
  },
  /** Waits until all entries are seen. Times in milliseconds, CPU in microseconds. */
  async result() {
    await seen;
    return { p50: percentile(latencies, 50), p99: percentile(latencies, 99), cpu: times() - cpu };
  },
});
