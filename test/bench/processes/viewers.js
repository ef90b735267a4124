// Clients that read the runs of others, over the nodes of a cluster. They read at once, so times are not late.
import { randomUUID } from 'node:crypto';
import { answerCalls } from '../lib/answer-calls.js';
import { LoadWatch, sleep } from '../lib/clock.js';
import { percentile } from '../lib/numbers.js';
import { View } from '../lib/view.js';

/** Tokens at the beginning of each answer that no latency is measured of. */
const SKIP = 25;
const watch = new LoadWatch();

/** Of the runs in progress: who asked, and who reads at each port. */
let asking = [];
let reading = new Map();

const failureOf = (views) => views.find(({ failure }) => failure !== null)?.failure ?? null;
const all = () => [asking, ...reading.values()].flat();

answerCalls({
  watch: () => watch.take(),

  /**
   * Asks `runs` questions at a port, spread over the pace of the answers, and reads each run by `each` connections at
   * each of the ports `readAt`. Resolves when all runs are read.
   */
  async start({ askAt, runs, readAt = [], each = 1, plan }) {
    asking = Array.from({ length: runs }, (_, user) => new View(randomUUID(), { ...plan, stream: user }, user));
    reading = new Map(
      readAt.map((port) => [
        port,
        asking.flatMap(({ runId, plan: its, user }) => Array.from({ length: each }, () => new View(runId, its, user))),
      ]),
    );
    await Promise.all(asking.map((view) => view.open(askAt)));
    for (const [port, views] of reading) for (const view of views) await view.open(port);
    await Promise.all(
      asking.map(async (view, index) => {
        await sleep((index / runs) * plan.intervalMs);
        view.ask();
        await view.begun;
      }),
    );
    const readers = [...reading.values()].flat();
    for (const view of readers) view.resume();
    await Promise.all(readers.map(({ begun }) => begun));
    const failure = failureOf(all());
    if (failure !== null) throw new Error(failure);
  },

  /** Resolves when all runs are over and read. */
  async ended() {
    await Promise.all(all().map(({ ended }) => ended));
  },
  /** Of runs that are over. @returns of those who asked, and of the readers at each port, how late text came */
  result({ sends }) {
    const of = (views) => {
      const late = views.flatMap((view) => view.latencies(sends.get(view.plan.stream).times, SKIP));
      return { p50: percentile(late, 50), p99: percentile(late, 99) };
    };
    for (const view of all()) view.close();
    return {
      asking: of(asking),
      reading: new Map([...reading].map(([port, views]) => [port, of(views)])),
      exact: (all().filter((view) => view.exact()).length / all().length) * 100,
    };
  },

  /** From now on, the readers at a port whose connection is lost go on at another one. */
  move({ from, to }) {
    for (const view of reading.get(from)) view.moveTo(to);
  },
  /** Milliseconds from a time to the first live text of each reader of a port; none of a reader that saw no text. */
  async moved({ from, since }) {
    const views = reading.get(from);
    const isLive = ({ resumes, liveAt }) => resumes === 2 && liveAt > 0;
    for (let i = 0; i < 500 && !views.every(isLive); i++) await sleep(20);
    for (const view of all()) view.close();
    const times = views.map((view) => (isLive(view) ? view.liveAt - since : Infinity));
    return {
      p50: percentile(times, 50),
      p95: percentile(times, 95),
      exact: (views.filter((view) => view.exact()).length / views.length) * 100,
    };
  },

  /** Asks on each of `clients` connections `repeat` times, one after the other. @returns when each stream was accepted */
  async askInTurn({ port, clients, repeat, plan }) {
    const views = [];
    await Promise.all(
      Array.from({ length: clients }, async (_, user) => {
        for (let i = 0; i < repeat; i++) {
          const view = new View(randomUUID(), { ...plan, stream: user * repeat + i }, user);
          views.push(view);
          await view.open(port);
          view.ask();
          await view.ended;
          view.close();
        }
      }),
    );
    const failure = failureOf(views);
    if (failure !== null) throw new Error(failure);
    return {
      accepted: new Map(views.map(({ plan: { stream }, acceptedAt }) => [stream, acceptedAt])),
      first: new Map(views.map(({ plan: { stream }, times }) => [stream, times[0]])),
      wrong: views.filter((view) => !view.exact()).length,
    };
  },
});
