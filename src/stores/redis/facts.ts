import type { NodeReading, PassedDecision, RunFacts } from '../../store/cluster.js';
import type { CancelReason } from '../../protocol/server-messages.js';
import { runHash, type Keys, type RunPlace } from './keys.js';
import type { RedisConnection } from './redis-client.js';
import { ADOPT, DECIDE, LOOK, READ, READING, STOP } from './scripts/facts.js';
import type { Signer } from './signer.js';
import { untilAnswered } from './until-answered.js';
import type { Wakes } from './wakes.js';

/** How long an early cancel is remembered, in milliseconds. */
const TOMBSTONE_MS = 60_000;
/** Maximum number of runs in one call of a script. */
const RUNS_PER_CALL = 64;

/** A run by its name. */
export interface RunName {
  readonly owner: string;
  readonly id: string;
}

/** What {@link Facts.look} finds of a run. */
export interface LookedAt extends RunName {
  readonly place: RunPlace;
  /** Empty if no node executes it. */
  readonly host: string;
  readonly facts: RunFacts;
  /** The nodes that follow its log, whether or not anybody there reads it. */
  readonly followers: readonly string[];
}

/** What {@link Facts} are made with. */
export interface FactsOptions {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly signer: Signer;
  readonly wakes: Wakes;
}

/** A decision as it is stored. */
interface StoredDecision extends Omit<PassedDecision, 'by'> {
  readonly toolCallId: string;
}

/** What nodes want of runs, in the records of the runs. */
export class Facts {
  readonly #connection: RedisConnection;
  readonly #keys: Keys;
  readonly #signer: Signer;
  readonly #wakes: Wakes;

  constructor({ connection, keys, signer, wakes }: FactsOptions) {
    this.#connection = connection;
    this.#keys = keys;
    this.#signer = signer;
    this.#wakes = wakes;
  }

