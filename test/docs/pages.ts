import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../helpers/build.js';

/** A fenced block of code. */
export interface CodeBlock {
  /** The line of its first code, from 1. */
  readonly line: number;
  /** What follows the fence: `js`, or nothing for a picture or output. */
  readonly language: string;
  readonly code: string;
}

/** A heading, with the name that links use. */
export interface Heading {
  readonly level: number;
  readonly anchor: string;
}

/** A page of the documentation. */
export interface Page {
  /** From the root of the repository: `docs/client.md`. */
  readonly path: string;
  readonly blocks: readonly CodeBlock[];
  readonly headings: readonly Heading[];
  /** The targets of its links and images, in order. */
  readonly links: readonly string[];
}

/** Every page a reader can come to from the README. */
export const PAGES: readonly string[] = [
  ...readdirSync(ROOT).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

/** Reads a page. Links and headings are looked for outside of code. */
export function readPage(path: string): Page {
  const blocks: CodeBlock[] = [];
  const prose: string[] = [];
  let open: { line: number; language: string; lines: string[] } | undefined;
  for (const [index, line] of readFileSync(join(ROOT, path), 'utf8').split('\n').entries()) {
    const fence = /^```(\w*)$/.exec(line);
    if (open === undefined) {
      if (fence === null) prose.push(line);
      else open = { line: index + 2, language: fence[1] ?? '', lines: [] };
    } else if (line === '```') {
      blocks.push({ line: open.line, language: open.language, code: open.lines.join('\n') });
      open = undefined;
    } else open.lines.push(line);
  }
  if (open !== undefined) throw new Error(`${path}: the block of line ${open.line} does not end`);
  return { path, blocks, headings: headingsOf(prose), links: linksOf(prose.join('\n')) };
}

function headingsOf(lines: readonly string[]): Heading[] {
  return lines.flatMap((line) => {
    const found = /^(#+) (.+)$/.exec(line);
    return found?.[1] === undefined || found[2] === undefined
      ? []
      : [{ level: found[1].length, anchor: anchorOf(found[2]) }];
  });
}

/** As GitHub names a heading: lower case, no punctuation, hyphens for spaces. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

function linksOf(text: string): string[] {
  const words = text.replace(/`[^`\n]*`/g, '');
  return [...words.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
}
