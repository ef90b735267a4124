import { h } from 'preact';
import { describe, expect, it, vi } from 'vitest';
import { BlockView } from '../../../src/web/markdown/block.js';
import { MarkdownReader, type Block } from '../../../src/web/markdown/reader.js';
import { drawn } from './drawn.js';

// The button needs a page: its language and its clipboard.
vi.mock('../../../src/web/ui/copy-button.js', () => ({ CopyButton: () => null }));

/** The text as it stands in the page, after each piece if there are several. */
function show(...pieces: string[]): string {
  const reader = new MarkdownReader();
  let text = '';
  for (const piece of pieces) reader.read((text += piece), true);
  reader.read(text, false);
  return drawAll(reader);
}

/** What stands in the page while more of the text will come. */
function showOpen(text: string): string {
  const reader = new MarkdownReader();
  reader.read(text, true);
  return drawAll(reader);
}

function drawAll({ pages }: MarkdownReader): string {
  return pages
    .flat()
    .map((block) => drawn(h(BlockView, { block })))
    .join('');
}

describe('blocks', () => {
  it.each([
    ['a paragraph', 'one\ntwo', '<p>one<br></br>two</p>'],
    ['headings of all levels', '# a\n#### b', '<h3 data-level="1">a</h3><h6 data-level="4">b</h6>'],
    ['a quote', '> a\n> b', '<blockquote><p>a<br></br>b</p></blockquote>'],
    ['a rule', 'a\n\n---\n\nb', '<p>a</p><hr></hr><p>b</p>'],
    ['a list in a list', '- a\n  - b\n- c', '<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>'],
    ['a list that begins later', '3. a\n4. b', '<ol start="3"><li>a</li><li>b</li></ol>'],
    [
      'a block in an item',
      '1. a\n\n   ```\n   x\n   ```\n2. b',
      '<ol start="1"><li><p>a</p><div class="code-block"><div class="code-head"><span></span></div><pre tabIndex="0"><code><span class="part">x</span></code></pre></div></li><li><p>b</p></li></ol>',
    ],
    [
      'a table',
      '| a | b |\n|:-:|--:|\n| `x\\|y` | z<br>w |',
      '<div class="table-box" tabIndex="0"><table><thead><tr><th data-align="center">a</th><th data-align="right">b</th></tr></thead>' +
        '<tbody><tr><td data-align="center"><code>x|y</code></td><td data-align="right">z<br></br>w</td></tr></tbody></table></div>',
    ],
    [
      'tasks',
      '- [x] a\n- [ ] b',
      '<ul><li class="task"><input aria-label="☑" checked disabled type="checkbox"></input>a</li>' +
        '<li class="task"><input aria-label="☐" disabled type="checkbox"></input>b</li></ul>',
    ],
    ['HTML, as text', '<div onclick="x">\n**a**\n</div>', '<p class="html"><div onclick="x">\n**a**\n</div></p>'],
  ])('draw %s', (_what, text, expected) => {
    expect(show(text)).toBe(expected);
  });

  it.each([
    ['quotes', '>', 50],
    ['lists', '- ', 50],
    ['numbered lists in quotes', '> 1. ', 25],
  ])('draw %s inside each other up to a depth, and what is deeper as text', (_what, mark, drawnMarks) => {
    const deep = show(`${mark.repeat(10_000)}end`);
    expect(deep.match(/<(?:blockquote|ul|ol)/g)?.length).toBe(50);
    expect(deep.replaceAll(/<[^>]*>/g, '') === `${mark.repeat(10_000 - drawnMarks)}end`).toBe(true);
  });

  it('colour code of a known language and leave other code as it is', () => {
    expect(show('```js\nconst a = 1;\n```')).toContain(
      '<span>js</span></div><pre tabIndex="0"><code><span class="part"><span class="hljs-keyword">const</span> a = ',
    );
    expect(show('```nonsense\nconst <a>\n```')).toContain('<span>nonsense</span>');
    expect(show('```nonsense\nconst <a>\n```')).toContain('>const <a></span></code>');
  });
});

