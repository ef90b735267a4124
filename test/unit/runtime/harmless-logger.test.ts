import { expect, it, vi } from 'vitest';
import { consoleLogger } from '../../../src/runtime/console-logger.js';
import { harmlessLogger } from '../../../src/runtime/harmless-logger.js';
import { isOn, silentLogger, type Logger } from '../../../src/runtime/logger.js';
import { createScriptedProvider } from '../../../src/testing/index.js';
import { createEngine, endOf } from '../run/harness.js';

const gone = new Error('the worker has exited');

/** A logger whose transport has ended. */
function broken(fail: () => unknown): Logger {
  const write = vi.fn(fail) as unknown as Logger['error'];
  return { debug: write, info: write, warn: write, error: write };
}

it.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw gone;
    },
  ],
  ['rejects', () => Promise.reject(gone)],
])('passes on nothing of a logger that %s, and the console says so once', async (_how, fail) => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const inner = broken(fail);
  const logger = harmlessLogger(inner);
  logger.warn({}, 'One');
  logger.error({ runId: 'r' }, 'Two');
  expect(inner.error).toHaveBeenCalledTimes(2);
  expect(inner.error).toHaveBeenLastCalledWith({ runId: 'r' }, 'Two');
  await vi.waitFor(() => expect(said).toHaveBeenCalled());
  expect(said).toHaveBeenCalledExactlyOnceWith(
    expect.stringContaining('The logger failed'),
    { err: gone },
    expect.anything(),
  );
  said.mockRestore();
});

it('calls methods on their logger, and asks it for its levels', () => {
  class Own {
    readonly lines: string[] = [];
    debug(): void {}
    info(): void {}
    warn(): void {}
    error(_fields: unknown, message: string): void {
      this.lines.push(message);
    }
    isLevelEnabled(level: string): boolean {
      return level === 'error' && this.lines.length < 1;
    }
  }
  const own = new Own();
  const logger = harmlessLogger(own);
  expect(isOn(logger, 'error')).toBe(true);
  expect(isOn(logger, 'info')).toBe(false);
  logger.error({}, 'Line');
  expect(own.lines).toEqual(['Line']);
  expect(isOn(logger, 'error')).toBe(false);
});

it('leaves a logger as it is that is harmless', () => {
  for (const logger of [silentLogger, consoleLogger, harmlessLogger(broken(() => undefined))]) {
    expect(harmlessLogger(logger)).toBe(logger);
  }
});

it('ends a run whose failure cannot be logged', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const logger = broken(() => {
    throw gone;
  });
  const peer = createEngine({ provider: createScriptedProvider(['a', new Error('cut')]), logger }).connect();
  peer.send({ type: 'streaming_query', query: 'q' });
  await vi.waitFor(() => expect(endOf(peer)).toMatchObject({ type: 'error', code: 'provider_error' }));
  said.mockRestore();
});
