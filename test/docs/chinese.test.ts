import { expect, it } from 'vitest';
import { readPage } from './pages.js';

const english = readPage('README.md');
const chinese = readPage('README.zh.md');

it('has the same headings, by their levels', () => {
  const levels = ({ headings }: typeof english): number[] => headings.map(({ level }) => level);
  expect(levels(chinese)).toEqual(levels(english));
});

it('has the same code, apart from comments', () => {
  // What has no language is a picture, whose words are translated.
  const code = ({ blocks }: typeof english): string[] =>
    blocks.map((block) => (block.language === '' ? 'a picture' : withoutComments(block.code)));
  expect(code(chinese)).toEqual(code(english));
});

it('has the same links, and each leads to the other', () => {
  const links = ({ links: all }: typeof english): string[] => all.filter((link) => !link.startsWith('README.')).sort();
  expect(links(chinese)).toEqual(links(english));
  expect(chinese.links[0]).toBe('README.md');
  expect(english.links[0]).toBe('README.zh.md');
});

/** Comments at the ends of lines, in shell and JavaScript. A URL is none. */
function withoutComments(code: string): string {
  return code.replace(/(^|\s)(?:#|\/\/)\s.*$/gm, '').replace(/\s+$/gm, '');
}