describe('text', () => {
  it.each([
    ['**a** *b* ~~c~~ `d`', '<strong>a</strong> <em>b</em> <del>c</del> <code>d</code>'],
    ['a &amp; &lt;b&gt; &#x4e2d; &nope;', 'a & <b> 中 &nope;'],
    ['a <b>c</b> \\*d\\*', 'a <b>c</b> *d*'],
    ['a  \nb\\\nc', 'a<br></br>b<br></br>c'],
  ])('%s', (text, expected) => {
    expect(show(text)).toBe(`<p>${expected}</p>`);
  });

  it.each(['https://a.b/c?d=e&amp;f', 'http://a.b', 'mailto:a@b.c'])('links to %s', (address) => {
    const href = address.replace('&amp;', '&');
    expect(show(`[x](${address})`)).toBe(`<p><a href="${href}" rel="noopener noreferrer" target="_blank">x</a></p>`);
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java&#115;cript:alert(1)',
    'data:text/html,x',
    '/x',
    'file:///x',
  ])('shows a link to %s as text', (address) => {
    expect(show(`[x](${address})`)).toBe('<p>x</p>');
    expect(show(`![x](${address})`)).toBe('<p>x</p>');
  });

  it('loads no image: it becomes a link', () => {
    expect(show('![a cat](https://a.b/c.png)')).toBe(
      '<p><a href="https://a.b/c.png" rel="noopener noreferrer" target="_blank">a cat</a></p>',
    );
  });

  it.each([
    ['访问https://example.com，然后', 'https://example.com', '，然后'],
    ['访问https://example.com然后', 'https://example.com', '然后'],
    ['见 https://zh.wikipedia.org/wiki/中文。', 'https://zh.wikipedia.org/wiki/中文', '。'],
    ['(https://a.b/c_(d))', 'https://a.b/c_(d)', ')'],
  ])('finds the address in %s', (text, address, rest) => {
    expect(show(text)).toContain(
      `<a href="${address}" rel="noopener noreferrer" target="_blank">${address}</a>${rest}`,
    );
  });

  it('knows an address that is defined after it was used', () => {
    const text = 'See [the page][1].\n\nMore.\n\n[1]: https://a.b\n';
    expect(show('See [the page][1].\n\nMore', '.\n\n[1]: https://a.b\n')).toBe(show(text));
    expect(show(text)).toContain('<a href="https://a.b"');
  });
});

describe('emphasis beside Chinese, Japanese and Korean', () => {
  it.each([
    [
      '*(3 + 4) * 5 等于多少？*，**（括号）**文字，这是**重点。**后面',
      '<em>(3 + 4) * 5 等于多少？</em>，<strong>（括号）</strong>文字，这是<strong>重点。</strong>后面',
    ],
    ['**“引号”**', '<strong>“引号”</strong>'],
    ['**注意：**', '<strong>注意：</strong>'],
    ['**注意：**后面', '<strong>注意：</strong>后面'],
    ['这是**“引号”**文字', '这是<strong>“引号”</strong>文字'],
    ['**价格：100%**左右', '<strong>价格：100%</strong>左右'],
    ['**中文*斜*中文**', '<strong>中文<em>斜</em>中文</strong>'],
    ['这**是`code`**的', '这<strong>是<code>code</code></strong>的'],
    ['한국어**(강조)**는', '한국어<strong>(강조)</strong>는'],
    ['**テスト。**テスト', '<strong>テスト。</strong>テスト'],
    ['~~删除。~~后面', '<del>删除。</del>后面'],
    ['3~5 天，10~12 天', '3~5 天，10~12 天'],
    ['2 * 3 * 4', '2 * 3 * 4'],
    ['snake_case_name', 'snake_case_name'],
    ['a**"q"**b', 'a**"q"**b'],
    ['**bold**text', '<strong>bold</strong>text'],
    ['**a', '**a'],
  ])('%s', (text, expected) => {
    expect(show(text)).toBe(`<p>${expected}</p>`);
  });
});

