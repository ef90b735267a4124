import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { CliError } from '../../../src/cli/cli-error.js';
import { createLog, type Log, type LogOptions } from '../../../src/cli/logging.js';
import { prettyLine } from '../../../src/cli/pretty-log.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

function open(options: Partial<LogOptions> = {}): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    format: 'json',
    color: false,
    secrets: [],
    fileKey: '--log-file',
    write: (text) => lines.push(text),
    ...options,
  });
  return { ...log, lines };
}

function first(lines: readonly string[]): Record<string, unknown> {
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

describe('createLog', () => {
  it('writes one json object a line, with level and time in words', () => {
    const { logger, lines } = open();
    logger.info({ runId: 'abc' }, 'Run started');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(first(lines)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      runId: 'abc',
      msg: 'Run started',
    });
  });

  it('lets nobody write a second line, colour a terminal or turn its text round', () => {
    const log = open();
    const userAgent = 'a\n{"level":"error"}\u001b[31m\u009b31m\u202e\u2028\u007f';
    log.logger.info({ userAgent }, 'told');
    expect(log.lines.join('')).toMatch(/^[\x20-\x7e]+\n$/);
    expect(first(log.lines)).toMatchObject({ userAgent });
  });

  it('keeps to its level', () => {
    const { logger, lines } = open({ level: 'warn' });
    logger.info({}, 'quiet');
    logger.warn({}, 'loud');
    expect(lines.map((line) => first([line])['msg'])).toEqual(['loud']);
    const silent = open({ level: 'silent' });
    silent.logger.error({}, 'nothing');
    expect(silent.lines).toEqual([]);
  });

  it('tells of an error only what it is and where it happened', () => {
    const { logger, lines } = open();
    const cause = Object.assign(new Error('inner', { cause: 'deep' }), { code: 'ECONNRESET' });
    const error = Object.assign(new TypeError('outer', { cause }), {
      status: 401,
      headers: { authorization: 'Bearer x' },
      request: { body: 'a private question' },
    });
    logger.error({ err: error }, 'Failed');
    expect(first(lines)['err']).toEqual({
      type: 'TypeError',
      message: 'outer',
      status: 401,
      stack: error.stack,
      cause: { type: 'Error', message: 'inner', code: 'ECONNRESET', cause: { message: 'deep' } },
    });
  });

  it('follows a circle of causes only so far', () => {
    const { logger, lines } = open();
    const error = new Error('round');
    error.cause = error;
    logger.error({ err: error }, 'Failed');
    expect(lines).toHaveLength(1);
  });

  it('blots out secrets wherever they stand, but no short ones', () => {
    const { logger, lines } = open({ secrets: ['sk-1234567890', 'x'] });
    logger.error({ err: new Error('Wrong key sk-1234567890'), note: 'sk-1234567890' }, 'xyz sk-1234567890');
    expect(lines[0]).not.toContain('sk-1234567890');
    expect(first(lines)).toMatchObject({
      msg: 'xyz [secret]',
      note: '[secret]',
      err: { message: 'Wrong key [secret]' },
    });
  });

  it('writes the file as json whatever the format, and makes its directory', () => {
    const file = join(temporaryDirectory(), 'a/b/c.log');
    const log = open({ format: 'pretty', file, secrets: ['sk-1234567890'] });
    log.logger.info({ port: 1 }, 'Listening with sk-1234567890');
    log.flush();
    expect(first([readFileSync(file, 'utf8')])).toMatchObject({ port: 1, msg: 'Listening with [secret]' });
    expect(log.lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}Listening with \[secret\] port=1\n$/);
  });

  it('appends to a file that is there', () => {
    const file = join(temporaryDirectory(), 'x.log');
    writeFileSync(file, 'before\n');
    const log = open({ file });
    log.logger.info({}, 'after');
    log.flush();
    expect(readFileSync(file, 'utf8')).toMatch(/^before\n\{.*"after"\}\n$/);
  });

  it('names the key of a file that cannot be written', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'plain'), '');
    mkdirSync(join(directory, 'folder'));
    expect(() => open({ file: join(directory, 'plain/x.log') })).toThrow(CliError);
    expect(() => open({ file: join(directory, 'plain/x.log') })).toThrow(
      /^--log-file: ".*x\.log" cannot be written: a part of its path is not a directory$/,
    );
    expect(() => open({ file: join(directory, 'folder') })).toThrow(/cannot be written: it is a directory$/);
    // Where nothing can be made Node's own recursion would not come back.
    if (existsSync('/proc'))
      expect(() => open({ file: '/proc/none/deep/x.log' })).toThrow(/^--log-file: ".*" cannot be written/);
  });

  it('makes the directories of its file', () => {
    const file = join(temporaryDirectory(), 'a/b/c.log');
    const log = open({ file });
    log.logger.info({}, 'one');
    log.flush();
    expect(readFileSync(file, 'utf8')).toContain('one');
  });

  it('writes by itself within a moment, in order, and whole at once if there is much', async () => {
    const file = join(temporaryDirectory(), 'x.log');
    const { logger } = open({ file });
    logger.info({}, 'first');
    expect(readFileSync(file, 'utf8')).toBe('');
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('first'));
    for (let index = 0; index < 20; index++) logger.info({ text: 'x'.repeat(8_000) }, `line ${index}`);
    expect(readFileSync(file, 'utf8').split('\n').length).toBeGreaterThan(10);
  });

  it('lets nobody else read what it makes, and leaves a file of a group as it is', () => {
    const directory = temporaryDirectory();
    const mode = (path: string): string => (statSync(join(directory, path)).mode & 0o777).toString(8);
    open({ file: join(directory, 'made/here/x.log') });
    expect(['made', 'made/here', 'made/here/x.log'].map(mode)).toEqual(['700', '700', '600']);
    for (const [name, before] of [
      ['everybody.log', 0o644],
      ['group.log', 0o640],
    ] as const) {
      writeFileSync(join(directory, name), '');
      chmodSync(join(directory, name), before);
      open({ file: join(directory, name) });
    }
    expect(['everybody.log', 'group.log'].map(mode)).toEqual(['600', '640']);
  });

  it.skipIf(!existsSync('/dev/full'))('drops and counts what a full disk does not take, and says so once', () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'x.log');
    symlinkSync('/dev/full', file);
    const log = open({ file });
    for (let index = 0; index < 1_000; index++) log.logger.info({ text: 'x'.repeat(1_000) }, 'lost');
    log.flush();
    const told = () => log.lines.filter((line) => line.includes('The log file'));
    expect(told().map((line) => first([line])['msg'])).toEqual(['The log file cannot be written']);
    rmSync(file);
    log.reopen();
    log.logger.info({}, 'kept');
    log.flush();
    expect(first([told()[1] ?? ''])).toMatchObject({
      msg: 'The log file can be written again; lines were dropped',
      dropped: 1_001,
    });
    log.flush();
    expect(readFileSync(file, 'utf8')).toMatch(/^\{.*"kept"\}\n\{.*"dropped":1001.*\}\n$/);
  });
});

