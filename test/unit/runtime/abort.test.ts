import { expect, it, vi } from 'vitest';
import { Abort } from '../../../src/runtime/abort.js';

it('tells each listener once, and none that has gone', () => {
  const abort = new Abort();
  const [stays, gone] = [vi.fn(), vi.fn()];
  abort.addEventListener('abort', stays);
  abort.addEventListener('abort', gone);
  abort.removeEventListener('abort', gone);
  abort.removeEventListener('abort', gone);
  expect(abort.aborted).toBe(false);
  abort.abort();
  abort.abort();
  expect(abort.aborted).toBe(true);
  expect(stays).toHaveBeenCalledTimes(1);
  expect(gone).not.toHaveBeenCalled();
});

it('is the same as its signal, whenever that is asked for', () => {
  const before = new Abort();
  const { signal } = before;
  expect(before.signal).toBe(signal);
  expect(signal.aborted).toBe(false);
  before.abort();
  expect(signal.aborted).toBe(true);
  const after = new Abort();
  after.abort();
  expect(after.signal.aborted).toBe(true);
  expect(after.signal.reason).toBe(after.reason);
  expect(() => after.throwIfAborted()).toThrow(DOMException);
});
