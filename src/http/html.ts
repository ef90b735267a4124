/** Text that is HTML already. Everything else that goes into {@link html} is escaped. */
export class Html {
  constructor(readonly text: string) {}
}

type Piece = Html | string | number | readonly Piece[];

/** A template of HTML. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return new Html(strings.map((text, index) => text + show(pieces[index] ?? '')).join(''));
}

function show(piece: Piece): string {
  if (piece instanceof Html) return piece.text;
  if (typeof piece === 'object') return piece.map(show).join('');
  return String(piece).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A sentence of the schemas and tables, where backticks mark code. */
export function prose(sentence: string): Html[] {
  return sentence.split('`').map((text, index) => (index % 2 === 1 ? html`<code>${text}</code>` : html`${text}`));
}

/** English with Chinese beside it. */
export function both(en: string, zh: string): Html {
  return html`${en} <span class="zh" lang="zh">${zh}</span>`;
}
