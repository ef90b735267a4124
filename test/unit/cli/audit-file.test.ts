import { readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lineOf, openAudit } from '../../../src/cli/audit-file.js';
import { CliError } from '../../../src/cli/cli-error.js';
import { createLog } from '../../../src/cli/logging.js';
import { resolveSettings } from '../../../src/cli/settings.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const RUN_ID = '3f0c1f0e-5d5b-4b7a-9c55-0d1f6f2b8a11';
const EVENT = { time: 0, event: 'tool', principalId: 'alice', runId: RUN_ID, toolCallId: RUN_ID, code: 'ok' } as const;

function open(environment: Record<string, string>) {
  const log = createLog({
    level: 'info',
    format: 'json',
    color: false,
    secrets: [],
    fileKey: '--log-file',
    write: () => undefined,
  });
  return openAudit(resolveSettings({ flags: {}, environment, dotEnv: {} }), log);
}

it('appends lines to a private file, and opens it anew after a rotation', () => {
  const path = join(temporaryDirectory(), 'made/audit');
  const audit = open({ AUDIT_FILE: path });
  audit?.write(EVENT);
  audit?.log.flush();
  renameSync(path, `${path}.1`);
  audit?.log.reopen();
  audit?.write({ ...EVENT, event: 'connected' });
  audit?.log.flush();
  const line = { time: '1970-01-01T00:00:00.000Z', event: 'tool', principalId: 'alice', runId: '3f0c1f0e', code: 'ok' };
  expect(JSON.parse(readFileSync(`${path}.1`, 'utf8'))).toEqual(line);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ ...line, event: 'connected' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('writes whole ids if the log does', () => {
  const path = join(temporaryDirectory(), 'audit');
  const audit = open({ AUDIT_FILE: path, LOG_IDS: 'full' });
  audit?.write(EVENT);
  audit?.log.flush();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ runId: RUN_ID, toolCallId: RUN_ID });
});

it('is nothing unless a file is named, which must be writable', () => {
  expect(open({})).toBeUndefined();
  expect(() => open({ AUDIT_FILE: '/proc/nowhere/audit' })).toThrow(CliError);
});

it('lets nobody write a second line, colour a terminal, turn its text round or fill the disk with a name', () => {
  const evil = 'a\n{"event":"approved"}\u001b[31m\u009b31m\u202e\u2028\u007f';
  const line = lineOf({ ...EVENT, principalId: evil, tool: 'x'.repeat(10_000) });
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(line).toMatch(/^[\x20-\x7e]+\n$/);
  expect(line.length).toBeLessThan(1_000);
  expect(JSON.parse(line)).toMatchObject({ principalId: evil });
});
