import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../helpers/build.js';

const document = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
const [, attacks = ''] = document.split('## Attacks, defences, tests');
const rows = attacks
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|(---|\s*attack)/.test(line))
  .map((line) => line.slice(2, -2).split(' | '));

it('SECURITY.md says of each attack what defends against it, and which tests show it', () => {
  expect(rows.length).toBeGreaterThan(50);
  for (const [attack, defence, tests, ...more] of rows) {
    expect(attack).toMatch(/\S/);
    expect(defence).toMatch(/\S/);
    expect(tests).toMatch(/^`test\/[^`]+\.test\.ts`(, `test\/[^`]+\.test\.ts`)*$/);
    expect(more).toEqual([]);
    for (const [, file = ''] of (tests ?? '').matchAll(/`([^`]+)`/g))
      expect(existsSync(join(ROOT, file)), file).toBe(true);
  }
});
