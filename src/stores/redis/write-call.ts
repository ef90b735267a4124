import type { RedisArgument } from './redis-client.js';
import type { Write, WritingRun } from './write.js';

/** Most writes and bytes in one call, which keeps Redis busy for about a millisecond. */
const MOST_WRITES = 256;
const MOST_BYTES = 262_144;

/** The writes of one owner, in order: no two calls have writes of one owner at the same time. */
export interface Lane {
  readonly owner: string;
  readonly base: string;
  waiting: Write[];
  /** Whether a call has writes of the lane. */
  isSent: boolean;
  /** Whether the lane must be sent alone, to find out which lane has a wrong write. */
  isSuspect: boolean;
}

/** What a call writes of one run, or of an owner without a run. */
export interface Part {
  readonly lane: Lane;
  readonly run: WritingRun | undefined;
  readonly writes: Write[];
  /** The seq of the first entry, or of the one that would be next if it is asked for. */
  first: number | undefined;
  /** The number of this write, if there is anything but entries. */
  number: number | undefined;
}

/** One call of the script `write`, with what gathered in several lanes. */
export class WriteCall {
  readonly lanes: Lane[] = [];
  readonly parts: Part[] = [];
  /** Writes without content: somebody waits for those before them. */
  readonly markers: Write[] = [];
  readonly args: RedisArgument[];
  bytes = 0;
  /** Number of entries of logs. */
  entries = 0;
  readonly #taken: (readonly Write[])[] = [];

  /** @param ready - lanes with something to send: those that are taken are removed */
  constructor(node: string, ready: Lane[]) {
    this.args = [node];
    let count = 0;
    while (count < MOST_WRITES && this.bytes < MOST_BYTES) {
      const lane = ready[0];
      if (lane === undefined || (lane.isSuspect && this.lanes.length > 0)) break;
      ready.shift();
      count += this.#take(lane, MOST_WRITES - count);
      if (lane.isSuspect) break;
    }
    for (const [index, lane] of this.lanes.entries()) this.#encode(lane, index, this.#taken[index] ?? []);
  }

  /** Whether there is nothing to send. */
  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  /** What all keys of the first lane begin with. */
  get base(): string {
    return this.lanes[0]?.base ?? '';
  }

  writesOf(lane: Lane): Write[] {
    return [...(this.#taken[this.lanes.indexOf(lane)] ?? [])];
  }

  #take(lane: Lane, most: number): number {
    let count = 0;
    while (count < lane.waiting.length && count < most && (count === 0 || this.bytes < MOST_BYTES)) {
      this.bytes += lane.waiting[count++]?.bytes ?? 0;
    }
    lane.isSent = true;
    this.lanes.push(lane);
    this.#taken.push(lane.waiting);
    lane.waiting = lane.waiting.splice(count);
    return count;
  }

  #encode(lane: Lane, index: number, writes: readonly Write[]): void {
    const parts = new Map<WritingRun | undefined, Part>();
    const sent = writes.filter((write) => this.#isSent(write));
    for (const write of sent) this.#addTo(parts, lane, write);
    let from = 0;
    for (const [i, { run }] of sent.entries()) {
      if (run === sent[i + 1]?.run && i + 1 < sent.length) continue;
      const part = parts.get(run);
      if (part !== undefined) this.#encodeRun(part, index, sent.slice(from, i + 1));
      from = i + 1;
    }
  }

  /** Encodes what follows one another of one run. */
  #encodeRun({ lane, run, number, first }: Part, index: number, writes: readonly Write[]): void {
    const { args } = this;
    const numbers = args.push('r', lane.base, run?.key ?? '', '') - 1;
    const leading = this.#encodeEntries(writes, 0);
    for (let i = leading; i < writes.length;) {
      const { seq, args: operation } = writes[i] as Write;
      if (seq === undefined) {
        args.push(...operation);
        i++;
      } else {
        const counted = args.push('e', '') - 1;
        const count = this.#encodeEntries(writes, i);
        args[counted] = `${count}`;
        i += count;
      }
    }
    const ours = `${text(run === undefined ? index : number)} ${run?.lastNumber ?? 0} ${text(first)}`;
    args[numbers] = `${ours} ${leading} ${args.length - numbers - 1}`;
  }

  /** Encodes the entries from a place on, up to what is none. Returns how many. */
  #encodeEntries(writes: readonly Write[], from: number): number {
    let count = 0;
    for (let write = writes[from]; write?.seq !== undefined; write = writes[from + count]) {
      this.args.push(write.args[0] ?? '');
      count++;
    }
    this.entries += count;
    return count;
  }

  #isSent(write: Write): boolean {
    const { run, args } = write;
    if (run === undefined && args.length === 0) this.markers.push(write);
    else if (run?.isOver === true) write.onFailed?.(new Error('Another node executes the run'));
    else return true;
    return false;
  }

  #addTo(parts: Map<WritingRun | undefined, Part>, lane: Lane, write: Write): void {
    const { run } = write;
    let part = parts.get(run);
    if (part === undefined) {
      part = { lane, run, writes: [], first: undefined, number: undefined };
      parts.set(run, part);
      this.parts.push(part);
    }
    part.writes.push(write);
    if (run === undefined) return;
    if (write.seq !== undefined || write.args.length === 0) part.first ??= write.seq ?? run.log.published + 1;
    else write.number = part.number ??= ++run.number;
  }
}

function text(number: number | undefined): string {
  return number === undefined ? '' : `${number}`;
}
