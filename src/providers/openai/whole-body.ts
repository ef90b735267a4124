import { malformed } from './failures.js';

/** Maximum bytes of an answer that comes as one JSON body. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;
/** How many bytes of any other body are kept for the log. */
const MAX_OPENING_BYTES = 2_048;
const SMALL_PIECE_BYTES = 4_096;
const LETTER_D = 100;

/** A body that has had no event so far. It may be JSON in one piece (an answer or an error), or an HTML page. */
export class WholeBody {
  readonly #pieces: Buffer[] = [];
  #size = 0;
  #isJson: boolean | undefined;

  /**
   * Takes the next bytes; returns `true` if they belong to JSON and hold no events.
   * @throws AgentSocketError if the JSON is too long
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
    // Merging small pieces avoids an object per byte if the body arrives byte by byte.
    if (last !== undefined && last.length + bytes.length <= SMALL_PIECE_BYTES) {
      this.#pieces[this.#pieces.length - 1] = Buffer.concat([last, bytes]);
    } else this.#pieces.push(Buffer.from(bytes));
    this.#size += bytes.length;
  }

  /** The beginning of the body. */
  get text(): string {
    return Buffer.concat(this.#pieces).toString('utf8', 0, MAX_OPENING_BYTES);
  }

  /** The JSON object in the body; `undefined` if there is none. */
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

/** Whether the body begins like JSON, with a bracket; `undefined` as long as there is only white space. */
function opensJson(bytes: Buffer): boolean | undefined {
  // Almost every body: `data:` of a stream.
  if (bytes[0] === LETTER_D) return false;
  const first = /[^\s\u00ef\u00bb\u00bf]/.exec(bytes.toString('latin1', 0, 256))?.[0];
  return first === undefined ? undefined : first === '{' || first === '[';
}
