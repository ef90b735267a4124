import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../helpers/build.js';

const document = readFileSync(join(ROOT, 'GUARANTEES.md'), 'utf8');

/** The rows of all tables, without their heads. */
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|(---|\s*guarantee)/.test(line))
  .map((line) => line.slice(2, -2).split(' | '));

const named = [...new Set([...document.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file ?? ''))];

describe('GUARANTEES.md', () => {
  it('says of each guarantee under which setting it holds and which tests show it', () => {
    expect(rows.length).toBeGreaterThan(30);
    for (const [guarantee, setting, tests, ...more] of rows) {
      expect(guarantee).toMatch(/^\S.*\.$/);
      expect(setting).toMatch(/\S/);
      expect(tests).toMatch(/^`test\/[^`]+\.test\.ts`(, `test\/[^`]+\.test\.ts`)*$/);
      expect(more).toEqual([]);
    }
  });

  it.each(named)('names a test that exists: %s', (file) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
  });

  it.each(['README.md', 'PROTOCOL.md'])('is named in %s', (page) => {
    expect(readFileSync(join(ROOT, page), 'utf8')).toContain('GUARANTEES.md');
  });

  it('is part of the package', () => {
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly files: string[] };
    expect(files).toContain('GUARANTEES.md');
  });
});
