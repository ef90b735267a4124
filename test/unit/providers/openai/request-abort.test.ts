import { expect, it, vi } from 'vitest';
import { RequestAbort } from '../../../../src/providers/openai/request-abort.js';

it('tells each listener once, and none that has gone', () => {
  const abort = new RequestAbort();
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
  const before = new RequestAbort();
  const { signal } = before;
  expect(before.signal).toBe(signal);
  expect(signal.aborted).toBe(false);
  before.abort();
  expect(signal.aborted).toBe(true);
  const after = new RequestAbort();
  after.abort();
  expect(after.signal.aborted).toBe(true);
});
