import { createHash } from 'node:crypto';

/** Characters of an id that OpenAI takes at most. */
const MAX_LENGTH = 40;

/**
 * The ids of all calls in one request. A model gets back the ids it gave, as long as they are short and new. Those of another
 * model become nine letters and digits, which is all that some servers take, made of the id the call has, so that a chat
 * that is sent again has the same ones.
 */
export class CallIds {
  readonly #taken = new Set<string>();
  /** How many made of an id there are. */
  readonly #made = new Map<string, number>();

  /** The id for the next call. */
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
