import type { Message } from './frames.js';
import { numberOf } from './message-fields.js';

/** What a message is to a reader: the next one, one it has, or one after a hole. */
export type Verdict = 'next' | 'known' | 'hole';

/** Where the page stands in the log of a run: the last `seq` it has applied. */
export class RunPosition {
  at = 0;

  /**
   * Whether a message is applied, and moves on where it is. `isWhole`: the server shows every message of a run; a
   * client of the documented core sees only some, so that holes are no news to it.
   */
  take(message: Message, isWhole: boolean): Verdict {
    const seq = numberOf(message, 'seq');
    if (seq === undefined) return 'next';
    const first = numberOf(message, 'first_seq') ?? seq;
    if (seq <= this.at) return 'known';
    if (isWhole && first !== this.at + 1) return 'hole';
    this.at = seq;
    return 'next';
  }
}