describe('a text that arrives', () => {
  const TEXT = [
    '# Title',
    'Some **bold** text, `code` and [a link](https://a.b).',
    '1. one\n2. two\n   - nested\n\n3. three after a space',
    '```ts\nconst a = `x`;\n\n// after\n```',
    '| a | b |\n|---|---|\n| 1 | 2 |',
    '> quoted\n> text',
    'Setext\n------',
    '~~gone~~ 这是**重点。**后面',
  ].join('\n\n');

  it('is drawn in the end as if it had come in one piece', () => {
    for (const size of [1, 2, 3, 7, 50]) {
      const pieces = TEXT.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect(show(...pieces)).toBe(show(TEXT));
    }
  });

  it.each([
    ['so **far', '<p>so <strong>far</strong></p>'],
    ['so `far', '<p>so <code>far</code></p>'],
    ['2 *far', '<p>2 *far</p>'],
    ['a\n``', '<p>a</p>'],
    ['see [the page](https://a.b/c', '<p>see the page</p>'],
  ])('is completed for now: %s', (text, expected) => {
    expect(showOpen(text)).toBe(expected);
  });

  it('is read again from the start when it is another text', () => {
    const reader = new MarkdownReader();
    reader.read('One.\n\nTwo.\n\nThree.', true);
    reader.read('Other.', false);
    expect(drawAll(reader)).toBe('<p>Other.</p>');
  });

  it('is read again when it grows after its end', () => {
    const reader = new MarkdownReader();
    reader.read('says: `12', false);
    reader.read('says: `12 * 7`', false);
    expect(drawAll(reader)).toBe('<p>says: <code>12 * 7</code></p>');
  });

  it('keeps its finished blocks', () => {
    const reader = new MarkdownReader();
    const first = Array.from({ length: 120 }, (_, index) => `Paragraph ${index}.`).join('\n\n');
    reader.read(first, true);
    const before = reader.pages;
    reader.read(`${first} And more.`, true);
    expect(before[0]).toHaveLength(50);
    expect(reader.pages[0]).toBe(before[0]);
    expect(reader.pages[1]).toBe(before[1]);
    expect(reader.pages[2]?.[0]).toBe(before[2]?.[0]);
    expect(reader.pages.flat()).toHaveLength(120);
  });

  it('is read in steps when it is long', () => {
    const reader = new MarkdownReader();
    const text = 'A paragraph.\n\n'.repeat(2_000);
    const states: boolean[] = [];
    do states.push(reader.read(text, false, () => false));
    while (states.at(-1) === false);
    expect(states.length).toBeGreaterThan(5);
    expect(drawAll(reader)).toBe(show(text));
  });

  const rows = (row: (index: number) => string) => Array.from({ length: 2_000 }, (_, index) => row(index)).join('');

  it.each([
    ['list', rows((index) => `${index + 1}. item **${index}**\n`), /<li>item/g, 2_000],
    ['table', `| a | b |\n|---|---|\n${rows((index) => `| ${index} | x |\n`)}`, /<td>x<\/td>/g, 2_000],
    ['quote', rows((index) => `> line ${index}\n`), /line \d+/g, 2_000],
    ['paragraph', rows((index) => `Sentence ${index}. `), /Sentence \d+\./g, 2_000],
    ['code block', `\`\`\`js\n${rows((index) => `call(${index});\n`)}\`\`\`\n`, /call/g, 2_000],
    ['text without a space', '字'.repeat(20_000), /字/g, 20_000],
  ])('is divided when it is one long %s, and nothing of it is lost', (_what, text, pattern, count) => {
    const reader = new MarkdownReader();
    let longest = 0;
    for (let end = 0; end < text.length; end += 500) {
      reader.read(text.slice(0, end), true);
      const open: Block | undefined = reader.pages.flat().at(-1);
      longest = Math.max(longest, open?.parts.at(-1)?.raw.length ?? 0);
    }
    // However long the text is, this much of it is read again with each piece.
    expect(longest).toBeLessThan(10_000);
    reader.read(text, false);
    expect(reader.pages.flat()).toHaveLength(1);
    expect(drawAll(reader).match(pattern)).toHaveLength(count);
  });

  it('counts a divided list on', () => {
    const text = rows((index) => `${index + 3}. item\n`);
    const starts = [...show(text).matchAll(/<ol start="(\d+)">((?:<li>item<\/li>)+)/g)];
    expect(starts.length).toBeGreaterThan(1);
    let next = 3;
    for (const [, start, items = ''] of starts) {
      expect(Number(start)).toBe(next);
      next += items.match(/<li>/g)?.length ?? 0;
    }
  });
});
