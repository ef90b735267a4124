import { randomUUID } from 'node:crypto';
import type { ClusterEvent } from '../../store/cluster.js';
import { hashOf, type Keys } from './keys.js';
import type { RedisConnection } from './redis-client.js';
import { CONTROL_LENGTH, TELL } from './scripts/control.js';
import type { Signer } from '../../store/signer.js';

/** How long this node can tell again what Redis lost with its last seconds, in milliseconds. */
const KEEP_MS = 10_000;
/** How many entries are read at once. */
const PAGE = 100;
/** The position before all entries. */
const START = '0-0';

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
 *
 * Redis may lose the newest entries, and the clock of the Redis that answers then may be behind theirs, so ids do not tell what
 * is new: a node that does not find the entry at its position goes back to the newest entry that it has read and that
 * is there.
 */
export class ControlLog {
  readonly #options: ControlLogOptions;
  readonly #base: string;
  readonly #key: string;
  /** Id and number of the last entry that was read; `undefined` until the node has joined. */
  #position: string | undefined;
  #number = 0;
  /** Hashes of what was read, by id, oldest first. */
  readonly #known = new Map<string, string>();
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
    this.#known.clear();
    this.#know(entriesOf(reply)[0] ?? { id: START, number: 0, sealed: '' });
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
    const own = [...this.#own];
    if (head !== this.#position || own.length > 0) await this.look();
    const lost = own.filter((entry) => !this.#knows(entry));
    this.#own = this.#own.filter((entry) => !lost.includes(entry));
    for (const { sealed, at } of lost) await this.#append(sealed, at);
    if (lost.length > 0) await this.look();
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

  async #append(sealed: string, at = performance.now()): Promise<void> {
    const id = String(await TELL.run(this.#options.connection, this.#base, [sealed]));
    this.#own.push({ id, at, sealed });
  }

  async #read(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const from = this.#position ?? START;
      const command = ['XRANGE', this.#key, from, '+', 'COUNT', String(PAGE)];
      const entries = entriesOf(await this.#options.connection.send(this.#key, command));
      if (entries.length === PAGE) this.#again = true;
      const [first] = entries;
      if (from !== START && (first === undefined || !this.#knows(first))) {
        await this.#goBack();
        this.#again = true;
        continue;
      }
      for (const entry of from === START ? entries : entries.slice(1)) {
        if (entry.number > this.#number + 1) this.#options.onEvent({ type: 'missed' });
        this.#know(entry);
        this.#take(entry.sealed);
      }
    }
  }

  /** Goes to the newest entry that was read and is there, or before all entries. */
  async #goBack(): Promise<void> {
    let entries: Entry[];
    let before = '+';
    do {
      const command = ['XREVRANGE', this.#key, before, '-', 'COUNT', String(PAGE)];
      entries = entriesOf(await this.#options.connection.send(this.#key, command));
      const last = entries.find((entry) => this.#knows(entry));
      if (last !== undefined) {
        this.#forgetAfter(last);
        return;
      }
      before = `(${entries.at(-1)?.id}`;
    } while (entries.length === PAGE);
    if (this.#known.has(START)) {
      this.#forgetAfter({ id: START, number: 0, sealed: '' });
      return;
    }
    this.#options.onEvent({ type: 'missed' });
    this.#known.clear();
    // Whatever is the first one, it has just been told that something before it was missed.
    this.#know({ id: START, number: Infinity, sealed: '' });
  }

  #knows({ id, sealed }: Pick<Entry, 'id' | 'sealed'>): boolean {
    return this.#known.get(id) === hashOf(sealed);
  }

  #know({ id, number, sealed }: Entry): void {
    this.#position = id;
    this.#number = number;
    this.#known.set(id, hashOf(sealed));
    if (this.#known.size > 2 * CONTROL_LENGTH) this.#known.delete(this.#known.keys().next().value ?? '');
  }

  #forgetAfter(last: Entry): void {
    let isAfter = false;
    for (const id of this.#known.keys()) {
      if (isAfter) this.#known.delete(id);
      else isAfter = id === last.id;
    }
    this.#know(last);
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
