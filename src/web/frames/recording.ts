import type { AgentClient } from '../../client/index.js';
import { Signal } from '../ui/signal.js';
import { Frames, isChunk } from './frames.js';
import { LogRows } from './log-rows.js';
import { RunRecords } from './run-records.js';

/** Everything the page reads from its frames. Made once; the log, the statistics and the answers share it. */

const SECONDS = 60;
const EMPTY = { chunks: 0, bytes: 0 };

export class Recording {
  readonly frames = new Frames();
  readonly rows = new LogRows(this.frames);
  readonly latency = new Latency(this.frames);
  readonly throughput = new Throughput(this.frames);
  readonly runs = new RunRecords(this.frames);
}

/** How many chunks and bytes arrived in each of the last 60 seconds. */
class Throughput {
  #seconds = [EMPTY];
  #newest = Math.floor(performance.now() / 1000);

  constructor(frames: Frames) {
    frames.added.on(({ frame }) => {
      if (frame.direction !== 'in') return;
      this.#moveTo(frame.at);
      const { chunks, bytes } = this.#seconds.pop() ?? EMPTY;
      this.#seconds.push({ chunks: chunks + Number(isChunk(frame)), bytes: bytes + frame.bytes });
    });
  }

  /** The whole seconds before `now`, in milliseconds since the page was opened; the newest last. */
  read(now: number): readonly (typeof EMPTY)[] {
    this.#moveTo(now);
    return this.#seconds.slice(0, -1);
  }

  #moveTo(ms: number): void {
    const passed = Math.max(0, Math.floor(ms / 1000) - this.#newest);
    const empty = new Array<typeof EMPTY>(Math.min(passed, SECONDS + 1)).fill(EMPTY);
    this.#seconds = [...this.#seconds, ...empty].slice(-SECONDS - 1);
    this.#newest += passed;
  }
}

/**
 * The round trips of pings, read from the frames: those of `probe` and those a person sends. The connection bar shows
 * `latency.last` and redraws at `latency.changed`.
 */

const MAX_SAMPLES = 60;
const PROBE_MS = 3_000;

export class Latency {
  readonly changed = new Signal();
  /** The newest round trips, in milliseconds. */
  readonly samples: number[] = [];
  /** Whether {@link probe} sends pings. */
  isProbing = true;

  constructor(frames: Frames) {
    /** The pings without an answer. Pongs keep the order of the pings that have no `request_id`. */
    let waiting: { readonly key: string; readonly at: number }[] = [];
    frames.added.on(({ frame: { source, direction, type, at }, message }) => {
      const key = `${source} ${String(message?.['request_id'])}`;
      if (type === 'close') waiting = [];
      if (type === 'ping' && direction === 'out') waiting.push({ key, at });
      const sent = type === 'pong' ? waiting.find((ping) => ping.key === key) : undefined;
      if (sent === undefined) return;
      waiting = waiting.filter((ping) => ping !== sent);
      this.samples.push(at - sent.at);
      if (this.samples.length > MAX_SAMPLES) this.samples.shift();
      this.changed.emit();
    });
  }

  get last(): number | undefined {
    return this.samples.at(-1);
  }

  /** The sample below which a share `p` of all lies. */
  percentile(p: number): number | undefined {
    return this.samples.toSorted((a, b) => a - b)[Math.floor(p * this.samples.length)];
  }
}

/** Pings every 3 s while the page is in sight and the client is connected. Returns the function that ends it. */
export function probe(client: AgentClient, frames: Frames, latency: Latency): () => void {
  const ask = (): void => {
    if (!latency.isProbing || document.hidden || client.state !== 'connected') return;
    frames.probe(() => client.ping()).catch(() => undefined);
  };
  const off = client.on('connected', ask);
  const timer = setInterval(ask, PROBE_MS);
  ask();
  return () => {
    off();
    clearInterval(timer);
  };
}

/** What this page sends and receives. */
export const recording = new Recording();
