import type { NodeReading, PassedDecision, RunFacts } from '../../store/cluster.js';
import type { RunMeta } from '../../store/run-store.js';
import type { CancelReason } from '../../protocol/server-messages.js';
import { runHash, type Keys, type RunPlace } from './keys.js';
import { toRecord, type RunRecord } from './record.js';
import type { RedisCalls } from './redis-calls.js';
import type { Reply } from './redis-client.js';
import { ADOPT, DEAD, DECIDE, LOOK, READ, READING, STOP } from './scripts/facts.js';
import type { Signer } from '../../store/signer.js';
import { openStop, sealStop } from './signed-stop.js';

/** How long an early cancel is remembered, in milliseconds. */
const TOMBSTONE_MS = 60_000;
/** Maximum number of runs in one call of a script. */
const RUNS_PER_CALL = 64;
/** The same, if the answer holds all of each run but its log. */
const RECORDS_PER_CALL = 16;

/** What {@link Facts.look} finds of a run. */
export interface LookedAt {
  readonly place: RunPlace;
  readonly meta: RunMeta;
  /** Empty if no node executes it. */
  readonly host: string;
  readonly facts: RunFacts;
  /** How often something was wanted of it. */
  readonly count: number;
  /** The nodes that read it or follow its log. */
  readonly nodes: readonly string[];
}

/** A run that this node has become the host of. */
export interface Adopted {
  readonly record: RunRecord;
  /** What was kept of its text, as it is stored. */
  readonly drafts: string;
}

/** What {@link Facts} are made with. */
export interface FactsOptions {
  readonly calls: RedisCalls;
  readonly keys: Keys;
  readonly signer: Signer;
}

/** A decision as it is stored. */
interface StoredDecision extends Omit<PassedDecision, 'by'> {
  readonly toolCallId: string;
}

/** What nodes want of runs, in the records of the runs. */
export class Facts {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;
  readonly #signer: Signer;

  constructor({ calls, keys, signer }: FactsOptions) {
    this.#calls = calls;
    this.#keys = keys;
    this.#signer = signer;
  }

  /**
   * Returns the host: `''` if the run has none, `undefined` if no run in progress has the id, or it is not stopped.
   * @param ifUnread - stops only a run that waits for a worker and that nobody reads
   */
  async stop({ base, run }: RunPlace, reason: CancelReason, ifUnread = false): Promise<string | undefined> {
    const stop = sealStop(reason, run, this.#signer);
    const args = [run, stop, ifUnread ? '' : String(TOMBSTONE_MS)];
    return asHost(await this.#calls.write(STOP, base, args));
  }

  /** Returns the host, as {@link stop} does. */
  async decide(
    { base, run }: RunPlace,
    toolCallId: string,
    { approved, reason }: PassedDecision,
  ): Promise<string | undefined> {
    const stored: StoredDecision = { toolCallId, approved, ...(reason !== undefined && { reason }) };
    const decision = this.#signer.seal('fact', decisionOf(run), JSON.stringify(stored));
    const args = [run, toolCallId, decision];
    return asHost(await this.#calls.write(DECIDE, base, args));
  }

  /** Says how a node reads a run; `undefined` if it reads it no more. Rejects if Redis does not answer. */
  async read({ base, run }: RunPlace, nodeId: string, reading: NodeReading | undefined): Promise<void> {
    await this.#calls.once(READ, base, [run, nodeId, encodeReading(reading)]);
  }

  /** Removes a dead node from what is known of a run. */
  async dropReader({ base, run }: RunPlace, nodeId: string): Promise<void> {
    await this.#calls.once(READ, base, [run, nodeId, DEAD]);
  }

  /** Reads the facts of runs in progress; those that are over or unknown are not in the result. */
  async look(places: readonly RunPlace[]): Promise<LookedAt[]> {
    const found = await this.#inCalls(places, RUNS_PER_CALL, async (base, part) => {
      const reply = await this.#calls.read(
        LOOK,
        base,
        part.map(({ run }) => run),
      );
      return (reply as unknown as LookReply[]).map((answer, i) => this.#read(base, part[i]?.run ?? '', answer));
    });
    return found.filter((looked) => looked !== undefined);
  }

  /**
   * Makes a node the host of runs. Returns those whose host it is now, or was before. Goes on until the answer is known:
   * a node that does not know of its runs would keep them for ever.
   * @param from - the host that they must have, `''` for none
   */
  async adopt(places: readonly RunPlace[], from: string, nodeId: string): Promise<Adopted[]> {
    const adopted = await this.#inCalls(places, RECORDS_PER_CALL, async (base, part) => {
      const reply = await this.#calls.write(ADOPT, base, [nodeId, ...part.flatMap(({ run }) => [run, from])]);
      return (reply as readonly ([Reply, string | null] | null)[]).map((answer, i): Adopted | undefined => {
        const record = toRecord(answer?.[0] ?? null, part[i]?.run ?? '', this.#signer);
        return record && { record, drafts: answer?.[1] ?? '' };
      });
    });
    return adopted.filter((run) => run !== undefined);
  }

  placeOf(owner: string, id: string): RunPlace {
    return { base: this.#keys.baseOf(owner), run: runHash(owner, id) };
  }

  /** Calls with at most so many runs of one partition each, all of them at once. */
  async #inCalls<T>(
    places: readonly RunPlace[],
    most: number,
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
      for (let i = 0; i < all.length; i += most) calls.push(call(base, all.slice(i, i + most)));
    }
    return (await Promise.all(calls)).flat();
  }

  #read(base: string, run: string, [host, meta, stop, nodes, count, decided]: LookReply): LookedAt | undefined {
    if (host === null || meta === null) return undefined;
    const decisions = decided.flatMap((sealed): [string, PassedDecision][] => {
      const text = this.#signer.open('fact', decisionOf(run), sealed);
      if (text === undefined) return [];
      const { toolCallId, approved, reason } = JSON.parse(text) as StoredDecision;
      return [[toolCallId, { approved, by: 'principal', ...(reason !== undefined && { reason }) }]];
    });
    const reason = stop === null ? undefined : openStop(stop, run, this.#signer);
    const parts = (nodes ?? '').split(' ').filter((part) => part !== '');
    return {
      place: { base, run },
      meta: JSON.parse(meta) as RunMeta,
      host,
      count: Number(count ?? 0),
      facts: {
        ...(reason !== undefined && { stop: reason }),
        ...(decisions.length > 0 && { decisions: Object.fromEntries(decisions) }),
        readers: Object.fromEntries(parts.flatMap(readingOf)),
      },
      nodes: parts.map((part) => part.slice(0, part.indexOf(':'))),
    };
  }
}

type LookReply = [
  host: string | null,
  meta: string | null,
  stop: string | null,
  nodes: string | null,
  count: string | null,
  decided: string[],
];

const decisionOf = (run: string): string => `${run} decision`;

function asHost(reply: unknown): string | undefined {
  return typeof reply === 'string' ? reply : undefined;
}

function encodeReading(reading: NodeReading | undefined): string {
  if (reading === undefined) return '';
  return READING.reads + (reading.lags ? READING.lags : '') + (reading.canReturn ? '' : READING.isLast);
}

/** The reading that a part of the field `nodes` tells, if anybody reads there. */
function readingOf(part: string): [string, NodeReading][] {
  const [node = '', flags = ''] = part.split(':');
  if (!flags.includes(READING.reads)) return [];
  return [[node, { lags: flags.includes(READING.lags), canReturn: !flags.includes(READING.isLast) }]];
}
