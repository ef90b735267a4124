import { expect, it } from 'vitest';
import { share } from '../helpers/schedules.js';
import { Walk } from '../helpers/walk/walk.js';

const STEPS = share(500);

it.each([1, 2, 3, 4])(
  `${STEPS} steps at random (seed %i) send nothing that a strict server refuses, and lose nothing that was said`,
  async (seed) => {
    const walk = await Walk.begin(seed);
    for (let step = 1; step <= STEPS; step++) {
      try {
        await walk.step();
        expect(walk.upstream.refusals).toEqual([]);
        expect(walk.errors).toEqual([]);
      } catch (error) {
        throw new Error(`Step ${step} of seed ${seed} after\n${walk.taken.slice(-8).join('\n')}`, { cause: error });
      }
    }
    expect(await walk.turnToAll()).toBeGreaterThan(STEPS);
    expect(walk.upstream.requests).toBeGreaterThan(STEPS);
  },
  300_000,
);
