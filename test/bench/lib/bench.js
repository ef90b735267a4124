import { Child } from './child.js';

const SERVER_CORE = 0;
const LOAD_CORE = 1;
/** A load side that runs later than this at the 99th percentile, in milliseconds, has measured itself too. */
export const LAG_LIMIT_MS = 10;

/** The processes of one run and the rounds that alternate between the two servers. */
export class Bench {
  upstream = new Child('upstream.js', { core: LOAD_CORE });
  load = new Child('load.js', { core: LOAD_CORE });
  pinger = new Child('load.js', { core: LOAD_CORE });
  /** Every round in which the load side lagged. */
  lagged = [];
  #upstreamUrl = '';

  /**
   * @param {{ quick: boolean, rounds: number, sides: { bare: string, ours: string }, progress: (text: string) => void }} options
   */
  constructor({ quick, rounds, sides, progress }) {
    this.quick = quick;
    this.roundCount = rounds;
    this.sides = sides;
    this.progress = progress;
  }

  async start() {
    const [{ port }] = await Promise.all([this.upstream.ready, this.load.ready, this.pinger.ready]);
    this.#upstreamUrl = `http://127.0.0.1:${port}/v1`;
  }

  async stop() {
    await Promise.all([this.upstream.stop(), this.load.stop(), this.pinger.stop()]);
  }

  /** A fresh server process. */
  async server(script) {
    const child = new Child(script, { core: SERVER_CORE, args: [this.#upstreamUrl] });
    const { port } = await child.ready;
    return { child, port, sample: () => child.call('sample'), collect: () => child.call('collect') };
  }

  /**
   * Measures both servers in turns: bare, ours, bare, ours.
   * @param {string} label for the progress line
   * @param {(server: Awaited<ReturnType<Bench['server']>>) => Promise<Record<string, number>>} measure one round with one server
   * @param {{ rounds?: number, fresh?: boolean, warmUp?: (server: any) => Promise<unknown> }} options
   *   `fresh`: a new server process for every round instead of one for all
   * @returns the rounds of each side
   */
  async rounds(label, measure, { rounds = this.roundCount, fresh = false, warmUp } = {}) {
    const results = { bare: [], ours: [], reliable: [] };
    const servers = {};
    const begin = async (side) => {
      servers[side] = await this.server(this.sides[side]);
      await warmUp?.(servers[side]);
    };
    try {
      if (!fresh) for (const side of ['bare', 'ours']) await begin(side);
      for (let round = 0; round < rounds; round++) {
        let reliable = true;
        for (const side of ['bare', 'ours']) {
          this.progress(`${label}: round ${round + 1} of ${rounds}, ${side}`);
          if (fresh) await begin(side);
          await this.#takeLag();
          results[side].push(await measure(servers[side]));
          const lag = await this.#takeLag();
          if (Math.max(lag.load, lag.pinger, lag.upstream) > LAG_LIMIT_MS) {
            reliable = false;
            this.lagged.push({ label, side, round: round + 1, ...lag });
          }
          Object.assign(results[side].at(-1), { loadLag: Math.max(lag.load, lag.pinger), upstreamLag: lag.upstream });
          if (fresh) await servers[side].child.stop();
        }
        results.reliable.push(reliable);
      }
    } finally {
      await Promise.all(Object.values(servers).map(({ child }) => child.stop()));
    }
    return results;
  }

  /** How late the load side ran since the last time, at the 99th percentile in milliseconds. */
  async #takeLag() {
    const [load, pinger, upstream] = await Promise.all([
      this.load.call('lag'),
      this.pinger.call('lag'),
      this.upstream.call('report'),
    ]);
    return { load: load.p99, pinger: pinger.p99, upstream: Math.max(upstream.lag.p99, upstream.pace.p99) };
  }
}

/** The line of one metric: what each round gave on both sides. `goal` is a ratio unless it says otherwise. */
export function metric(label, unit, results, key, goal = null) {
  return {
    label,
    unit,
    goal,
    bare: results.bare.map((round) => round[key]),
    ours: results.ours.map((round) => round[key]),
    reliable: results.reliable,
  };
}
