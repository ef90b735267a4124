import { frame, kindOf, openMany } from './client.js';
import { now, sleep } from './clock.js';
import { percentile } from './numbers.js';
import { question } from './vocabulary.js';

const JOIN = frame({ type: 'join', room: 'bench' });

/** The `seq` of a chunk is its last field but for the id of the run. */
const seqOf = (data, from, to) => Number(/"seq":(\d+)/.exec(data.latin1Slice(from, to))?.[1]);

/** Of the answer: who asked, the connections that will read it, and the newest `seq` of each. */
let asker;
let viewers = [];
let newest;

/** Calls of the load process: one answer in a room, which others join while it comes. */
export const audienceCalls = {
  /** Asks in a room. Resolves when text comes and all viewers are connected. */
  async audienceStart({ port, viewers: count, plan }) {
    const protocol = 'agent-ws.v1';
    viewers = await openMany(port, count, { protocol });
    [asker] = await openMany(port, 1, { protocol });
    newest = 0;
    await new Promise((resolve, reject) => {
      asker.onMessage = (data, from, to) => {
        const kind = kindOf(data, from);
        if (kind === 'room') asker.send(frame({ type: 'streaming_query', room: 'bench', query: question(plan) }));
        else if (kind === 'error') reject(new Error(data.toString('utf8', from, to)));
        if (kind !== 'chunk') return;
        newest = seqOf(data, from, to);
        resolve();
      };
      asker.send(JOIN);
    });
  },
  /** All viewers join, spread over `spreadMs`. @returns the milliseconds until each had text that came after it joined */
  async audienceJoin({ spreadMs }) {
    const times = await Promise.all(
      viewers.map(async (client, index) => {
        await sleep((index / viewers.length) * spreadMs);
        const joinedAt = now();
        const before = newest;
        const live = new Promise((resolve) => {
          client.onMessage = (data, from, to, at) => {
            if (kindOf(data, from) !== 'chunk' || seqOf(data, from, to) <= before) return;
            client.onMessage = (other, start) => kindOf(other, start) === 'chunk' && client.state++;
            client.state = 0;
            resolve(at - joinedAt);
          };
        });
        client.send(JOIN);
        return live;
      }),
    );
    return { p50: percentile(times, 50), p99: percentile(times, 99), max: percentile(times, 100) };
  },
  /** How many messages of the answer the viewers have read. */
  audienceCount: () => ({ read: viewers.reduce((sum, { state }) => sum + state, 0), at: now() }),
  async audienceStop() {
    // A run that nobody reads any more waits for its readers, and would be in the way of the next one.
    await new Promise((resolve) => {
      asker.onMessage = (data, from) => kindOf(data, from) === 'cancelled' && resolve();
      asker.send(frame({ type: 'cancel' }));
    });
    for (const client of [asker, ...viewers]) client.close();
  },
};
