import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../helpers/build.js';

const tests = [join(ROOT, 'test/examples'), join(ROOT, 'test/docs')];

const examples = readdirSync(join(ROOT, 'examples'), { recursive: true, withFileTypes: true }).filter((entry) =>
  entry.isFile(),
);

it.each(examples)('$name is run by a test, and says how to run it', ({ name: example, parentPath }) => {
  const sources = tests.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.test.ts') && file !== 'examples.test.ts')
      .map((file) => readFileSync(join(folder, file), 'utf8')),
  );
  expect(sources.some((source) => source.includes(example))).toBe(true);
  expect(readFileSync(join(parentPath, example), 'utf8').slice(0, 800)).toContain(
    example === 'browser.html' ? 'browser.mjs' : example,
  );
});
