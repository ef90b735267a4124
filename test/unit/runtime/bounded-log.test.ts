import { describe, expect, it, vi } from 'vitest';
import { BoundedLog } from '../../../src/runtime/bounded-log.js';
import { silentLogger } from '../../../src/runtime/logger.js';

function logAt(): { log: BoundedLog; warn: ReturnType<typeof vi.fn>; pass: (ms: number) => void } {
  let now = 0;
  const warn = vi.fn();
  const log = new BoundedLog({ ...silentLogger, warn }, () => now);
  return { log, warn, pass: (ms) => (now += ms) };
}

describe('BoundedLog', () => {
  it('writes ten lines of a kind a minute, and then says how many it left out', () => {
    const { log, warn, pass } = logAt();
    for (let i = 0; i < 25; i++) log.write('warn', 'a', { i }, 'Refused');
    expect(warn.mock.calls.map(([fields]) => (fields as { i: number }).i)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    pass(59_999);
    log.write('warn', 'a', {}, 'Refused');
    expect(warn).toHaveBeenCalledTimes(10);
    pass(1);
    log.write('warn', 'a', { i: 'next' }, 'Refused');
    expect(warn).toHaveBeenLastCalledWith({ i: 'next', leftOut: 16 }, 'Refused');
    log.write('warn', 'a', {}, 'Refused');
    expect(warn).toHaveBeenLastCalledWith({}, 'Refused');
  });

  it('counts each kind for itself', () => {
    const { log, warn } = logAt();
    for (let i = 0; i < 25; i++) log.write('warn', 'a', {}, 'a');
    log.write('warn', 'b', {}, 'b');
    expect(warn).toHaveBeenLastCalledWith({}, 'b');
  });
});
