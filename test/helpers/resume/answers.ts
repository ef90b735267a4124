import type { LlmPart } from '../../../src/index.js';
import type { Random } from '../../../src/testing/index.js';
import { Answer } from './stepped-provider.js';

const WORDS = ['token ', 'a', '漢字', '🙂', '"quoted"', '\\', '\n', '\u0000', 'é', ' ', '</script>', '𝔘nicode '];

/** A random answer of text, reasoning and batches. */
export function randomAnswer(random: Random, parts: number): Answer {
  const text = (): string => {
    // Rarely longer than one message can be.
    if (random.chance(0.01)) return random.pick(WORDS).repeat(9_000);
    const words = Array.from({ length: random.int(1, 6) }, () => random.pick(WORDS));
    return `${words.join('')}${random.int(0, 999)}`;
  };
  const part = (): LlmPart => ({ type: random.chance(0.85) ? 'text-delta' : 'reasoning-delta', text: text() });
  return new Answer(
    Array.from({ length: parts }, () => (random.chance(0.2) ? Array.from({ length: random.int(1, 5) }, part) : part())),
  );
}
