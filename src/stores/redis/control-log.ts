import { randomUUID } from 'node:crypto';
import type { ClusterEvent } from '../../store/cluster.js';
import type { Keys } from './keys.js';
import type { RedisConnection } from './redis-client.js';
import { CONTROL_LENGTH, TELL } from './scripts/control.js';
import type { Signer } from '../../store/signer.js';

/** How long this node can tell again what Redis lost with its last seconds, in milliseconds. */
const KEEP_MS = 10_000;
/** How many entries are read at once. */
const PAGE = 100;

/** What {@link ControlLog} is made with. */
export interface ControlLogOptions {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly signer: Signer;
  /** Something was told. */
  onEvent(event: ClusterEvent): void;
}

/** An entry as nodes write it. */
interface Told {
  /** A UUID, by which nodes know it again. */
  readonly id: string;
  readonly event: ClusterEvent;
}

/**
 * What every node is told, in a log of the whole cluster: each node reads it from its own position, when it is woken and
 * with each beat. A node that was away for longer than the log reaches back is told that it missed something.
 */
export class ControlLog {
  readonly #options: ControlLogOptions;
  readonly #base: string;
  readonly #key: string;
  /** Id and number of the last entry that was read; `undefined` until the node has joined. */
  #position: string | undefined;
  #number = 0;
  /** Ids of what was read, so that entries that come twice count once. */
  readonly #seen = new Set<string>();
  /** Revocations that could not be told yet, by principal: they must not be forgotten. */
  readonly #untold = new Map<string, string>();
  /** What this node told lately. */
  #own: { id: string; at: number; sealed: string }[] = [];
  #reading: Promise<void> | undefined;
  #again = false;

  constructor(options: ControlLogOptions) {
    this.#options = options;
    this.#base = options.keys.shared('');
    this.#key = options.keys.shared('control');
  }

  /** Begins at the end: what was told before concerns nobody who is connected here. */
  async join(): Promise<void> {
    const reply = await this.#options.connection.send(this.#key, ['XREVRANGE', this.#key, '+', '-', 'COUNT', '1']);
    const last = entriesOf(reply)[0];
    this.#position = last?.id ?? '0-0';
    this.#number = last?.number ?? 0;
  }

  /** Adds an entry. Rejects if it cannot be stored; a revocation is added with the next beat that is answered then. */
  async tell(event: ClusterEvent): Promise<void> {
    const told: Told = { id: randomUUID(), event };
    const sealed = this.#options.signer.seal('control', '', JSON.stringify(told));
    if (event.type !== 'revoke') return this.#append(sealed);
    this.#untold.set(event.principalId, sealed);
    await this.#tellUntold(event.principalId, sealed);
  }

  /** Takes what a beat says about the end of the log. */
  async seeHead(head: string): Promise<void> {
    if (this.#position === undefined) {
      // It could not be read as the node joined.
      await this.join();
      this.#options.onEvent({ type: 'missed' });
      return;
    }
    for (const [principalId, sealed] of [...this.#untold]) await this.#tellUntold(principalId, sealed);
    const now = performance.now();
    this.#own = this.#own.filter(({ at }) => now - at < KEEP_MS);
    const lost = this.#own.filter(({ id }) => isAfter(id, head));
    this.#own = this.#own.filter(({ id }) => !isAfter(id, head));
    for (const { sealed } of lost) await this.#append(sealed);
    if (lost.length > 0 || isAfter(head, this.#position)) await this.look();
  }

  /** Reads everything that is new. */
  async look(): Promise<void> {
    if (this.#position === undefined) return;
    this.#again = true;
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  async #tellUntold(principalId: string, sealed: string): Promise<void> {
    await this.#append(sealed);
    if (this.#untold.get(principalId) === sealed) this.#untold.delete(principalId);
  }

  async #append(sealed: string): Promise<void> {
    const id = String(await TELL.run(this.#options.connection, this.#base, [sealed]));
    this.#own.push({ id, at: performance.now(), sealed });
  }

  async #read(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const from = `(${this.#position ?? '0-0'}`;
      const command = ['XRANGE', this.#key, from, '+', 'COUNT', String(PAGE)];
      const entries = entriesOf(await this.#options.connection.send(this.#key, command));
      for (const { id, number, sealed } of entries) {
        if (number > this.#number + 1) this.#options.onEvent({ type: 'missed' });
        this.#position = id;
        this.#number = number;
        this.#take(sealed);
      }
      if (entries.length === PAGE) this.#again = true;
    }
  }

  #take(sealed: string): void {
    const text = this.#options.signer.open('control', '', sealed);
    const told = text === undefined ? undefined : parse(text);
    if (told === undefined || this.#seen.has(told.id)) return;
    this.#seen.add(told.id);
    if (this.#seen.size > 2 * CONTROL_LENGTH) {
      const [oldest] = this.#seen;
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    this.#options.onEvent(told.event);
  }
}

interface Entry {
  readonly id: string;
  readonly number: number;
  readonly sealed: string;
}

/** Entries of the form `[id, ['n', number, 'e', sealed]]`. */
function entriesOf(reply: unknown): Entry[] {
  return (reply as [string, string[]][]).map(([id, fields]) => ({
    id,
    number: Number(fields[1]),
    sealed: fields[3] ?? '',
  }));
}

function parse(text: string): Told | undefined {
  try {
    const told = JSON.parse(text) as Partial<Told> | null;
    const type: unknown = told?.event?.type;
    const isKnown = type === 'revoke' || type === 'broadcast';
    return typeof told?.id === 'string' && isKnown ? (told as Told) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether one id of a stream is greater than another. */
function isAfter(a: string, b: string): boolean {
  const [aMs = 0, aSeq = 0] = a.split('-').map(Number);
  const [bMs = 0, bSeq = 0] = b.split('-').map(Number);
  return aMs > bMs || (aMs === bMs && aSeq > bSeq);
}