describe('prettyLine', () => {
  const time = '2026-11-22T10:00:00.123Z';
  const line = (fields: Record<string, unknown>): string =>
    JSON.stringify({ level: 'warn', time, msg: 'Told', ...fields });

  it('shows fields after the sentence, quoted where they need it', () => {
    const text = prettyLine(
      line({ id: 'abc', n: 3, agent: 'My Browser', none: null, usage: { input_tokens: 1 } }),
      false,
    );
    expect(text).toMatch(
      /^\d\d:\d\d:\d\d\.123 WARN {2}Told id=abc n=3 agent="My Browser" none=null usage=\{"input_tokens":1\}\n$/,
    );
  });

  it('lets no field speak to the terminal', () => {
    expect(prettyLine(line({ agent: '\u001b[2Jgone\nnext' }), false)).toContain('agent="\\u001b[2Jgone\\nnext"');
    expect(prettyLine(line({ cause: { code: '\u009b2J\u007f' } }), false)).toContain('{"code":"\\u009b2J\\u007f"}');
    expect(prettyLine(line({ agent: 'a\u202ecba\u2028' }), false)).toContain('agent="a\\u202ecba\\u2028"');
  });

  it('lets no error speak to the terminal', () => {
    const evil = '\u001b[2Jgone\u0007\r\u007f\u009b2J\tand\nnext 汉字';
    const harmless = '\\u001b[2Jgone\\u0007\\u000d\\u007f\\u009b2J\tand\n    next 汉字';
    const err = { type: 'Error', stack: `Error: ${evil}`, cause: { type: 'Error', message: evil, code: '\u001b[1m' } };
    expect(prettyLine(line({ err }), false)).toContain(
      `Told\n    Error: ${harmless}\n    Caused by Error: ${harmless} (\\u001b[1m)\n`,
    );
  });

  it('uses colours only where it may', () => {
    expect(prettyLine(line({ id: 1 }), false)).not.toContain('\u001b');
    expect(prettyLine(line({ id: 1 }), true)).toContain('\u001b');
  });

  it('puts the stack of an error and its causes below', () => {
    const err = {
      type: 'Error',
      message: 'm',
      stack: 'Error: m\n    at x',
      cause: { type: 'Error', message: 'c', code: 'ELOOP' },
    };
    expect(prettyLine(line({ err }), false)).toContain(
      'Told\n    Error: m\n        at x\n    Caused by Error: c (ELOOP)\n',
    );
  });
});
