import { describe, expect, it } from 'vitest';
import { Observer } from '../../../../src/stores/redis/observer.js';

const BEAT = 2_000;
const LEASE = 8_000;

/** An observer, its clock, and a loop that beats. */
function setUp() {
  const observer = new Observer({ beatMs: BEAT, leaseMs: LEASE });
  let now = 100_000;
  return {
    observer,
    /** Beats once, `after` milliseconds after the last beat, and waits `took` for the answer. */
    beat: (beats: Record<string, number>, { after = BEAT, took = 5 } = {}): string[] => {
      now += after;
      return observer.see({ beats: new Map(Object.entries(beats)), sentAt: now, answeredAt: now + took });
    },
  };
}

describe('an observer of nodes', () => {
  it('holds a node for dead that did not beat for a lease, and not before', () => {
    const { beat } = setUp();
    expect(beat({ a: 7 })).toEqual([]);
    expect(beat({ a: 8 })).toEqual([]);
    for (let at = BEAT; at < LEASE; at += BEAT) expect(beat({ a: 8 })).toEqual([]);
    expect(beat({ a: 8 })).toEqual(['a']);
    // Until somebody has removed it.
    expect(beat({ a: 8 })).toEqual(['a']);
    expect(beat({})).toEqual([]);
  });

  it('gives a node a whole lease that it sees for the first time', () => {
    const { beat } = setUp();
    beat({});
    beat({});
    expect(beat({ old: 3 })).toEqual([]);
    for (let at = BEAT; at < LEASE; at += BEAT) expect(beat({ old: 3 })).toEqual([]);
    expect(beat({ old: 3 })).toEqual(['old']);
  });

  it('takes a counter that went back for a sign of life', () => {
    const { beat } = setUp();
    beat({ a: 9 });
    for (let at = BEAT; at < LEASE; at += BEAT) expect(beat({ a: 9 })).toEqual([]);
    expect(beat({ a: 1 })).toEqual([]);
  });

  it('tells nodes apart', () => {
    const { beat } = setUp();
    beat({ a: 1, b: 1 });
    for (let n = 2; n < 5; n++) expect(beat({ a: 1, b: n })).toEqual([]);
    expect(beat({ a: 1, b: 5 })).toEqual(['a']);
  });

  it('holds nobody for dead after a beat that failed', () => {
    const { observer, beat } = setUp();
    beat({ a: 1 });
    for (let at = BEAT; at < LEASE; at += BEAT) expect(beat({ a: 1 })).toEqual([]);
    observer.miss();
    expect(beat({ a: 1 })).toEqual([]);
    for (let at = BEAT; at < LEASE; at += BEAT) expect(beat({ a: 1 })).toEqual([]);
    expect(beat({ a: 1 })).toEqual(['a']);
  });

  it('holds nobody for dead after an outage of any length', () => {
    const { observer, beat } = setUp();
    beat({ a: 1 });
    for (let n = 0; n < 30; n++) observer.miss();
    expect(beat({ a: 1 }, { after: 60_000 })).toEqual([]);
    expect(beat({ a: 2 })).toEqual([]);
  });

  it('holds nobody for dead if its own loop stood still', () => {
    const { beat } = setUp();
    beat({ a: 1 });
    for (let at = BEAT; at < LEASE; at += BEAT) beat({ a: 1 });
    expect(beat({ a: 1 }, { after: 10_000 })).toEqual([]);
    expect(beat({ a: 1 })).toEqual([]);
  });

  it('holds nobody for dead by an answer that came late', () => {
    const { beat } = setUp();
    beat({ a: 1 });
    for (let at = BEAT; at < LEASE; at += BEAT) beat({ a: 1 });
    // What the answer says may be as old as the request.
    expect(beat({ a: 1 }, { took: BEAT + 1 })).toEqual([]);
    expect(beat({ a: 1 })).toEqual([]);
  });

  it('looks no earlier if it beats more often', () => {
    const { beat } = setUp();
    beat({ a: 1 });
    for (let at = 500; at < LEASE; at += 500) expect(beat({ a: 1 }, { after: 500 })).toEqual([]);
    expect(beat({ a: 1 }, { after: 500 })).toEqual(['a']);
  });
});
