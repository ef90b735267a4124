/**
 * The round trips of pings, read from the frames: those of `probe` and those a person sends. The connection bar shows
 * `latency.last` and redraws at `latency.changed`.
 */
import type { AgentClient } from '../../client/index.js';
import type { Frames } from './frames.js';
import { Signal } from './signal.js';

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
