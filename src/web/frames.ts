import { utf8Bytes } from './format.js';
import { Signal } from './signal.js';

/** `local` is what the page itself has to say: a connection opened or ended. */
export type Direction = 'in' | 'out' | 'local';

/** One line of the log. */
export interface Frame {
  readonly id: number;
  readonly direction: Direction;
  readonly type: string;
  /** The text exactly as it travelled. */
  readonly text: string;
  readonly bytes: number;
  /** `performance.now()` at the moment it was seen. */
  readonly at: number;
  /** Unix milliseconds at the same moment. */
  readonly time: number;
  readonly runId: string | undefined;
  /** A ping the page sent to measure latency, or its answer. */
  readonly probe: boolean;
}

/** What a frame says, as far as the page looks into it. */
export type Message = Readonly<Record<string, unknown>>;

const MAX_FRAMES = 5_000;
const MAX_CHARACTERS = 12_000_000;
/** Dropping in lots keeps the cost of a long session flat. */
const LOT = 500;

/** The frames of this session, the newest {@link MAX_FRAMES} of them. */
export class Frames {
  readonly added = new Signal<Frame>();
  /** The oldest frames went, or all did. */
  readonly dropped = new Signal();
  readonly begin = performance.now();
  #frames: Frame[] = [];
  #characters = 0;
  #nextId = 1;
  #droppedCount = 0;

  get all(): readonly Frame[] {
    return this.#frames;
  }

  /** How many went for lack of room. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  add(direction: Direction, text: string, message: Message | undefined, probe: boolean): Frame {
    const runId = message?.['run_id'];
    const frame: Frame = {
      id: this.#nextId++,
      direction,
      type: typeof message?.['type'] === 'string' ? message['type'] : '?',
      text,
      bytes: utf8Bytes(text),
      at: performance.now(),
      time: Date.now(),
      runId: typeof runId === 'string' ? runId : undefined,
      probe,
    };
    this.#frames.push(frame);
    this.#characters += text.length;
    this.added.emit(frame);
    if (this.#frames.length > MAX_FRAMES + LOT || this.#characters > MAX_CHARACTERS) this.#dropOldest();
    return frame;
  }

  clear(): void {
    this.#frames = [];
    this.#characters = 0;
    this.#droppedCount = 0;
    this.dropped.emit();
  }

  #dropOldest(): void {
    let gone = Math.max(0, this.#frames.length - MAX_FRAMES);
    let characters = this.#characters;
    for (const [index, frame] of this.#frames.entries()) {
      if (index >= gone && (characters <= MAX_CHARACTERS || index === this.#frames.length - 1)) break;
      characters -= frame.text.length;
      gone = Math.max(gone, index + 1);
    }
    this.#characters = characters;
    this.#droppedCount += gone;
    this.#frames = this.#frames.slice(gone);
    this.dropped.emit();
  }
}

/** Reads a frame as far as it is a JSON object. */
export function parseMessage(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}
