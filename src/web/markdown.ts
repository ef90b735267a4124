import { el } from './dom.js';

/** A block that grows beyond this is closed where it stands, so that drawing it again stays cheap. */
const MAX_OPEN_BLOCK = 8_192;
const FENCE = /^ {0,3}(```+|~~~+)\s*([\w+#.-]*)[^\n`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*)$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;

/**
 * Shows text that is still arriving. A small part of Markdown: paragraphs, headings, lists, fenced code, inline
 * code, bold and emphasis. Everything becomes text nodes in elements made here; markup in the text stays text.
 *
 * Closed blocks are drawn once. Only the block still open is drawn again, so the cost does not grow with the answer.
 */
export class MarkdownView {
  readonly element = el('div', { class: 'prose' });
  /** Text of the block still open. */
  #open = '';
  /** Nodes that show {@link #open} for now. */
  #provisional: Node[] = [];
  /** The code block being filled, and the fence that will close it. */
  #code: { readonly text: Text; readonly fence: string } | undefined;

  append(text: string): void {
    this.#open += text;
    this.#closeBlocks();
    this.#draw();
  }

  #closeBlocks(): void {
    let start = 0;
    let from = 0;
    for (let end = this.#open.indexOf('\n', from); end !== -1; end = this.#open.indexOf('\n', from)) {
      const line = this.#open.slice(from, end);
      const before = this.#open.slice(start, from);
      from = end + 1;
      if (this.#code !== undefined) {
        if (line.trim().startsWith(this.#code.fence) && line.trim().replaceAll(this.#code.fence.charAt(0), '') === '') {
          this.#code = undefined;
        } else {
          this.#code.text.appendData(`${line}\n`);
        }
        start = from;
        continue;
      }
      const fence = FENCE.exec(line);
      if (fence === null && line.trim() !== '') continue;
      this.#close(before);
      if (fence !== null) this.#openCode(fence[1] ?? '```', fence[2] ?? '');
      start = from;
    }
    this.#open = this.#open.slice(start);
    if (this.#code === undefined && this.#open.length > MAX_OPEN_BLOCK) {
      this.#close(this.#open);
      this.#open = '';
    }
  }

  #openCode(fence: string, language: string): void {
    const text = document.createTextNode('');
    const code = el('code', {}, text);
    const pre = el('pre', { tabindex: '0', 'data-language': language === '' ? undefined : language }, code);
    this.#place([pre]);
    this.#code = { text, fence };
  }

  #close(block: string): void {
    this.#place(block.trim() === '' ? [] : renderBlock(block));
  }

  /** Puts final nodes where the provisional ones were. */
  #place(nodes: readonly Node[]): void {
    this.#clearProvisional();
    this.element.append(...nodes);
  }

  #draw(): void {
    this.#clearProvisional();
    if (this.#code !== undefined) {
      const mayBeFence = /^\s*[`~]*\s*$/.test(this.#open);
      if (mayBeFence || this.#open === '') return;
      const rest = document.createTextNode(this.#open);
      this.#code.text.parentNode?.append(rest);
      this.#provisional = [rest];
      return;
    }
    // A fence not complete yet would flash as a paragraph.
    const shown = this.#open.replace(/(^|\n) {0,3}(`{1,}|~{1,})[\w+#.-]*$/, '');
    if (shown.trim() === '') return;
    this.#provisional = renderBlock(shown, true);
    this.element.append(...this.#provisional);
  }

  #clearProvisional(): void {
    for (const node of this.#provisional) node.parentNode?.removeChild(node);
    this.#provisional = [];
  }
}

/**
 * Draws the lines of one block: they may still be a heading, a paragraph and a list one after the other.
 * `isOpen`: more of it is on the way, so that a mark begun at its end counts as one.
 */
function renderBlock(source: string, isOpen = false): Node[] {
  const nodes: Node[] = [];
  let paragraph: string[] = [];
  let lists: { readonly list: HTMLElement; readonly indent: number }[] = [];
  const endParagraph = (isLast = false): void => {
    if (paragraph.length > 0) nodes.push(el('p', {}, inline(paragraph.join('\n'), isLast)));
    paragraph = [];
  };
  const lines = source.replace(/\n$/, '').split('\n');
  for (const [index, line] of lines.entries()) {
    const isLast = isOpen && index === lines.length - 1;
    const heading = HEADING.exec(line);
    const item = ITEM.exec(line);
    if (heading !== null) {
      endParagraph();
      lists = [];
      nodes.push(el('h4', {}, inline(heading[2] ?? '')));
    } else if (item !== null) {
      endParagraph();
      const indent = (item[1] ?? '').length;
      const marker = item[2] ?? '-';
      while (lists.length > 1 && indent < (lists.at(-1)?.indent ?? 0)) lists.pop();
      const current = lists.at(-1);
      if (current === undefined || indent >= current.indent + 2) {
        const ordered = /\d/.test(marker);
        const list = ordered ? el('ol', { start: Number.parseInt(marker, 10) }) : el('ul');
        const host = current?.list.lastElementChild;
        if (host == null) nodes.push(list);
        else host.append(list);
        lists.push({ list, indent });
      }
      lists.at(-1)?.list.append(el('li', {}, inline(item[3] ?? '', isLast)));
    } else {
      const open = lists.at(-1)?.list.lastElementChild;
      if (open == null) paragraph.push(line);
      else open.append('\n', inline(line.trim()));
    }
  }
  endParagraph(isOpen);
  return nodes;
}

const MARKS = [
  { mark: '**', tag: 'strong' },
  { mark: '*', tag: 'em' },
] as const;

/** Draws code spans, bold and emphasis. Marks without an end stay as they are. */
function inline(text: string, isOpen = false): DocumentFragment {
  const fragment = document.createDocumentFragment();
  // Where a mark was found to have no end, it is not looked for again: the cost stays linear.
  const endless = new Set<string>();
  let plain = 0;
  let at = 0;
  const flush = (end: number): void => {
    if (end > plain) fragment.append(text.slice(plain, end));
  };
  while (at < text.length) {
    const char = text.charAt(at);
    if (char !== '`' && char !== '*') {
      at++;
      continue;
    }
    const mark =
      char === '`' ? (/^`+/.exec(text.slice(at, at + 8))?.[0] ?? '`') : text.startsWith('**', at) ? '**' : '*';
    const begin = at + mark.length;
    const end = endless.has(mark) ? -1 : text.indexOf(mark, begin + 1);
    if (end === -1) endless.add(mark);
    // A single star is as often a product as the beginning of an emphasis.
    const assumed = end === -1 && isOpen && mark !== '*' ? text.length : end;
    const content = text.slice(begin, assumed === -1 ? begin : assumed);
    if (content === '' || (char === '*' && (/^\s|\s$/.test(content) || (mark === '*' && content.includes('*'))))) {
      at = begin;
      continue;
    }
    flush(at);
    const tag = MARKS.find((each) => each.mark === mark)?.tag;
    if (tag === undefined) fragment.append(el('code', {}, content));
    else fragment.append(el(tag, {}, inline(content)));
    at = Math.min(text.length, assumed + mark.length);
    plain = at;
  }
  flush(text.length);
  return fragment;
}
