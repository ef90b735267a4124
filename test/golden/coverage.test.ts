import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clientMessages, ERROR_CODES, serverMessages } from '../../src/protocol/index.js';

const sources = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.test.ts') && file !== 'coverage.test.ts')
  .map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'))
  .join('\n');

it.each([...Object.keys(clientMessages), ...Object.keys(serverMessages)])('holds a frame of %s', (type) => {
  expect(sources).toContain(`{"type":"${type}"`);
});

/** Held by tests that bring about what leads to them. */
const ELSEWHERE = ['store_unavailable', 'outcome_unknown', 'invalid_params', 'rate_limited', 'unauthorized'];

it.each(Object.keys(ERROR_CODES).filter((code) => !ELSEWHERE.includes(code)))('holds a frame with %s', (code) => {
  expect(sources).toMatch(new RegExp(`"code":"${code}"|'${code}'`));
});
