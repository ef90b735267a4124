import { createHash } from 'node:crypto';

/** Maximum length of an id that OpenAI accepts. */
const MAX_LENGTH = 40;

/**
 * The ids of all calls in one request. A model gets back its own ids if they are short and unique. Ids of another model
 * are replaced by nine letters and digits, which is all that some servers accept. The replacement is derived from the
 * original id, so that a chat that is sent again has the same ids.
 */
export class CallIds {
  readonly #taken = new Set<string>();
  /** How many ids were derived from an id so far. */
  readonly #made = new Map<string, number>();

  /** Returns the id of the next call. */
  next(given: string, isForeign: boolean): string {
    let id = isForeign || given === '' || given.length > MAX_LENGTH ? this.#make(given) : given;
    while (this.#taken.has(id)) id = this.#make(given);
    this.#taken.add(id);
    return id;
  }

  #make(given: string): string {
    const made = this.#made.get(given) ?? 0;
    this.#made.set(given, made + 1);
    const hash = createHash('sha256').update(`${made} ${given}`).digest('base64url');
    return hash.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 9);
  }
}
