import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../src/client/options.js';
import type { NumberRule } from '../../src/runtime/rule.js';
import { ROOT } from '../helpers/build.js';
import { docsOf, TABLES, tables, written } from './option-docs.js';

const PAGE = join(ROOT, 'docs/options.md');

describe('docs/options.md', () => {
  // `vitest run test/docs/options.test.ts -u` writes the tables anew.
  it('has the tables of the code', async () => {
    const page = readFileSync(PAGE, 'utf8');
    const places = [...page.matchAll(/<!-- table: (\w+) -->/g)].map(([, name]) => name);
    const made = tables();
    expect(places).toEqual([...made.keys()]);
    const filled = page.replace(
      /<!-- table: (\w+) -->\n[^]*?<!-- end -->/g,
      (_, name: string) => `<!-- table: ${name} -->\n\n${made.get(name) ?? ''}\n\n<!-- end -->`,
    );
    await expect(filled).toMatchFileSnapshot(PAGE);
  });
});

const cases = Object.entries(TABLES).flatMap(([name, { table, interfaces }]) => {
  const docs = interfaces.map(docsOf);
  return Object.entries(table).map(([option, row]) => [name, option, row, docs] as const);
});

describe('TSDoc', () => {
  it.each(cases)('of %s says of %s what its table says', (_name, option, row, docs) => {
    const doc = docs.map((members) => members.get(option)).find((found) => found !== undefined);
    expect(doc?.text.startsWith(row.text)).toBe(true);
    expect(doc?.isOptional).toBe(row.required !== true);
    expect(doc?.default).toBe(written(row));
    const { unit } = row.rule as NumberRule;
    if (unit !== undefined) expect(doc?.text).toMatch(unit === 'ms' ? /[Ii]n milliseconds/ : /[Ii]n bytes/);
  });

  it('says what the client does by default', () => {
    const settings: Readonly<Record<string, unknown>> = { ...checkOptions({ url: 'ws://127.0.0.1' }) };
    const told = [...docsOf('client/options.ts AgentClientOptions')].filter(([, { default: value }]) =>
      /^[\d[{'I]/.test(value ?? ''),
    );
    expect(told.length).toBeGreaterThan(6);
    for (const [name, { default: value = '' }] of told) {
      const actual = settings[name];
      const shown =
        typeof actual === 'number'
          ? String(actual)
          : JSON.stringify(actual)
              .replace(/"(\w+)":/g, '$1:')
              .replaceAll('"', "'");
      expect(value.replaceAll(' ', ''), name).toBe(shown);
    }
  });
});
