import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../helpers/build.js';
import { PAGES, readPage } from './pages.js';

describe.each(PAGES.map(readPage))('$path', ({ path, links, headings }) => {
  it('links to files and headings that exist', () => {
    const missing = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(ROOT, target))) return true;
      const anchors = target === path ? headings : target.endsWith('.md') ? readPage(target).headings : [];
      return anchor !== undefined && !anchors.some((heading) => heading.anchor === anchor);
    });
    expect(missing).toEqual([]);
  });
});

it('leads from the README to every page of docs/', () => {
  const linked = readPage('README.md').links.map((link) => link.split('#')[0]);
  expect(linked).toEqual(expect.arrayContaining(PAGES.filter((path) => path.startsWith('docs/'))));
});
