import { describe, expect, it } from 'vitest';
import { Tombstones } from '../../../src/run/tombstones.js';

describe('Tombstones', () => {
  it('of one owner or address do not take the places of others', () => {
    let now = 0;
    const tombstones = new Tombstones(() => now);
    tombstones.add('other', 'x', '192.0.2.9');
    for (let i = 0; i < 1_000; i++) tombstones.add('greedy', String(i));
    const refused = expect.objectContaining({ code: 'rate_limited', retryAfterMs: 60_000 }) as Error;
    expect(() => tombstones.add('greedy', 'one more')).toThrow(refused);
    for (let i = 0; i < 1_000; i++) tombstones.add('anonymous', String(i), '192.0.2.1');
    expect(() => tombstones.add('anonymous', 'one more', '192.0.2.1')).toThrow(refused);
    tombstones.add('anonymous', 'elsewhere', '192.0.2.2');
    expect([tombstones.take('other', 'x'), tombstones.take('other', 'x')]).toEqual([true, false]);
    now = 60_001;
    tombstones.add('greedy', 'later');
  });
});
