import type { RedisArgument } from './redis-client.js';
import { Part, type Lane, type Write } from './write.js';

/** Most writes and bytes in one call, which keeps Redis busy for about a millisecond. */
const MOST_WRITES = 256;
const MOST_BYTES = 262_144;

/** One call of the script `write`, with what gathered in several lanes. */
export class WriteCall {
  readonly lanes: Lane[] = [];
  readonly parts: Part[] = [];
  /** Writes without content: somebody waits for those before them in their lane. */
  readonly markers: { readonly lane: Lane; readonly write: Write }[] = [];
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
    const { waiting } = lane;
    let count = 0;
    while (count < waiting.length && count < most && (count === 0 || this.bytes < MOST_BYTES)) {
      this.bytes += waiting[count++]?.bytes ?? 0;
    }
    lane.isSent = true;
    this.lanes.push(lane);
    this.#taken.push(waiting);
    lane.waiting = count === waiting.length ? [] : waiting.splice(count);
    return count;
  }

  #encode(lane: Lane, index: number, writes: readonly Write[]): void {
    const begin = this.parts.length;
    const sent = writes.every(isSent) ? writes : writes.filter((write) => isSent(write) || this.#leaveOut(lane, write));
    let own: Part | undefined;
    for (const write of sent) {
      if (write.run === undefined) own = this.#addTo(own, lane, write);
      else write.run.part = this.#addTo(write.run.part, lane, write);
    }
    for (let from = 0; from < sent.length;) {
      const run = sent[from]?.run;
      let to = from + 1;
      while (to < sent.length && sent[to]?.run === run) to++;
      const part = run === undefined ? own : run.part;
      if (part !== undefined) this.#encodeRun(part, index, sent, from, to);
      from = to;
    }
    for (let i = begin; i < this.parts.length; i++) {
      const run = this.parts[i]?.run;
      if (run !== undefined) run.part = undefined;
    }
  }

  /** Encodes writes that follow one another of one run. */
  #encodeRun(
    { lane, run, number, first }: Part,
    index: number,
    sent: readonly Write[],
    from: number,
    to: number,
  ): void {
    const { args } = this;
    const place = args.push('') - 1;
    const leading = this.#encodeEntries(sent, from, to);
    for (let i = from + leading; i < to;) {
      const { seq, args: operation } = sent[i] as Write;
      if (seq === undefined) {
        args.push(...operation);
        i++;
      } else {
        const counted = args.push('e', '') - 1;
        const count = this.#encodeEntries(sent, i, to);
        args[counted] = `${count}`;
        i += count;
      }
    }
    const ours = run === undefined ? index : number;
    const size = args.length - place - 1;
    // An empty text for what is undefined. In one piece: a text that is added up leaves each of its pieces behind.
    args[place] = [ours, run?.lastNumber ?? 0, first, leading, size, run?.key, lane.base].join(' ');
  }

  /** Encodes the entries from a place on, up to another or what is none. Returns how many. */
  #encodeEntries(sent: readonly Write[], from: number, to: number): number {
    let at = from;
    for (; at < to; at++) {
      const entry = sent[at]?.text;
      if (entry === undefined) break;
      this.args.push(entry);
    }
    this.entries += at - from;
    return at - from;
  }

  /** Takes a write that is not sent. Returns false. */
  #leaveOut(lane: Lane, write: Write): false {
    if (write.run === undefined) this.markers.push({ lane, write });
    else write.onFailed?.(new Error('Another node executes the run'));
    return false;
  }

  /** Adds a write to the part of its run, which is made for the first one. */
  #addTo(known: Part | undefined, lane: Lane, write: Write): Part {
    const { run } = write;
    const part = known ?? new Part(lane, run, write);
    if (known === undefined) this.parts.push(part);
    else part.writes.push(write);
    if (run === undefined) return part;
    if (write.seq !== undefined || write.args.length === 0) part.first ??= write.seq ?? run.log.published + 1;
    else write.number = part.number ??= ++run.number;
    return part;
  }
}

function isSent({ run, args }: Write): boolean {
  return run === undefined ? args.length > 0 : !run.isOver;
}
