import { expect, it } from 'vitest';
import { IS_LONG, seeds } from '../helpers/schedules.js';
import { Walk } from '../helpers/walk/walk.js';

/** A walk looks at all that was said after each step: the time grows with the square of the steps. */
const STEPS = IS_LONG ? 400 : 40;

it.each(seeds(1, 20))(
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
    expect(await walk.turnToAll()).toBeGreaterThan(STEPS / 2);
    expect(walk.upstream.requests).toBeGreaterThan(STEPS / 2);
  },
  300_000,
);
