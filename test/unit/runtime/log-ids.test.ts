import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { consoleLogger } from '../../../src/runtime/console-logger.js';
import { withLogIds } from '../../../src/runtime/log-ids.js';
import { isOn, silentLogger, type Logger, type LogLevel } from '../../../src/runtime/logger.js';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Fails whoever reads it. */
const untouchable = new Proxy<Record<string, unknown>>(
  {},
  {
    get: () => expect.unreachable(),
    ownKeys: () => expect.unreachable(),
  },
);

function methods() {
  return { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
}

it('reads no fields and calls no logger at a level that is off', () => {
  const inner = { ...methods(), isLevelEnabled: (level: LogLevel) => level === 'error' };
  const logger = withLogIds(inner, 'short');
  for (const level of LEVELS.slice(0, 3)) logger[level](untouchable, 'Off');
  for (const level of LEVELS.slice(0, 3)) expect(inner[level]).not.toHaveBeenCalled();
  logger.error({ runId: '0123456789' }, 'On');
  expect(inner.error).toHaveBeenCalledExactlyOnceWith({ runId: '01234567' }, 'On');
});

it('calls a logger that does not say which levels are on', () => {
  const inner = methods();
  const logger = withLogIds(inner, 'short');
  for (const level of LEVELS) {
    logger[level]({ principalId: 'alice', conversationId: 'travel-plans' }, 'On');
    expect(inner[level]).toHaveBeenCalledExactlyOnceWith({ conversationId: 'travel-p' }, 'On');
    expect(isOn(logger, level)).toBe(true);
  }
});

it('asks pino before each line, since its level can change', () => {
  const inner = pino({ level: 'warn' }, { write: () => undefined });
  const logger = withLogIds(inner, 'short');
  const levelsOn = () => LEVELS.filter((level) => isOn(logger, level));
  expect(levelsOn()).toEqual(['warn', 'error']);
  logger.info(untouchable, 'Off');
  inner.level = 'debug';
  expect(levelsOn()).toEqual(LEVELS);
});

it.each<[string, Logger, LogLevel[]]>([
  ['logger: false', silentLogger, []],
  ['the console', consoleLogger, ['warn', 'error']],
  ['a logger that replaces a method', { ...silentLogger, info: vi.fn() }, ['info']],
])('knows the levels of %s', (_, logger, on) => {
  expect(LEVELS.filter((level) => isOn(withLogIds(logger, 'short'), level))).toEqual(on);
});
