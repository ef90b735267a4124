import { describe, expect, it } from 'vitest';
import { FairMap } from '../../../src/runtime/fair-map.js';
import { heldBytes } from '../../../src/runtime/held-bytes.js';
import { createRandom } from '../../../src/testing/index.js';

/** Adds an entry and keeps the bound. Returns the entries that had to go. */
function add(map: FairMap<string>, owner: string, id: string, weight: number, bound: number): string[] {
  const gone: string[] = [];
  map.set(owner, id, `${owner} ${id}`, weight);
  while (map.weight > bound) {
    const entry = map.oldestOfLargest;
    if (entry === undefined) break;
    map.delete(entry.owner, entry.id);
    gone.push(entry.value);
  }
  return gone;
}

describe('FairMap', () => {
  it('lets an owner that floods lose its own oldest entries', () => {
    const map = new FairMap<string>();
    for (const id of ['1', '2', '3']) add(map, 'ann', id, 1, 100);
    const gone = Array.from({ length: 1_000 }, (_, index) => add(map, 'bob', String(index), 1, 100)).flat();
    expect(gone).toEqual(Array.from({ length: 903 }, (_, index) => `bob ${index}`));
    expect(map.weightOf('ann')).toBe(3);
    expect([map.size, map.weight]).toEqual([100, 100]);
  });

  it('shares equally among owners that all want more', () => {
    const map = new FairMap<string>();
    for (let index = 0; index < 300; index++) {
      for (const owner of ['ann', 'bob', 'cy']) add(map, owner, String(index), 1, 90);
    }
    expect(['ann', 'bob', 'cy'].map((owner) => map.weightOf(owner))).toEqual([30, 30, 30]);
  });

  it('counts what an entry that is used again and changes weighs', () => {
    const map = new FairMap<string>();
    map.set('ann', 'a', 'a', 10);
    map.set('ann', 'b', 'b', 10);
    map.set('bob', 'c', 'c', 15);
    map.use('ann', 'a');
    expect([map.oldest?.id, map.oldestOfLargest?.id, map.oldestOf('bob')?.id]).toEqual(['b', 'b', 'c']);
    map.charge('bob', 'c', 10);
    expect([map.weight, map.weightOf('bob'), map.oldestOfLargest?.id]).toEqual([45, 25, 'c']);
    map.set('bob', 'c', 'less', 1);
    expect([map.weight, map.get('bob', 'c'), map.oldestOfLargest?.owner]).toEqual([21, 'less', 'ann']);
    expect([map.delete('bob', 'c'), map.delete('bob', 'c'), map.weightOf('bob')]).toEqual([true, false, 0]);
    map.charge('nobody', 'x', 5);
    map.use('nobody', 'x');
    expect(map.weight).toBe(20);
  });

  it('agrees with a simple model at random', () => {
    const random = createRandom(5);
    const below = (end: number): number => random.int(0, end - 1);
    const map = new FairMap<number>();
    let model: { owner: string; id: string; weight: number }[] = [];
    for (let step = 0; step < 5_000; step++) {
      const [owner, id, weight] = [`o${below(12)}`, `i${below(20)}`, 1 + below(50)];
      const rest = model.filter((entry) => entry.owner !== owner || entry.id !== id);
      if (random.chance(0.3)) {
        expect(map.delete(owner, id)).toBe(rest.length < model.length);
        model = rest;
      } else {
        map.set(owner, id, step, weight);
        model = [...rest, { owner, id, weight }];
      }
      const weights = new Map<string, number>();
      for (const entry of model) weights.set(entry.owner, (weights.get(entry.owner) ?? 0) + entry.weight);
      expect(map.size).toBe(model.length);
      expect(map.weight).toBe(model.reduce((sum, entry) => sum + entry.weight, 0));
      expect(map.oldest?.id).toBe(model[0]?.id);
      const largest = map.oldestOfLargest;
      expect(largest && map.weightOf(largest.owner)).toBe(
        model.length === 0 ? undefined : Math.max(...weights.values()),
      );
      expect(largest?.id).toBe(model.find((entry) => entry.owner === largest?.owner)?.id);
    }
  });
});

describe('heldBytes', () => {
  it.each([
    ['', 0],
    ['plain', 5],
    ['Zürich', 6],
    ['5 €', 6],
    ['漢字', 4],
    ['😀', 4],
  ])('of %j is %d', (text, bytes) => {
    expect(heldBytes(text)).toBe(bytes);
  });
});
