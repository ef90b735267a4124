import { Child, pinned } from './child.js';
import { now } from './clock.js';
import { OtherWork } from './other-work.js';
import { tlsFixture } from './tls-fixture.js';

/** The core of the server. */
export const SERVER_CORE = 0;
/** The core of everything but the server. */
export const LOAD_CORE = 1;
/** A load side that runs later than this at the 99th percentile, in milliseconds, has measured itself too. */
export const LATE_LIMIT_MS = 10;
/** Share of a core that other processes may take from a round, in percent. */
export const OTHER_WORK_LIMIT = 5;
/** How often a measurement is made again because other processes took more than that. */
const REPEATS = 1;

/** The processes of one run and the rounds that alternate between the two servers. */
export class Bench {
  upstream = new Child('upstream.js', { core: LOAD_CORE });
  load = new Child('load.js', { core: LOAD_CORE });
  pinger = new Child('load.js', { core: LOAD_CORE });
  viewers = new Child('viewers.js', { core: LOAD_CORE });
  attackers = new Child('attackers.js', { core: LOAD_CORE });
  /** The Redis of the row that is measured, if it has one. */
  redis = null;
  /** Every measurement in which the load side was late or somebody else worked on our cores. */
  disturbed = [];
  #plainUrl = '';
  #secureUrl = '';

  /**
   * @param {{ agentWs: (settings: object) => { script: string, args: string[] }, quick: boolean, starts: 'steady' | 'together', rounds: number, freshRounds: number, sides: Record<'bare' | 'ours', { script: string, args: string[] }>, progress: (text: string) => void }} options
   *   `freshRounds`: of the measurements that start a process for each; `agentWs`: how this build is started with settings
   */
  constructor({ quick, starts, rounds, freshRounds, sides, agentWs, progress }) {
    this.quick = quick;
    this.starts = starts;
    this.roundCount = rounds;
    this.freshRounds = freshRounds;
    this.sides = sides;
    this.agentWs = agentWs;
    this.progress = progress;
  }

  /** The sides that are builds of this package. */
  get builds() {
    return Object.keys(this.sides).filter((side) => this.sides[side].script === 'agent-ws.js');
  }

