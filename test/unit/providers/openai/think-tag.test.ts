import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ThinkTag } from '../../../../src/providers/openai/think-tag.js';
import { cases } from '../../../helpers/schedules.js';

interface Said {
  reasoning: string;
  text: string;
}

/** What a text means that arrives in these pieces. */
function read(pieces: readonly string[]): Said & { isFound: boolean } {
  const said: Said = { reasoning: '', text: '' };
  const tag = new ThinkTag((kind, text) => {
    expect(text).not.toBe('');
    said[kind === 'text-delta' ? 'text' : 'reasoning'] += text;
  });
  for (const piece of pieces) {
    if (tag.isOver) said.text += piece;
    else tag.take(piece);
  }
  if (!tag.isOver) tag.finish();
  return { ...said, isFound: tag.isFound };
}

const EXAMPLES: readonly (readonly [text: string, said: Said])[] = [
  ['<think>\nOne.\n</think>\n\nTwo.', { reasoning: 'One.\n', text: 'Two.' }],
  ['\n<think>One.</think>Two.', { reasoning: 'One.', text: 'Two.' }],
  ['<think>\n\n</think>\n\nTwo.', { reasoning: '', text: 'Two.' }],
  ['<think></think>', { reasoning: '', text: '' }],
  ['<think>a < b </ c </thin d', { reasoning: 'a < b </ c </thin d', text: '' }],
  ['<think>a <think>b</think>c</think>d', { reasoning: 'a <think>b', text: 'c</think>d' }],
  ['<think>cut off </thi', { reasoning: 'cut off </thi', text: '' }],
  ['Say <think>not this</think>.', { reasoning: '', text: 'Say <think>not this</think>.' }],
  ['<thinking>aloud</thinking>', { reasoning: '', text: '<thinking>aloud</thinking>' }],
  ['  <thi', { reasoning: '', text: '  <thi' }],
  ['\n\n  indented', { reasoning: '', text: '\n\n  indented' }],
  [`${' '.repeat(100)}<think>x</think>`, { reasoning: '', text: `${' '.repeat(100)}<think>x</think>` }],
];

describe('reasoning between tags at the beginning of a text', () => {
  it.each(EXAMPLES)('%j', (text, said) => {
    expect(read([text])).toMatchObject(said);
    expect(read(text.split(''))).toMatchObject(said);
  });

  it('is the same in whatever pieces it arrives', () => {
    const bits = fc.constantFrom('<think>', '</think>', '<', '/', 'think', '>', '\n', ' ', 'word', '思');
    const texts = fc.array(bits, { maxLength: 12 }).map((all) => all.join(''));
    fc.assert(
      fc.property(texts, fc.array(fc.nat(20), { maxLength: 12 }), (text, cuts) => {
        const places = [0, ...cuts.map((place) => Math.min(place, text.length)), text.length].toSorted((a, b) => a - b);
        const pieces = places.slice(1).map((end, i) => text.slice(places[i], end));
        expect(read(pieces)).toEqual(read([text]));
      }),
      cases(500),
    );
  });
});