  /** Returns the host: `''` if the run has none, `undefined` if no run in progress has the id. */
  async stop(owner: string, id: string, reason: CancelReason): Promise<string | undefined> {
    const { base, run } = this.placeOf(owner, id);
    const stop = this.#signer.seal('fact', stopOf(run), reason);
    const args = [this.#wakes.channels(base), run, stop, String(TOMBSTONE_MS)];
    return asHost(await untilAnswered(() => STOP.run(this.#connection, base, args)));
  }

  /** Returns the host, as {@link stop} does. */
  async decide(
    owner: string,
    id: string,
    toolCallId: string,
    { approved, reason }: PassedDecision,
  ): Promise<string | undefined> {
    const { base, run } = this.placeOf(owner, id);
    const stored: StoredDecision = { toolCallId, approved, ...(reason !== undefined && { reason }) };
    const decision = this.#signer.seal('fact', decisionOf(run), JSON.stringify(stored));
    const args = [this.#wakes.channels(base), run, toolCallId, decision];
    return asHost(await untilAnswered(() => DECIDE.run(this.#connection, base, args)));
  }

  /**
   * Says how a node reads a run. Rejects if Redis does not answer.
   * @param reading - `undefined` if it reads it no more, `null` if the node is dead
   */
  async read({ base, run }: RunPlace, nodeId: string, reading: NodeReading | undefined | null): Promise<void> {
    const flags = reading === null ? '-' : encodeReading(reading);
    await READ.run(this.#connection, base, [this.#wakes.channels(base), run, nodeId, flags]);
  }

  /** Reads the facts of runs in progress; those that are over or unknown are not in the result. */
  async look(places: readonly RunPlace[]): Promise<LookedAt[]> {
    const found = await this.#inCalls(places, async (base, part) => {
      const reply = await LOOK.run(
        this.#connection,
        base,
        part.map(({ run }) => run),
      );
      return (reply as unknown as LookReply[]).map((answer, i) => this.#read(base, part[i]?.run ?? '', answer));
    });
    return found.filter((looked) => looked !== undefined);
  }

  /**
   * Makes a node the host of runs. Returns those whose host it is now.
   * @param from - the host that they must have, `''` for none
   */
  async adopt(places: readonly RunPlace[], from: string, nodeId: string): Promise<RunName[]> {
    const adopted = await this.#inCalls(places, async (base, part) => {
      const reply = await ADOPT.run(this.#connection, base, [nodeId, ...part.flatMap(({ run }) => [run, from])]);
      return reply as unknown as ([string, string] | null)[];
    });
    return adopted.flatMap((name) => (name === null ? [] : [{ owner: name[0], id: name[1] }]));
  }

  /** Why a run is to be stopped, from the field of its record. */
  readStop(run: string, sealed: string): CancelReason | undefined {
    return this.#signer.open('fact', stopOf(run), sealed) as CancelReason | undefined;
  }

  placeOf(owner: string, id: string): RunPlace {
    return { base: this.#keys.baseOf(owner), run: runHash(owner, id) };
  }

  /** Calls with at most so many runs of one partition each, all of them at once. */
  async #inCalls<T>(
    places: readonly RunPlace[],
    call: (base: string, part: readonly RunPlace[]) => Promise<readonly T[]>,
  ): Promise<T[]> {
    const byBase = new Map<string, RunPlace[]>();
    for (const place of places) {
      const part = byBase.get(place.base);
      if (part === undefined) byBase.set(place.base, [place]);
      else part.push(place);
    }
    const calls: Promise<readonly T[]>[] = [];
    for (const [base, all] of byBase) {
      for (let i = 0; i < all.length; i += RUNS_PER_CALL) calls.push(call(base, all.slice(i, i + RUNS_PER_CALL)));
    }
    return (await Promise.all(calls)).flat();
  }

  #read(base: string, run: string, [host, owner, id, stop, nodes, decided]: LookReply): LookedAt | undefined {
    if (host === null || owner === null || id === null) return undefined;
    const decisions: Record<string, PassedDecision> = {};
    for (let i = 1; i < decided.length; i += 2) {
      const text = this.#signer.open('fact', decisionOf(run), decided[i] ?? '');
      if (text === undefined) continue;
      const { toolCallId, approved, reason } = JSON.parse(text) as StoredDecision;
      // No name of a call is a name of an object's own.
      Object.defineProperty(decisions, toolCallId, {
        value: { approved, by: 'principal', ...(reason !== undefined && { reason }) },
        enumerable: true,
      });
    }
    const flags = decodeNodes(nodes ?? '');
    const reason = stop === null ? undefined : this.readStop(run, stop);
    return {
      place: { base, run },
      owner,
      id,
      host,
      facts: {
        ...(reason !== undefined && { stop: reason }),
        ...(Object.keys(decisions).length > 0 && { decisions }),
        readers: Object.fromEntries([...flags].flatMap(([node, text]) => readingOf(node, text))),
      },
      followers: [...flags.keys()],
    };
  }
}

type LookReply = [
  host: string | null,
  owner: string | null,
  id: string | null,
  stop: string | null,
  nodes: string | null,
  decided: string[],
];

const stopOf = (run: string): string => `${run} stop`;
const decisionOf = (run: string): string => `${run} decision`;

function asHost(reply: unknown): string | undefined {
  return typeof reply === 'string' ? reply : undefined;
}

function encodeReading(reading: NodeReading | undefined): string {
  if (reading === undefined) return '';
  return READING.reads + (reading.lags ? READING.lags : '') + (reading.canReturn ? '' : READING.isLast);
}

/** The flags of each node. */
function decodeNodes(text: string): Map<string, string> {
  const nodes = text.split(' ').filter((node) => node !== '');
  return new Map(nodes.map((node) => [node.slice(0, node.indexOf(':')), node.slice(node.indexOf(':') + 1)]));
}

function readingOf(node: string, flags: string): [string, NodeReading][] {
  if (!flags.includes(READING.reads)) return [];
  return [[node, { lags: flags.includes(READING.lags), canReturn: !flags.includes(READING.isLast) }]];
}
