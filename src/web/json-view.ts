import { el } from './dom.js';

const MAX_CHILDREN = 200;
const LONG_STRING = 2_000;
/** Bytes in base64, of which the beginning is enough. */
const BYTES = /^"[\w+/]{400,}=*"$/;

/** Shows a JSON value as a tree that opens and closes. Only text nodes, whatever the value holds. */
export function jsonView(value: unknown): HTMLElement {
  return el('div', { class: 'json' }, node(value, undefined, 0));
}

function node(value: unknown, key: string | undefined, depth: number): HTMLElement {
  const name = key === undefined ? null : el('span', { class: 'json-key' }, `${key}: `);
  if (typeof value !== 'object' || value === null) return el('div', { class: 'json-line' }, name, leaf(value));
  const entries = Object.entries(value);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) return el('div', { class: 'json-line' }, name, `${open}${close}`);
  const isArray = Array.isArray(value);
  const details = el(
    'details',
    { class: 'json-branch', open: depth < 2 },
    el('summary', {}, name, open, el('span', { class: 'json-more' }, ` ${entries.length} ${close}`)),
  );
  const children = el('div', { class: 'json-children' });
  for (const [childKey, child] of entries.slice(0, MAX_CHILDREN)) {
    children.append(node(child, isArray ? undefined : childKey, depth + 1));
  }
  if (entries.length > MAX_CHILDREN)
    children.append(el('div', { class: 'json-line' }, `… ${entries.length - MAX_CHILDREN}`));
  details.append(children, el('div', { class: 'json-line json-close' }, close));
  return details;
}

function leaf(value: unknown): HTMLElement {
  const kind = value === null ? 'null' : typeof value;
  // `undefined` has no JSON.
  const text = value === undefined ? '–' : JSON.stringify(value);
  const most = BYTES.test(text) ? 40 : LONG_STRING;
  const shown = text.length > most ? `${text.slice(0, most)}… (${text.length})` : text;
  return el('span', { class: `json-${kind}` }, shown);
}
