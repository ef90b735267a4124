import type { ComponentChildren } from 'preact';
import { known } from './lexer.js';

/** Where a link may lead; everything else stays text. */
const SAFE_ADDRESS = /^(?:https?:\/\/|mailto:)/i;
const LINE_BREAK = /^<br\s*\/?>$/i;
const ENTITY = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00A0' };

/** Text with its emphasis, links and code. HTML is shown as it is written. */
export function inline(tokens: readonly { readonly type: string }[]): ComponentChildren[] {
  return known(tokens).map((token) => {
    switch (token.type) {
      case 'strong':
        return <strong>{inline(token.tokens)}</strong>;
      case 'em':
        return <em>{inline(token.tokens)}</em>;
      case 'del':
        return <del>{inline(token.tokens)}</del>;
      case 'codespan':
        return <code>{token.text}</code>;
      case 'br':
        return <br />;
      case 'link':
        return link(token.href, inline(token.tokens));
      case 'image':
        // An image would tell its server who reads the answer.
        return link(token.href, token.text === '' ? token.href : withEntities(token.text));
      case 'html':
        return LINE_BREAK.test(token.text) ? <br /> : token.text;
      case 'checkbox':
        return <input type="checkbox" checked={token.checked} disabled aria-label={token.checked ? '☑' : '☐'} />;
      case 'text':
        return token.tokens === undefined ? withEntities(token.text) : inline(token.tokens);
      case 'escape':
        return token.text;
      default:
        return token.raw;
    }
  });
}

function link(address: string, text: ComponentChildren): ComponentChildren {
  const href = withEntities(address);
  if (!SAFE_ADDRESS.test(href)) return text;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {text}
    </a>
  );
}

function withEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(ENTITY, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
