import { expect, it } from 'vitest';
import { PAGES, readPage } from '../docs/pages.js';
import { compile } from './compile-docs.js';

// One program for both tests: most of its time goes into the types of libraries.
const wrong = { line: 7, language: 'js', code: "import { client } from 'agent-ws/client';\nserver.lissten(1);" };
const pages = PAGES.map(readPage);
const errors = await compile([...pages, { path: 'wrong.md', blocks: [wrong], headings: [], links: [] }]);

it('compiles the code of every page of the documentation', () => {
  const blocks = pages.flatMap((page) => page.blocks);
  expect(blocks.filter(({ language }) => ['js', 'ts', 'jsx'].includes(language)).length).toBeGreaterThan(25);
  expect(errors.filter((error) => !error.startsWith('wrong.md:'))).toEqual([]);
});

it('would find what is wrong', () => {
  expect(errors.filter((error) => error.startsWith('wrong.md:'))).toEqual([
    expect.stringContaining('wrong.md:7: '),
    expect.stringContaining("wrong.md:8: Property 'lissten' does not exist"),
  ]);
});