  get #loadSide() {
    return [this.upstream, this.load, this.pinger, this.viewers, this.attackers];
  }

  async start() {
    const [{ port, securePort }] = await Promise.all(this.#loadSide.map(({ ready }) => ready));
    this.#plainUrl = `http://127.0.0.1:${port}/v1`;
    this.#secureUrl = `https://127.0.0.1:${securePort}/v1`;
  }

  async stop() {
    await Promise.all(this.#loadSide.map((child) => child.stop()));
  }

  /**
   * Measures both servers in turns: bare, ours, bare, ours.
   * @param {string} label for the progress line
   * @param {(server: Awaited<ReturnType<Bench['server']>>) => Promise<Record<string, number>>} measure one round with one server
   * @param {{ fresh?: boolean, timed?: boolean, secure?: boolean, warmUp?: (server: any) => Promise<unknown> }} options
   *   `sides`: the servers that are measured, if one of them cannot do it; `start`: starts those of a side, instead of one
   *   as the sides of the benchmark say; `fresh`: a new server process for every round instead of one for all; `timed: false`: other work cannot disturb it; `secure`: the upstream speaks https
   * @returns the rounds of each side, and for each whether it was disturbed
   */
  async rounds(label, measure, options = {}) {
    const { fresh = false, timed = true, secure = false, sides = ['bare', 'ours'], start, warmUp } = options;
    const rounds = fresh ? this.freshRounds : this.roundCount;
    const results = { bare: [], ours: [], disturbed: [], ...Object.fromEntries(sides.map((side) => [side, []])) };
    const servers = {};
    const begin = async (side) => {
      servers[side] = await (start?.(side) ?? this.server(this.sides[side], { secure }));
      await warmUp?.(servers[side]);
    };
    try {
      if (!fresh) for (const side of sides) await begin(side);
      for (let round = 0; round < rounds; round++) {
        let disturbed = false;
        for (const side of sides) {
          this.progress(`${label}: round ${round + 1} of ${rounds}, ${side}`);
          const once = async () => {
            if (fresh) await begin(side);
            const seen = await this.#watched(servers[side], measure);
            if (fresh) await servers[side].stop();
            return seen;
          };
          let seen = await once();
          // A load side that is late by itself gets no second try.
          for (let i = 0; timed && i < REPEATS && seen.conditions.otherWork; i++) seen = await once();
          results[side].push({ ...seen.result, ...seen.conditions });
          if (timed && seen.conditions.disturbed) {
            disturbed = true;
            this.disturbed.push({ label, round: round + 1, side, ...seen.conditions });
          }
        }
        results.disturbed.push(disturbed);
      }
    } finally {
      await Promise.all(Object.values(servers).map((server) => server.stop()));
    }
    return results;
  }

  /** A fresh process of a side that is a build of this package, with settings besides its own. */
  build(side, settings) {
    const { script, args } = this.sides[side];
    const [dist, own] = args;
    return this.server({ script, args: [dist, JSON.stringify({ ...JSON.parse(own), ...settings })] });
  }

  /** A fresh server process. */
  async server({ script, args }, { secure = false } = {}) {
    const child = new Child(script, {
      core: SERVER_CORE,
      args: [secure ? this.#secureUrl : this.#plainUrl, ...args],
      env: secure ? { NODE_EXTRA_CA_CERTS: tlsFixture('cert') } : {},
    });
    const { port } = await child.ready;
    const asked = (name) => () => child.call(name);
    return {
      script,
      port,
      stop: () => child.stop(),
      sample: asked('sample'),
      collect: asked('collect'),
      profile: asked('profile'),
      profiled: asked('profiled'),
    };
  }

  /** One measurement, with what tells whether it can be believed. */
  async #watched(server, measure) {
    const watch = () => Promise.all(this.#loadSide.map((child) => child.call('watch')));
    await watch();
    const other = new OtherWork();
    const self = process.cpuUsage();
    const redis = await this.redis?.cpuMs();
    const before = await server.sample();
    const begun = now();
    const result = await measure(server);
    const after = await server.sample();
    const tookMs = now() - begun;
    const seen = await watch();
    // Attackers are late because they are busy.
    const [upstream, load, pinger, viewers] = seen;
    const { user, system } = process.cpuUsage(self);
    const serverMs = (after.cpu - before.cpu) / 1000;
    const redisMs = redis === undefined ? 0 : (await this.redis.cpuMs()) - redis;
    const loadMs = seen.reduce((sum, { cpuMs }) => sum + cpuMs, redisMs + (user + system) / 1000);
    const [onServer, onLoad] = (pinned && other.since([serverMs, loadMs])) || [0, 0];
    const conditions = {
      loadLate: Math.max(load.lateP99, pinger.lateP99, viewers.lateP99),
      upstreamLate: upstream.lateP99,
      loadCoreBusy: (loadMs / tookMs) * 100,
      otherOnServerCore: (onServer / tookMs) * 100,
      otherOnLoadCore: (onLoad / tookMs) * 100,
      loadCpu: load.cpuMs,
      upstreamCpu: upstream.cpuMs,
    };
    conditions.otherWork = Math.max(conditions.otherOnServerCore, conditions.otherOnLoadCore) > OTHER_WORK_LIMIT;
    conditions.disturbed =
      conditions.otherWork || Math.max(conditions.loadLate, conditions.upstreamLate) > LATE_LIMIT_MS;
    return { result, conditions };
  }
}

/**
 * The line of one metric: what each round gave on both sides.
 * @param {'cost' | 'gain' | 'rule' | 'context'} kind a cost should be small and a gain great; a rule holds in every
 *   round; context explains the others
 */
export function metric(label, unit, results, key, goal = null, kind = 'cost') {
  return {
    label,
    unit,
    goal,
    kind,
    bare: results.bare.map((round) => round[key]),
    ours: results.ours.map((round) => round[key]),
    disturbed: results.disturbed,
  };
}

/** The line of what the second side takes more than the first one, in the same round. */
export function difference(label, unit, { bare, ours, disturbed }, key, goal = null) {
  const more = ours.map((round, i) => ({ [key]: round[key] - bare[i][key] }));
  return metric(label, unit, { bare: [], ours: more, disturbed }, key, goal);
}
