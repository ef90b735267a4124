import { malformed } from './failures.js';

/** The most of a body that is no stream, in bytes: enough for an answer in one piece. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;
/** How much of any other one is kept for the log. */
const MAX_OPENING_BYTES = 2_048;
const SMALL_PIECE_BYTES = 4_096;

/** A body of which no event has come yet. It may be JSON, an answer or an error, in one piece; or a page. */
export class WholeBody {
  readonly #pieces: Buffer[] = [];
  #size = 0;
  #isJson: boolean | undefined;

  /**
   * Takes the next bytes; `true` where they belong to JSON and are no events.
   * @throws AgentSocketError where there is no end of it
   */
  push(bytes: Buffer): boolean {
    this.#isJson ??= opensJson(bytes);
    const most = this.#isJson === true ? MAX_JSON_BYTES : MAX_OPENING_BYTES;
    if (this.#size + bytes.length > most) {
      if (this.#isJson === true) throw malformed('A response in one piece has no end.');
      bytes = bytes.subarray(0, most - this.#size);
    }
    if (bytes.length > 0) this.#keep(bytes);
    return this.#isJson === true;
  }

  #keep(bytes: Buffer): void {
    const last = this.#pieces.at(-1);
    // Reads of single bytes must not cost an object each.
    if (last !== undefined && last.length + bytes.length <= SMALL_PIECE_BYTES) {
      this.#pieces[this.#pieces.length - 1] = Buffer.concat([last, bytes]);
    } else this.#pieces.push(Buffer.from(bytes));
    this.#size += bytes.length;
  }

  /** How it begins. */
  get text(): string {
    return Buffer.concat(this.#pieces).toString('utf8', 0, MAX_OPENING_BYTES);
  }

  /** The JSON object it holds; `undefined` for none. */
  json(): object | undefined {
    if (this.#isJson !== true) return undefined;
    try {
      const value: unknown = JSON.parse(Buffer.concat(this.#pieces).toString('utf8'));
      return typeof value === 'object' && value !== null ? value : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Events begin with a name, JSON with a bracket; `undefined` while there is only white space. */
function opensJson(bytes: Buffer): boolean | undefined {
  const first = /[^\s\u00ef\u00bb\u00bf]/.exec(bytes.toString('latin1', 0, 256))?.[0];
  return first === undefined ? undefined : first === '{' || first === '[';
}
