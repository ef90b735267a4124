// node test/bench/cluster.js REDIS_URL [streams ...]: what a store in Redis takes, see README.md
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { percentile } from './lib/numbers.js';
import { short } from './lib/table.js';

/** One entry of each stream in so many milliseconds, as a model says tokens. */
const INTERVAL_MS = 40;
const ENTRIES = 150;
/** What is not measured at the beginning and at the end. */
const SETTLE = 25;
const OWNER = 'bench';

const { createRedisStore } = await import(new URL('../../dist/redis.js', import.meta.url).href);
const [, , url, ...rest] = process.argv;
const now = () => performance.timeOrigin + performance.now();

if (rest[0] === 'reader') await read(...rest.slice(1));
else for (const streams of rest.length > 0 ? rest.map(Number) : [200, 1_000]) await measure(streams);
process.exit(0);

/** Writes so many streams here, which are read in another process. */
async function measure(streams) {
  const keyPrefix = randomUUID();
  const store = await createRedisStore({ url, keyPrefix });
  const ids = Array.from({ length: streams }, () => randomUUID());
  const logs = await Promise.all(
    ids.map(async (id, index) => {
      const meta = { owner: `${OWNER} ${index}`, id, kind: 'streaming_query', requestHash: 'x', createdAt: Date.now() };
      return (await store.runs.create(meta)).log;
    }),
  );
  const reader = fork(fileURLToPath(import.meta.url), [url, 'reader', keyPrefix, String(streams)]);
  reader.send(ids);
  await once(reader, 'message');
  const result = once(reader, 'message');

  const commits = [];
  for (const log of logs) {
    let at = 0;
    log.onPublished(() => {
      for (const { timestamp, seq } of newOf(log, at)) {
        if (seq > SETTLE && seq <= ENTRIES - SETTLE) commits.push(now() - timestamp);
        at = seq;
      }
    });
  }
  const cpu = process.cpuUsage();
  const began = now();
  await Promise.all(logs.map((log, index) => write(log, began + (index / streams) * INTERVAL_MS)));
  while (logs.some(({ published }) => published < ENTRIES)) await new Promise((resolve) => setTimeout(resolve, 5));
  const seconds = (now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const [seen] = await result;
  await store.close();
  const of = (name, times) => `${name} p50 ${short(percentile(times, 50))} ms, p99 ${short(percentile(times, 99))} ms`;
  const count = streams * ENTRIES;
  process.stdout.write(
    `${streams} streams, ${short(count / seconds)} entries/s: ${of('commit', commits)}; ${of('reader elsewhere', seen.times)}; ` +
      `${short((user + system) / count)} µs CPU an entry where it is written, ${short(seen.cpu / count)} where it is read\n`,
  );
}

async function write(log, from) {
  for (let seq = 1; seq <= ENTRIES; seq++) {
    const wait = from + seq * INTERVAL_MS - now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    log.append({ type: 'stream_chunk', seq, timestamp: now(), content: 'a piece of text of words' });
  }
}

/** The other process: follows every run, and says how late it saw the entries. */
async function read(keyPrefix, streams) {
  const [ids] = await once(process, 'message');
  const store = await createRedisStore({ url, keyPrefix });
  const times = [];
  let left = Number(streams);
  const done = new Promise((resolve) => {
    for (const [index, id] of ids.entries()) void follow(index, id, resolve);
  });
  async function follow(index, id, resolve) {
    const { log } = await store.runs.open(`${OWNER} ${index}`, id);
    let at = 0;
    log.onPublished(() => {
      for (const { timestamp, seq } of newOf(log, at)) {
        if (seq > SETTLE && seq <= ENTRIES - SETTLE) times.push(now() - timestamp);
        at = seq;
      }
      if (at === ENTRIES && --left === 0) resolve();
    });
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const cpu = process.cpuUsage();
  process.send('ready');
  await done;
  const { user, system } = process.cpuUsage(cpu);
  await new Promise((resolve) => process.send({ times, cpu: user + system }, resolve));
  await store.close();
}

/** What a reader of a log gets: entries that are not in memory any more are left out. */
function newOf(log, after) {
  const entries = log.read(after);
  return Array.isArray(entries) ? entries : [];
}
