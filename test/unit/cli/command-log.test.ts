import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openCommandLog, type CommandLog } from '../../../src/cli/command-log.js';
import { resolveSettings } from '../../../src/cli/settings.js';

let written: string[] = [];

const { isTTY: isTerminal } = process.stdout;

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  process.stdout.isTTY = isTerminal;
});

function open(environment: Record<string, string>, isTTY = false): CommandLog {
  Object.assign(process.stdout, { isTTY, hasColors: () => false });
  return openCommandLog(resolveSettings({ flags: {}, environment, dotEnv: {} }));
}

it('writes the lines of the start at once, and later ones together and in order', () => {
  const log = open({});
  log.logger.info({}, 'start');
  expect(written).toHaveLength(1);
  log.onStarted();
  for (const message of ['one', 'two']) log.logger.info({}, message);
  expect(written).toHaveLength(1);
  vi.advanceTimersByTime(100);
  expect(written).toEqual([
    expect.stringContaining('"start"'),
    expect.stringMatching(/^\{.*"one"\}\n\{.*"two"\}\n$/) as string,
  ]);
  log.logger.info({}, 'last');
  log.flush();
  expect(written).toHaveLength(3);
});

it('writes a warning at once, after the lines before it', () => {
  const log = open({});
  log.onStarted();
  log.logger.info({}, 'one');
  expect(written).toEqual([]);
  log.logger.warn({}, 'two');
  log.logger.error({}, 'three');
  expect(written).toEqual([
    expect.stringMatching(/^\{.*"one"\}\n\{.*"two"\}\n$/) as string,
    expect.stringMatching(/^\{.*"three"\}\n$/) as string,
  ]);
});

it.each([
  ['a terminal', { LOG_FORMAT: 'json' }, true],
  ['a person', { LOG_FORMAT: 'pretty' }, false],
] as const)('writes each line for %s at once', (_, environment, isTTY) => {
  const log = open(environment, isTTY);
  log.onStarted();
  log.logger.info({}, 'one');
  expect(written).toHaveLength(1);
});
